"""Engines that randomly answer, fail, hang, are slow or have a bug."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator

from satellite.errors import EngineBusy, EngineFailed, PeerClosed
from satellite.values import (
    SPEECH,
    Action,
    AudioChunk,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)

HANG = 600.0
"""Seconds for which a hanging engine is silent: longer than any deadline."""

REPLIES: tuple[tuple[ReplyPart, ...], ...] = (
    ("It is seven ", "o'clock. ", "The sun is up."),
    ("Yes.",),
    ("Shall I turn it on?",),
    (Action(name="stop"),),
    ("Set.", Action(name="timer.start", data={"seconds": 20.0})),
    ("No idea. ", Action(name="open.pod.bay.doors")),
    ("Which room?", Action(name="listen")),
    (),
)


class Flaky:
    """The common part of the flaky engines; `troubles` counts the troubles of all calls."""

    kinds = ("error", "lost", "hang", "bug", "dawdle", "stubborn")

    def __init__(self, chance: random.Random, trouble: float) -> None:
        """`trouble` is the probability, 0 to 1, that a call goes wrong."""
        self.troubles: Counter[str] = Counter()
        self._chance = chance
        self._trouble = trouble

    async def load(self) -> None:
        pass

    def describe(self) -> EngineInfo:
        return EngineInfo(name=type(self).__name__.lower())

    async def close(self) -> None:
        pass

    async def _suffer(self) -> None:
        """Cause the trouble of this call, if it has any."""
        fine = self._chance.random() >= self._trouble
        kind = "none" if fine else self._chance.choice(self.kinds)
        self.troubles[kind] += 1
        match kind:
            case "error":
                raise EngineBusy("too much to do")
            case "lost":
                raise PeerClosed("the server has gone")
            case "bug":
                raise ZeroDivisionError("a plugin's mistake")
            case "hang":
                await asyncio.sleep(HANG)
            case "dawdle":
                await asyncio.sleep(self._chance.uniform(0.1, 1.5))
            case "stubborn":
                try:
                    await asyncio.sleep(HANG)
                finally:  # ends late after a cancellation
                    await asyncio.sleep(self._chance.uniform(0.0, 1.0))

    def __repr__(self) -> str:
        return ", ".join(f"{kind} {count}" for kind, count in sorted(self.troubles.items()))


class FlakyAsr(Flaky):
    """Transcribes a question, or nothing."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        if self._chance.random() < 0.1:
            await self._suffer()
        async for _ in audio:
            pass
        await self._suffer()
        yield Transcript(text="what", final=False)
        text = "" if self._chance.random() < 0.1 else "what time is it"
        yield Transcript(text=text, final=True)


class FlakyLlm(Flaky):
    """Answers with a random reply."""

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        for part in self._chance.choice(REPLIES):
            await self._suffer()
            yield part


class FlakyTts(Flaky):
    """Speaks at 0.3 s per word."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        for _ in request.text.split():
            if self._chance.random() < 0.2:
                await self._suffer()
            yield AudioChunk(audio=b"\1\0" * (SPEECH.rate * 3 // 10), format=SPEECH)
        if self._chance.random() < 0.01:
            raise EngineFailed("out of breath")
