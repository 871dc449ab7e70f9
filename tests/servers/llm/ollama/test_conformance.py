"""The engine `ollama` conforms to the port, in this process and over a connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from satellite.conformance import CHECKS, Check, LlmSample, fresh
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from servers.llm.ollama.engine import Ollama
from servers.serve.server import serving
from tests.support.ollama_fake import fake_ollama, words

ANSWER = words(*(f"word{number} " for number in range(10)), thinking=["hm"])
SAMPLE = LlmSample(text="Tell me a story.", other="And another one.", patience=10.0)


@asynccontextmanager
async def here(*, local_first: bool = False) -> AsyncGenerator[Any, None]:
    async with fake_ollama(ANSWER) as fake:
        options = Ollama.Options(model="m", host=fake.host, local_first=local_first)
        async with fresh(lambda: Ollama(options))() as engine:
            yield engine


@asynccontextmanager
async def there() -> AsyncGenerator[Any, None]:
    async with here() as engine:
        await engine.load()
        async with (
            serving("llm", engine, "tcp://127.0.0.1:0") as uri,
            fresh(lambda: remote(uri, "llm", pairing=Pairing()))() as far,
        ):
            yield far


@asynccontextmanager
async def local_first() -> AsyncGenerator[Any, None]:
    async with here(local_first=True) as engine:
        yield engine


@pytest.mark.parametrize("place", [here, there, local_first])
@pytest.mark.parametrize("check", CHECKS["llm"], ids=[check.name for check in CHECKS["llm"]])
async def test_ollama_conforms(check: Check, place: Any) -> None:
    await check.run(place, SAMPLE)
