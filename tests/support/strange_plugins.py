"""Plugins of every role, each of which raises or returns the next of a list of strange things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from satellite.events import Event
from satellite.options import OptionSet
from satellite.ports import SatelliteControls
from satellite.values import (
    SPEECH,
    AudioChunk,
    AudioFormat,
    Detection,
    DetectRequest,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from tests.support.scripted_satellite import MarkVad, MarkWake, Room

SPOKEN = b"\x20\x20" * 1600
"""Speech that is not taken for the wake word of `MarkWake`."""

ROLES = ("mic", "speaker", "wake", "vad", "asr", "llm", "tts", "hook")


class Trouble:
    """What the plugin of one role does next instead of its work, once each."""

    def __init__(self) -> None:
        self.role = ""
        self.next: Any = None
        self.armed = False
        self.struck = 0
        self.controls: Any = None
        """The controls of the satellite, once a hook has them."""

    def arm(self, role: str, thing: Any) -> None:
        """Let the plugin of a role raise an error, or return a value, at its next call."""
        self.role, self.next, self.armed = role, thing, True

    def strike(self, role: str, usual: Any = None) -> Any:
        """Return what a plugin is to return: `usual`, unless it is its turn. Raises the error."""
        if not self.armed or role != self.role:
            return usual
        self.armed = False
        self.struck += 1
        if isinstance(self.next, BaseException):
            raise self.next
        return self.next


class Base:
    trouble: Trouble
    room: Room

    class Options(OptionSet, frozen=True):
        """No options."""

    def __init__(self, options: OptionSet) -> None:
        pass


class Engine(Base):
    async def load(self) -> None:
        pass

    def describe(self) -> EngineInfo:
        return EngineInfo(name="strange", version="1")

    async def close(self) -> None:
        pass


class StrangeMic(Base):
    finished = False
    overruns = 0

    async def open(self) -> AudioFormat:
        self._frames = self.room.frames()
        return SPEECH

    async def read(self) -> bytes:
        frame: bytes = self.trouble.strike("mic", await anext(self._frames))
        return frame

    async def close(self) -> None:
        pass


class StrangeSpeaker(Base):
    underruns = 0

    async def open(self) -> AudioFormat:
        return SPEECH

    async def write(self, audio: bytes) -> None:
        self.trouble.strike("speaker")
        await asyncio.sleep(0)

    async def drain(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def close(self) -> None:
        pass


class StrangeWake(Engine):
    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        async for detection in MarkWake().detect(audio, request):
            yield self.trouble.strike("wake", detection)


class StrangeVad(Base, MarkVad):
    def __init__(self, options: OptionSet) -> None:
        MarkVad.__init__(self)

    def probability(self, frame: bytes) -> float:
        found: float = self.trouble.strike("vad", MarkVad.probability(self, frame))
        return found


class StrangeAsr(Engine):
    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async for _ in audio:
            pass
        yield self.trouble.strike("asr", Transcript(text="what time is it", final=True))


class StrangeLlm(Engine):
    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        yield self.trouble.strike("llm", "It is seven o'clock.")


class StrangeTts(Engine):
    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        yield self.trouble.strike("tts", AudioChunk(audio=SPOKEN, format=SPEECH))


class StrangeHook(Base):
    async def start(self) -> None:
        pass

    async def handle(self, event: Event) -> None:
        self.trouble.strike("hook")

    async def close(self) -> None:
        pass

    def operate(self, controls: SatelliteControls) -> None:
        self.trouble.controls = controls


_KINDS: dict[str, type[Base]] = {
    "mic": StrangeMic,
    "speaker": StrangeSpeaker,
    "wake": StrangeWake,
    "vad": StrangeVad,
    "asr": StrangeAsr,
    "llm": StrangeLlm,
    "tts": StrangeTts,
    "hook": StrangeHook,
}


def plugins(trouble: Trouble, room: Room) -> dict[str, type[Any]]:
    """Return the plugin classes, by role; `room` is what the microphone records."""
    shared = {"trouble": trouble, "room": room, "Options": Base.Options}
    return {role: type(kind.__name__, (kind,), shared) for role, kind in _KINDS.items()}
