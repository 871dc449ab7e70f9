"""False wakes of a wake engine in speech in which no wake word is said."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from satellite.diagnostics.soundcheck.read_aloud import Reading
from satellite.values import SPEECH, DetectRequest

PIECE = 1.0
"""Seconds given to the engine at once: larger pieces than a microphone's take less time."""
TAIL = 1.5
"""Seconds of silence at the end: words are detected up to one after their end."""


class FalseWake(msgspec.Struct, frozen=True):
    """A wake word that was detected and not said."""

    word: str
    score: float
    voice: str
    text: str
    """What the voice said in that moment."""


class FalseWakes(msgspec.Struct, frozen=True):
    """The result of listening."""

    seconds: float
    voices: frozenset[str]
    found: tuple[FalseWake, ...]

    @property
    def an_hour(self) -> float:
        """False wakes in an hour."""
        return len(self.found) / self.seconds * 3600 if self.seconds else 0.0


async def false_wakes(
    engine: Any,
    request: DetectRequest,
    readings: AsyncIterator[Reading],
    progress: Callable[[float], None],
) -> FalseWakes:
    """Let an engine listen to readings, as fast as it can; `progress` takes the seconds of each.

    Raises the errors of the engine.
    """
    begins: list[int] = []
    read: list[tuple[str, str]] = []
    samples = 0

    async def sound() -> AsyncGenerator[bytes, None]:
        nonlocal samples
        size = SPEECH.bytes_of(PIECE)
        async for reading in readings:
            begins.append(samples)
            read.append((reading.voice, reading.text))
            samples += len(reading.audio) // 2
            for start in range(0, len(reading.audio), size):
                yield reading.audio[start : start + size]
            progress(SPEECH.seconds(reading.audio))
        yield bytes(SPEECH.bytes_of(TAIL))

    found = []
    async with (
        aclosing(sound()) as audio,
        aclosing(engine.detect(audio, request)) as detections,
    ):
        async for detection in detections:
            voice, text = read[max(0, bisect_right(begins, detection.sample) - 1)]
            found.append(FalseWake(detection.word, detection.score, voice, text))
    voices = frozenset(voice for voice, _ in read)
    return FalseWakes(samples / SPEECH.rate, voices, tuple(found))
