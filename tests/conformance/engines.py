"""Tiny engines that keep every promise, for the kit's own tests to break one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from satellite.conformance import (
    AsrSample,
    HookSample,
    LlmSample,
    MicSample,
    SpeakerSample,
    TtsSample,
    VadSample,
    WakeSample,
)
from satellite.errors import EngineClosed
from satellite.events import Event
from satellite.values import (
    SPEECH,
    AudioChunk,
    AudioFormat,
    Declined,
    Detection,
    DetectRequest,
    EngineInfo,
    ModelInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from tests.support.speech import silence, tone

FORM = AudioFormat(16000)


class Good:
    """What the tiny engines have in common."""

    def __init__(self) -> None:
        self.closed = False

    async def load(self) -> None:
        await asyncio.sleep(0)

    def describe(self) -> EngineInfo:
        return EngineInfo(name="good", models=(ModelInfo(name="beep"),))

    async def close(self) -> None:
        self.closed = True

    def check(self) -> None:
        if self.closed:
            raise EngineClosed("good was closed")


class GoodTts(Good):
    """Beeps for every word."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        self.check()
        for word in request.text.split():
            await asyncio.sleep(0)
            self.check()
            if any(character.isalnum() for character in word):
                yield AudioChunk(audio=tone(0.05), format=FORM)


class GoodLlm(Good):
    """Repeats what was said to it."""

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        self.check()
        for word in request.text.split()[:100]:
            await asyncio.sleep(0)
            self.check()
            if not word.isprintable():
                yield Declined(text="pardon?")
                return
            yield word


class GoodAsr(Good):
    """Hears how many tenths of a second of sound there were."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        self.check()
        heard = bytearray()
        async for chunk in audio:
            self.check()
            heard += chunk
        tenths = round(sum(1 for index in range(1, len(heard), 2) if heard[index]) / 1600)
        yield Transcript(text="s" if tenths else "", final=False)
        yield Transcript(text=f"{tenths}" if tenths else "", final=True)


class GoodWake(Good):
    """Hears its word where a sound begins that lasts at least 0.3 s."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        self.check()
        rest, position, loud = b"", 0, 0
        async for chunk in audio:
            self.check()
            rest += chunk
            while len(rest) >= 640:
                frame, rest = rest[:640], rest[640:]
                position += 320
                loud = loud + 1 if any(frame) else 0
                if loud == 15:
                    yield Detection(word="beep", score=1.0, sample=position)


class GoodVad:
    """Takes any sound for voice; what it heard before makes it surer."""

    frame_samples = 512

    def __init__(self) -> None:
        self.heard = 0

    def load(self) -> None:
        """Nothing to make ready."""

    def probability(self, frame: bytes) -> float:
        self.heard += any(frame)
        return 1 - 0.4 / self.heard if any(frame) else 0.0

    def reset(self) -> None:
        self.heard = 0


class GoodMic:
    """A microphone that keeps its promises; the broken ones inherit from it."""

    finished = False
    overruns = 0

    async def open(self) -> AudioFormat:
        return SPEECH

    async def read(self) -> bytes:
        await asyncio.sleep(0.01)
        return bytes(320)

    async def close(self) -> None:
        pass


class GoodSpeaker:
    """A speaker that keeps its promises; the broken ones inherit from it."""

    underruns = 0

    def __init__(self) -> None:
        self.left = 0.0

    async def open(self) -> AudioFormat:
        self.left = 0.0
        return SPEECH

    async def write(self, audio: bytes) -> None:
        for start in range(0, len(audio), SPEECH.bytes_of(0.1)):
            piece = audio[start : start + SPEECH.bytes_of(0.1)]
            while self.left > 0.2:
                await self._play()
            self.left += len(piece) / SPEECH.bytes_of(1)

    async def _play(self) -> None:
        await asyncio.sleep(0.05)
        self.left = max(0.0, self.left - 0.05)

    async def drain(self) -> None:
        while self.left > 0:
            await self._play()

    async def stop(self) -> None:
        self.left = 0.0

    async def close(self) -> None:
        pass


class GoodHook:
    """A hook that keeps its promises; the broken ones inherit from it."""

    async def start(self) -> None:
        pass

    async def handle(self, event: Event) -> None:
        await asyncio.sleep(0)

    async def close(self) -> None:
        pass


SAMPLES: dict[str, Any] = {
    "tts": TtsSample(text="one two", longer="one two three four five six", patience=2.0),
    "llm": LlmSample(text="one two", other="three", patience=2.0),
    "asr": AsrSample(audio=silence(0.2) + tone(1.0), text="10", patience=2.0),
    "wake": WakeSample(
        audio=silence(0.2) + tone(0.5), word="beep", other=tone(0.2) + silence(0.3), patience=2.0
    ),
    "vad": VadSample(speech=tone(1.0)),
    "mic": MicSample(patience=2.0),
    "speaker": SpeakerSample(patience=2.0),
    "hook": HookSample(patience=2.0),
}
GOOD: dict[str, Callable[[], Any]] = {
    "tts": GoodTts,
    "llm": GoodLlm,
    "asr": GoodAsr,
    "wake": GoodWake,
    "vad": GoodVad,
    "mic": GoodMic,
    "speaker": GoodSpeaker,
    "hook": GoodHook,
}
