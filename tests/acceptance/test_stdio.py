"""The way in which other Wyoming services are tested: the program at standard input and output,
spoken to with the `wyoming` library; WAV in, transcript or WAV out."""

from __future__ import annotations

import asyncio
import sys
import wave
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop, wav_to_chunks
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.handle import Handled
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice
from wyoming.wake import Detect, Detection, NotDetected

from tests.cli.program import environment
from tests.support.piper_voice import make_voice
from tests.support.speech import silence, speak, write_wav
from tests.support.whisper_model import made_whisper, saying

PATIENCE = 60.0
"""Seconds allowed for a process to start and answer on a busy machine."""

Kind = TypeVar("Kind", Info, Transcript, AudioStart, Detection, NotDetected, Handled)


class Process:
    """A client of a service at two pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._input, self._output = process.stdin, process.stdout

    async def write(self, event: Event) -> None:
        await async_write_event(event, self._input)

    async def read(self) -> Event:
        async with asyncio.timeout(PATIENCE):
            event = await async_read_event(self._output)
        assert event is not None, "the service ended"
        return event

    async def expect(self, kind: type[Kind]) -> Kind:
        """Read the next event, which must be of a kind."""
        event = await self.read()
        assert kind.is_type(event.type), event
        return kind.from_event(event)

    async def say(self, recording: Path) -> None:
        """Send a WAV file as the wyoming library does."""
        with wave.open(str(recording), "rb") as file:
            for event in wav_to_chunks(file, 1024, start_event=True, stop_event=True):
                await self.write(event.event())

    async def finish(self) -> None:
        """Close the input and check that the service ends with success."""
        self._input.close()
        async with asyncio.timeout(PATIENCE):
            assert await self.process.wait() == 0


@asynccontextmanager
async def service(*arguments: str) -> AsyncGenerator[Process, None]:
    """Run `satellite --server` at standard input and output during this block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "satellite", "--server", *arguments, "--uri", "stdio://"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
    )
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def request_wav(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "request.wav", silence(0.5) + speak("what time is it") + silence(1))


async def transcribe(peer: Process, recording: Path) -> str:
    await peer.write(Transcribe(language="en").event())
    await peer.say(recording)
    while not Transcript.is_type((event := await peer.read()).type):
        assert event.type.startswith("transcript-")
    return Transcript.from_event(event).text


@pytest.mark.parametrize("component", ["auto", "faster-whisper"])
async def test_speech_to_text(component: str, request_wav: Path) -> None:
    if component == "faster-whisper":
        pytest.importorskip("faster_whisper")
        component += f":{made_whisper(saying('what time is it'))}"
    async with service("asr", "--asr", component) as peer:
        await peer.write(Describe().event())
        (program,) = (await peer.expect(Info)).asr
        assert program.installed
        assert program.models[0].languages
        for _ in range(2):
            assert await transcribe(peer, request_wav) == "what time is it"
        await peer.finish()


@pytest.mark.parametrize("component", ["auto", "piper"])
async def test_text_to_speech(component: str, tmp_path: Path) -> None:
    if component == "piper":
        pytest.importorskip("piper")
        pytest.importorskip("onnx")
        component += f":{make_voice(tmp_path)}"
    async with service("tts", "--tts", component) as peer:
        await peer.write(Describe().event())
        (program,) = (await peer.expect(Info)).tts
        assert program.supports_synthesize_streaming
        voice = program.voices[0].name if component != "auto" else "en-us"
        text = "This is a test of speech."
        await peer.write(Synthesize(text, voice=SynthesizeVoice(name=voice)).event())
        form = await peer.expect(AudioStart)
        with wave.open(str(tmp_path / "out.wav"), "wb") as file:
            file.setnchannels(form.channels)
            file.setsampwidth(form.width)
            file.setframerate(form.rate)
            while AudioChunk.is_type((event := await peer.read()).type):
                file.writeframes(AudioChunk.from_event(event).audio)
            assert AudioStop.is_type(event.type)
            assert 0.3 < file.getnframes() / form.rate < 6
        await peer.finish()


async def test_wake_words(tmp_path: Path) -> None:
    called = silence(1) + speak("okay nabu", voice="en-us+m3") + silence(1.5)
    other = silence(1) + speak("the weather will be fine") + silence(1.5)
    async with service("wake") as peer:
        await peer.write(Describe().event())
        (program,) = (await peer.expect(Info)).wake
        assert "okay_nabu" in {model.name for model in program.models}
        await peer.write(Detect(names=["okay_nabu"]).event())
        await peer.say(write_wav(tmp_path / "called.wav", called))
        detection = await peer.expect(Detection)
        assert detection.name == "okay_nabu"
        assert 1000 <= (detection.timestamp or 0) <= 4000
        assert (await peer.read()).type == "detect-stopped"
        await peer.write(Detect(names=["okay_nabu"]).event())
        await peer.say(write_wav(tmp_path / "other.wav", other))
        await peer.expect(NotDetected)
        await peer.finish()


async def test_a_brain() -> None:
    async with service("llm") as peer:
        await peer.write(Transcript("what can you do").event())
        while not Handled.is_type((event := await peer.read()).type):
            assert event.type.startswith("handled-")
        assert Handled.from_event(event).text
        await peer.finish()
