"""Compatibility with the client and the server of the `wyoming` library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.info import AsrProgram, Attribution, Describe, Info
from wyoming.server import AsyncEventHandler
from wyoming.tts import Synthesize

from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.values import TranscribeRequest
from servers.serve import serving
from tests.support.engines import ScriptedTts

PATIENCE = 5.0
"""Seconds."""


class Counter(AsyncEventHandler):
    """A service written with the library: it transcribes audio to the number of its bytes."""

    heard = 0

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            them = Attribution("them", "https://them.example")
            program = AsrProgram("counter", them, True, None, "1", models=[])
            await self.write_event(Info(asr=[program]).event())
        elif Transcribe.is_type(event.type):
            self.heard = 0
        elif AudioChunk.is_type(event.type):
            self.heard += len(AudioChunk.from_event(event).audio)
        elif AudioStop.is_type(event.type):
            await self.write_event(Transcript(f"{self.heard} bytes").event())
            return False
        return True


@asynccontextmanager
async def library_server() -> AsyncGenerator[str, None]:
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            await Counter(reader, writer).run()
        finally:
            handlers.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        if handlers:
            await asyncio.wait(handlers, timeout=PATIENCE)


async def sound() -> AsyncIterator[bytes]:
    for size in (1, 4095, 100_000, 0, 904):
        yield bytes(size)


async def test_a_service_of_the_library_can_be_used_as_engine() -> None:
    async with library_server() as uri:
        engine = remote(uri, "asr", pairing=Pairing())
        await engine.load()
        assert (engine.describe().name, engine.describe().author) == ("counter", "them")
        for _ in range(2):
            async with aclosing(engine.transcribe(sound(), TranscribeRequest())) as transcripts:
                assert [item.text async for item in transcripts] == ["105000 bytes"]
        await engine.close()


async def test_a_client_of_the_library_is_served() -> None:
    async with (
        serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri,
        asyncio.timeout(PATIENCE),
        AsyncClient.from_uri(uri) as client,
    ):
        await client.write_event(Describe().event())
        info = Info.from_event(await _next(client))
        assert info.tts[0].voices[0].languages == ["en"]
        await client.write_event(Synthesize("one two").event())
        start = AudioStart.from_event(await _next(client))
        assert (start.rate, start.width, start.channels) == (16000, 2, 1)
        audio = b""
        while AudioChunk.is_type((event := await _next(client)).type):
            audio += AudioChunk.from_event(event).audio
        assert AudioStop.is_type(event.type)
        assert len(audio) == 2 * 3200


async def _next(client: AsyncClient) -> Event:
    event = await client.read_event()
    assert event is not None
    return event
