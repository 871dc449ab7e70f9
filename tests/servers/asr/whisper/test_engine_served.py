"""The engine as a service: the tests of other Wyoming services, and many clients at once."""

from __future__ import annotations

import asyncio
import io
import statistics
import subprocess
import sys
import time

import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event, read_event

pytest.importorskip("faster_whisper", reason="satellite-voice[server] is not installed")

from satellite.components import spec
from satellite.conformance import fresh
from satellite.net.wire import encode
from servers.serve import serving
from tests.support.peers import client
from tests.support.speech import silence, speak
from tests.support.whisper_model import made_whisper, saying

ANY = "tcp://127.0.0.1:0"


def utterance(audio: bytes) -> list[Event]:
    """Send audio as Home Assistant does."""
    chunks = [audio[start : start + 2048] for start in range(0, len(audio), 2048)]
    return [
        Event("transcribe", {"language": "en"}),
        AudioStart(16000, 2, 1).event(),
        *(AudioChunk(16000, 2, 1, chunk).event() for chunk in chunks),
        AudioStop().event(),
    ]


def test_sound_in_and_text_out_at_standard_input_and_output() -> None:
    component = f"faster-whisper:{made_whisper(saying('what time is it'))}"
    command = [sys.executable, "-m", "satellite", "--server", "asr", "--asr", component]
    sent = [Event("describe"), *utterance(speak("what time is it")), *utterance(silence(2.0))]
    done = subprocess.run(
        [*command, "--uri", "stdio://"],
        input=b"".join(map(encode, sent)),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    stream, events = io.BytesIO(done.stdout), []
    while event := read_event(stream):  # type: ignore[arg-type]
        events.append(event)
    framed = ["transcript-start", "transcript-chunk", "transcript", "transcript-stop"]
    assert [event.type for event in events] == ["info", *framed, "transcript"]
    texts = [event.data["text"] for event in events if event.type == "transcript"]
    assert texts == ["what time is it", ""]
    (program,) = events[0].data["asr"]
    assert program["name"] == "faster-whisper"
    assert "en" in program["models"][0]["languages"]


async def test_describe_does_not_wait_for_eight_transcriptions() -> None:
    model = made_whisper()
    sounds = [speak(text) for text in ("turn on the lamp", "what time is it")]
    waits: list[float] = []

    async def speaks(uri: str, number: int) -> str:
        async with client(uri) as peer:
            await peer.send(*utterance(sounds[number % 2]))
            return str((await peer.until("transcript"))[-1].data["text"])

    async def asks(uri: str) -> None:
        async with client(uri) as peer:
            while True:
                began = time.monotonic()
                await peer.send(Event("describe"))
                await peer.until("info")
                waits.append(time.monotonic() - began)

    make = fresh(lambda: spec.create("asr", f"faster-whisper:{model}"))
    async with make() as engine:
        await engine.load()
        async with serving("asr", engine, ANY) as uri, asyncio.TaskGroup() as group:
            asking = group.create_task(asks(uri))
            texts = await asyncio.gather(*(speaks(uri, number) for number in range(8)))
            asking.cancel()
    assert texts == texts[:2] * 4
    assert texts[0] != texts[1]
    assert statistics.median(waits) < 0.05
