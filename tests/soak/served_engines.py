"""All engines as services, and requests to them."""

from __future__ import annotations

import asyncio
import importlib.util
import random
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from wyoming.event import Event

from satellite.settings import ServerSettings, Settings
from servers import app
from tests.support.peers import client
from tests.support.speech import silence, speak

LAST = {
    "asr": ("transcript",),
    "llm": ("handled", "not-handled"),
    "tts": ("audio-stop",),
    "wake": ("not-detected", "detect-stopped"),
}
"""The events that end an answer."""
TEXT = "It is seven o'clock. The lamp in the living room is on. Nothing else has happened today. "
QUESTIONS = ("what time is it", "set a timer for ten minutes", "tell a story", "who was that")
"""The last two match no intent."""
AUDIO = {"rate": 16000, "width": 2, "channels": 1}


@asynccontextmanager
async def running(
    roles: tuple[str, ...], **components: str
) -> AsyncGenerator[dict[str, str], None]:
    """Run a server of these roles in this process; yield its URIs."""
    ready: asyncio.Queue[Any] = asyncio.Queue()
    ports = {f"{role}_port": 0 for role in roles}
    server = ServerSettings(roles=roles, host="127.0.0.1", **ports)  # type: ignore[arg-type]
    settings = Settings(zeroconf=False, server=server, **components)  # type: ignore[arg-type]
    task = asyncio.create_task(app.run(settings, ready.put_nowait))
    try:
        told = asyncio.create_task(ready.get())
        await asyncio.wait([task, told], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            told.cancel()
            task.result()
        yield told.result().engines
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def everything() -> AsyncGenerator[list[tuple[str, str]], None]:
    """Serve every available engine; yield the role and the URI of each."""
    async with AsyncExitStack() as stack:
        built_in = {"asr": "pocketsphinx", "llm": "intents", "tts": "espeak"}
        served = list(
            (
                await stack.enter_async_context(running(("asr", "llm", "tts", "wake"), **built_in))
            ).items()
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="abandoned-")))
        real = real_engines(folder)
        real["llm"] = await stack.enter_async_context(talkative_ollama())
        for role, component in real.items():
            uris_of = await stack.enter_async_context(running((role,), **{role: component}))
            served += uris_of.items()
        yield served


@asynccontextmanager
async def talkative_ollama() -> AsyncGenerator[str, None]:
    """Return an engine component whose Ollama repeats the text."""
    from tests.support.ollama_fake import fake_ollama, words

    pieces = [f"{word} " for word in TEXT.split()] * 20
    async with fake_ollama(words(*pieces)) as fake:
        yield f"ollama:m?host={fake.host}"
        assert fake.asked, "no request came as far as Ollama"


def real_engines(folder: Path) -> dict[str, str]:
    """Return the components of the installed real engines, with models generated here."""
    found = {}
    if importlib.util.find_spec("faster_whisper"):
        from tests.support.whisper_model import made_whisper

        found["asr"] = f"faster-whisper:{made_whisper()}?num_workers=1&cpu_threads=1"
    if importlib.util.find_spec("piper") and importlib.util.find_spec("onnx"):
        from tests.support.piper_voice import make_voice

        found["tts"] = f"piper:{make_voice(folder)}?cpu_threads=1"
    return found


def request(role: str, chance: random.Random) -> list[Event]:
    """Return one complete request."""
    if role == "llm":
        text = chance.choice(QUESTIONS)
        return [Event("transcript", {"text": text, "context": {"conversation_id": "c"}})]
    if role == "tts":
        if chance.random() < 0.5:
            return [Event("synthesize", {"text": TEXT * chance.randint(1, 4)})]
        chunks = [Event("synthesize-chunk", {"text": part + " "}) for part in TEXT.split()]
        start, stop = Event("synthesize-start", {}), Event("synthesize-stop")
        return [start, *chunks, Event("synthesize", {"text": TEXT}), stop]
    asked = [Event("transcribe", {"language": "en"}), Event("detect", {})][role == "wake"]
    return [asked, Event("audio-start", dict(AUDIO)), *chunks_of_speech(), Event("audio-stop")]


def chunks_of_speech() -> Iterator[Event]:
    audio = silence(0.5) + speak("what time is it") + silence(0.5)
    for start in range(0, len(audio), 640):
        yield Event("audio-chunk", dict(AUDIO), audio[start : start + 640])


async def answered(role: str, uri: str) -> None:
    """Send a request and wait for its answer."""
    async with asyncio.timeout(30), client(uri) as peer:
        await peer.send(*request(role, random.Random(0)))
        while (event := await peer.connection.read()) is not None:
            assert event.type != "error", event
            if event.type in LAST[role]:
                return
        raise AssertionError(f"{role} at {uri} hung up")
