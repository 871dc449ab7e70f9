"""The rest of a sentence whose voice failed in the middle of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from satellite.values import AudioChunk, AudioFormat

PACE = 14.0
"""Characters a second: 150 words a minute, of 5.6 characters with their space."""
PLAUSIBLE = (4.0, 60.0)
"""Characters a second of the slowest and the fastest voice: from 45 to 640 words a minute. Others
are mistakes, such as silence in place of a sentence, or most of it left out."""
MOST = 256
"""Voices remembered."""
WEIGHT = 0.3
"""Weight of the newest sentence in the moving average of a voice's pace."""
DONE = 0.97
"""Share of a sentence after which its rest is inaudible."""
BEFORE, AFTER = 0.5, 0.1
"""Seconds before and after the position in which a pause is searched: a repeated word is better
than a lost one."""
PAUSE = 0.25
"""Share of the mean loudness below which a moment is a pause between words."""
_MOMENT = 0.02
"""Seconds over which the loudness is measured."""


class SpeechRates:
    """The rates of voices, in characters per second."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def of(self, voice: str) -> float | None:
        """Return the rate of a voice; None before its first whole sentence."""
        return self._known.get(voice)

    def learn(self, voice: str, text: str, seconds: float) -> None:
        """Record the seconds of a voice for a whole text, unless no voice speaks that fast or
        slowly."""
        pace = len(text) / seconds if seconds > 0 else 0.0
        if not PLAUSIBLE[0] <= pace <= PLAUSIBLE[1]:
            return
        before = self._known.pop(voice, pace)
        self._known[voice] = before + WEIGHT * (pace - before)
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]


class PlayedSpeech:
    """The spoken part of a sentence, over all voices."""

    def __init__(self, text: str, paces: SpeechRates) -> None:
        self._text = text
        self._paces = paces
        self._characters = 0.0
        self._pace = PACE
        self._sure = False
        """Whether the voice's rate has been measured."""

    @property
    def whole(self) -> bool:
        """Whether the rest of the sentence is inaudible."""
        return self._sure and self._characters >= DONE * len(self._text)

    def begin(self, voice: str) -> float:
        """Start with a voice; return the seconds of its speech that have been played already."""
        known = self._paces.of(voice)
        self._sure = known is not None
        self._pace = known or self._pace
        return self._characters / self._pace

    def add(self, seconds: float) -> None:
        """Add seconds of played speech."""
        self._characters += seconds * self._pace


async def skipping(
    chunks: AsyncGenerator[AudioChunk, None], seconds: float
) -> AsyncGenerator[AudioChunk, None]:
    """Leave out `seconds` of the start, up to a pause near that position if there is one."""
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
    """Return the byte to start at: in the last pause near the position, or exactly there."""
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
