"""The rest of a sentence whose voice died in the middle of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from satellite.values import AudioChunk, AudioFormat

PACE = 14.0
"""Characters a second: 150 words a minute, of 5.6 characters with their space."""
WEIGHT = 0.3
"""Of the newest sentence in the moving average of a voice's pace."""
DONE = 0.97
"""Share of a sentence from which nothing is left of it that could be heard."""
BEFORE, AFTER = 0.5, 0.1
"""Seconds around the place looked for, in which a pause is searched: rather a word is heard twice
than not at all."""
PAUSE = 0.25
"""Part of the mean loudness below which a moment is a pause between words."""
_MOMENT = 0.02
"""Seconds of which the loudness is taken."""


class SpeechRates:
    """How quickly voices speak, in characters a second."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def of(self, voice: str) -> float | None:
        """A voice's pace; None before its first whole sentence."""
        return self._known.get(voice)

    def learn(self, voice: str, text: str, seconds: float) -> None:
        """A voice took so long for a whole text."""
        if seconds > 0 and text:
            pace = len(text) / seconds
            before = self._known.get(voice, pace)
            self._known[voice] = before + WEIGHT * (pace - before)


class PlayedSpeech:
    """How far a sentence was heard, whichever voices have said it."""

    def __init__(self, text: str, paces: SpeechRates) -> None:
        self._text = text
        self._paces = paces
        self._characters = 0.0
        self._pace = PACE
        self._sure = False
        """The voice's pace was measured."""

    @property
    def whole(self) -> bool:
        """Nothing of it is left that could be heard."""
        return self._sure and self._characters >= DONE * len(self._text)

    def begin(self, voice: str) -> float:
        """A voice begins; seconds of its speech that were heard already."""
        known = self._paces.of(voice)
        self._sure = known is not None
        self._pace = known or self._pace
        return self._characters / self._pace

    def add(self, seconds: float) -> None:
        """The voice has said so much."""
        self._characters += seconds * self._pace


async def skipping(
    chunks: AsyncGenerator[AudioChunk, None], seconds: float
) -> AsyncGenerator[AudioChunk, None]:
    """Leave out so much of the beginning, up to a pause near there if there is one."""
    held = b""
    skipped = seconds <= 0
    form: AudioFormat | None = None
    async with aclosing(chunks):
        async for chunk in chunks:
            if skipped:
                yield chunk
                continue
            held, form = held + chunk.audio, chunk.format
            if len(held) >= form.bytes_of(seconds + AFTER):
                skipped = True
                at = _pause(held, form, seconds)
                if at < len(held):
                    yield AudioChunk(audio=held[at:], format=form)
    if not skipped and form is not None:
        at = _pause(held, form, seconds)
        if at < len(held):
            yield AudioChunk(audio=held[at:], format=form)


def _pause(audio: bytes, form: AudioFormat, seconds: float) -> int:
    """The byte at which to begin: within the last pause near there, else exactly there."""
    import numpy as np

    step = form.bytes_of(_MOMENT)
    exact = min(len(audio), form.bytes_of(seconds))
    begin = max(0, form.bytes_of(seconds - BEFORE)) if seconds > BEFORE else 0
    window = audio[begin : form.bytes_of(seconds + AFTER)]
    moments = len(window) // step
    if not moments:
        return exact
    samples = np.frombuffer(window[: moments * step], "<i2").reshape(moments, -1)
    loudness = np.abs(samples.astype(np.int32)).mean(axis=1)
    quiet = np.flatnonzero(loudness < PAUSE * loudness.mean())
    return begin + int(quiet[-1]) * step if len(quiet) else exact
