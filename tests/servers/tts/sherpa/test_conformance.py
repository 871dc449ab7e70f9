"""sherpa-onnx conforms to the contract of text-to-speech engines, both locally and served."""

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
from tests.support.sherpa_voices import make_voice

SAMPLE = TtsSample(text="One two three.", longer="The lamp in the living room is on, I believe.")


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sherpa_onnx")
    return make_voice(tmp_path_factory.mktemp("sherpa") / "voice")


def here(voice: Path) -> Make:
    return fresh(lambda: spec.create("tts", f"sherpa-onnx:{voice}"))


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
async def test_sherpa_onnx_conforms(voice: Path, check: Check, place: Any) -> None:
    await check.run(place(voice), SAMPLE)
