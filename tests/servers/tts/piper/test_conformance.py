"""Piper conforms to the contract of text-to-speech engines, both locally and served."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satellite.components import spec
from satellite.conformance import CHECKS, Check, Make, TtsSample, fresh
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from servers.serve.server import serving

SAMPLE = TtsSample(text="One two three.", longer="The lamp in the living room is on, I believe.")


def here(voice: Path) -> Make:
    return fresh(lambda: spec.create("tts", f"piper:{voice}?cache=0"))


def there(voice: Path) -> Make:
    @asynccontextmanager
    async def make() -> AsyncGenerator[Any, None]:
        async with here(voice)() as engine:
            await engine.load()
            async with (
                serving("tts", engine, "tcp://127.0.0.1:0") as uri,
                fresh(lambda: remote(uri, "tts", pairing=Pairing()))() as far,
            ):
                yield far

    return make


@pytest.mark.parametrize("place", [here, there], ids=["here", "wire"])
@pytest.mark.parametrize("check", CHECKS["tts"], ids=lambda check: check.name)
async def test_piper_conforms(voice: Path, check: Check, place: Any) -> None:
    await check.run(place(voice), SAMPLE)
