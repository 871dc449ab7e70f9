"""Feeding sound to wake engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from satellite.ports import Wake
from satellite.values import Detection, DetectRequest
from tests.support.speech import VOICE, silence, speak


async def feed(audio: bytes, size: int = 2560) -> AsyncIterator[bytes]:
    """Yield `audio` in chunks of `size` bytes."""
    for start in range(0, len(audio), size):
        yield audio[start : start + size]


async def detections(
    engine: Wake, audio: bytes, *, size: int = 2560, words: tuple[str, ...] = ()
) -> list[Detection]:
    """Return all detections of `engine` in `audio`."""
    async with aclosing(engine.detect(feed(audio, size), DetectRequest(words=words))) as found:
        return [detection async for detection in found]


def spoken(text: str, voice: str = VOICE, rate: int = 150) -> bytes:
    """Return `text` spoken after a second of silence and before another."""
    return silence(1) + speak(text, voice, rate) + silence(1)
