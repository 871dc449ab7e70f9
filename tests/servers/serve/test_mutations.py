"""Corrupted streams of the stored corpus: other clients are answered after each of them."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import AsyncExitStack

import pytest

from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from servers.serve import serving
from tests.soak.mutate import CORPUS, frames, joined, mutated, streams
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts, ScriptedWake

ENGINES = {"asr": ScriptedAsr, "llm": ScriptedLlm, "tts": ScriptedTts, "wake": ScriptedWake}
COUNT = 60


@pytest.mark.parametrize("role", ENGINES)
async def test_corrupted_streams_harm_no_other_client(
    role: str, caplog: pytest.LogCaptureFixture
) -> None:
    chosen, corpus = random.Random(role), streams(role)
    async with AsyncExitStack() as stack:
        uri = await stack.enter_async_context(serving(role, ENGINES[role](), "tcp://127.0.0.1:0"))
        port = int(uri.rpartition(":")[2])
        for _ in range(COUNT):
            await _send(port, mutated(chosen, corpus))
        assert (await describe(uri, pairing=Pairing())).type == "info"
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == []


async def _send(port: int, stream: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(stream)
        writer.write_eof()
        async with asyncio.timeout(0.02):
            await reader.read()
    except (OSError, TimeoutError):
        pass  # it hung up, as it may
    finally:
        writer.transport.abort()


def test_the_corpus_holds_events_and_is_small() -> None:
    files = [file for file in CORPUS.iterdir() if "failure" not in file.name]
    assert len(files) > 15
    for file in files:
        assert file.stat().st_size < 8192
        events = frames(file.read_bytes())
        assert events
        assert frames(joined(events)) == events
