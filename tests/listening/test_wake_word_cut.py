"""An utterance begins between the wake word and the request, however late the detection is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from satellite.builtin.vad.energy import EnergyVad
from satellite.listening.listener import Listener, Utterance
from satellite.settings import ListenSettings
from satellite.values import SPEECH
from tests.listening.test_wake_word_end import sound
from tests.support.engines import ScriptedWake

BEFORE, WORD, PAUSE, REQUEST = 2.0, 0.7, 0.2, 1.0
"""Seconds."""


class Recorded:
    """A source with an end."""

    finished = False

    def __init__(self, audio: bytes) -> None:
        self._audio = audio

    async def frames(self) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(self._audio), 1024):
            yield self._audio[start : start + 1024]
            for _ in range(5):
                await asyncio.sleep(0)
        self.finished = True
        while True:
            yield bytes(1024)
            for _ in range(5):
                await asyncio.sleep(0)


async def captured(late: float, settings: ListenSettings) -> bytes:
    """Return the utterance after a wake word detected `late` seconds after its end."""
    audio = sound((BEFORE, 0), (WORD, 3000), (PAUSE, 0), (REQUEST, 2000), (1.5, 0))
    found: list[Utterance] = []
    sample = SPEECH.bytes_of(BEFORE + WORD + late) // SPEECH.frame_bytes
    wake = ScriptedWake((sample,))
    vad = EnergyVad(EnergyVad.Options())
    listener = Listener(Recorded(audio), wake, vad, settings, lambda event: None)

    def accept(utterance: Utterance) -> bool:
        found.append(utterance)
        return True

    async with asyncio.timeout(20):
        await listener.run(accept, lambda: True)
    return b"".join([piece async for piece in found[0].audio])


@pytest.mark.parametrize("late", [0.1, 0.3, 0.5])
async def test_all_of_the_request_and_nothing_of_the_wake_word_is_captured(late: float) -> None:
    heard = await captured(late, ListenSettings())
    voice = sum(abs(v) > 500 for v in memoryview(heard).cast("h"))
    loud = sum(abs(v) > 500 for v in memoryview(sound((REQUEST, 2000))).cast("h"))
    assert voice == pytest.approx(loud, rel=0.05)


async def test_without_preroll_nothing_from_before_the_detection_is_captured() -> None:
    heard = await captured(0.5, ListenSettings(preroll=0))
    voice = sum(abs(v) > 500 for v in memoryview(heard).cast("h"))
    loud = sum(abs(v) > 500 for v in memoryview(sound((REQUEST, 2000))).cast("h"))
    assert voice == pytest.approx(0.7 * loud, rel=0.06)
