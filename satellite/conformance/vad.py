"""What a voice activity detector promises."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from satellite.conformance.check import Make, checks_of, expect
from satellite.values import SPEECH

VOICE = 0.5
"""Probability that counts as voice, as in the satellite's settings."""
SHARE = 0.5
"""Share of real time it may take: it runs on the event loop of a small computer."""


class VadSample(msgspec.Struct, frozen=True):
    """Speech without long pauses: 16 kHz mono, a second at least."""

    speech: bytes


@asynccontextmanager
async def _loaded(make: Make) -> AsyncGenerator[Any, None]:
    async with make() as vad:
        vad.load()
        yield vad


async def _loads_twice(make: Make, sample: Any) -> None:
    """Loading twice is loading once."""
    async with _loaded(make) as vad:
        first = _probabilities(vad, sample.speech)
        vad.load()
        vad.reset()
        expect(_probabilities(vad, sample.speech) == first, "a second load changes the result")


async def _tells_voice_from_silence(make: Make, sample: Any) -> None:
    """Some of speech counts as voice, nothing of silence does."""
    async with _loaded(make) as vad:
        expect(max(_probabilities(vad, sample.speech)) > VOICE, "hears no voice in speech")
        vad.reset()
        quiet = _probabilities(vad, bytes(SPEECH.bytes_of(2)))
        expect(max(quiet) < VOICE, f"hears voice in silence ({max(quiet):.2f})")


async def _gives_probabilities(make: Make, sample: Any) -> None:
    """The probability of any frame lies between 0 and 1."""
    async with _loaded(make) as vad:
        size = vad.frame_samples
        expect(isinstance(size, int) and size > 0, f"frame_samples is {size!r}")
        for name, frame in (
            ("silence", bytes(2 * size)),
            ("the loudest sound", b"\xff\x7f\x00\x80" * (size // 2) + b"\0\0" * (size % 2)),
            ("a constant", b"\xff\x7f" * size),
        ):
            value = vad.probability(frame)
            expect(isinstance(value, float) and 0 <= value <= 1, f"returns {value!r} for {name}")


async def _forgets_on_reset(make: Make, sample: Any) -> None:
    """After a reset it says the same of the same sound, whatever it heard before."""
    async with _loaded(make) as vad:
        first = _probabilities(vad, sample.speech)
        _probabilities(vad, sample.speech[::-1])
        vad.reset()
        expect(_probabilities(vad, sample.speech) == first, "reset does not make it forget")


async def _is_quick(make: Make, sample: Any) -> None:
    """It takes less than half of real time, for it runs on the event loop."""
    async with _loaded(make) as vad:
        begun = time.thread_time()
        count = len(_probabilities(vad, sample.speech))
        share = (time.thread_time() - begun) / (count * vad.frame_samples / SPEECH.rate)
        expect(share < SHARE, f"takes {share:.0%} of real time")


def _probabilities(vad: Any, audio: bytes) -> list[float]:
    size = 2 * vad.frame_samples
    return [
        vad.probability(audio[start : start + size])
        for start in range(0, len(audio) - size + 1, size)
    ]


VAD_CHECKS = checks_of(
    _loads_twice,
    _tells_voice_from_silence,
    _gives_probabilities,
    _forgets_on_reset,
    _is_quick,
)
