"""Recorded sound at the listener, faster than real time, and the utterances it finds there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from satellite import ports
from satellite.listening.listener import Listener, Utterance
from satellite.settings import ListenSettings

PIECE = 1024
"""Bytes read at once: 32 ms, a frame of the voice detector."""


class Tape:
    """A source of recorded sound with an end, then silence, as fast as it is read."""

    def __init__(self, audio: bytes) -> None:
        self.finished = False
        self._audio = audio

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield the sound, letting the other tasks run as they could in real time."""
        for start in range(0, len(self._audio), PIECE):
            yield self._audio[start : start + PIECE]
            await _settle()
        self.finished = True
        while True:
            yield bytes(PIECE)
            await _settle()


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def utterances(
    audio: bytes,
    wake: ports.Wake,
    vad: ports.Vad,
    settings: ListenSettings | None = None,
    patience: float = 60.0,
) -> list[tuple[Utterance, bytes]]:
    """Return each utterance that a listener finds in a sound (16 kHz mono), and its audio.

    The source waits for the wake engine, so that none of the sound is lost. Raises `TimeoutError`
    after `patience` seconds.
    """
    found: list[Utterance] = []
    listener = Listener(
        Tape(audio), wake, vad, settings or ListenSettings(), lambda event: None, waits=True
    )

    def accept(utterance: Utterance) -> bool:
        found.append(utterance)
        return True

    async with asyncio.timeout(patience):
        await listener.run(accept, lambda: True)
        return [(one, b"".join([piece async for piece in one.audio])) for one in found]
