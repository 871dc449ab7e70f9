"""An utterance begins between the wake word and the request, however late the detection is."""

from __future__ import annotations

import pytest

from satellite.builtin.vad.energy import EnergyVad
from satellite.settings import ListenSettings
from satellite.values import SPEECH
from tests.listening.test_wake_word_end import sound
from tests.support.engines import ScriptedWake
from tests.support.tape import utterances

BEFORE, WORD, PAUSE, REQUEST = 2.0, 0.7, 0.2, 1.0
"""Seconds."""


async def captured(late: float, settings: ListenSettings) -> bytes:
    """Return the utterance after a wake word detected `late` seconds after its end, or before."""
    audio = sound((BEFORE, 0), (WORD, 3000), (PAUSE, 0), (REQUEST, 2000), (1.5, 0))
    sample = SPEECH.bytes_of(BEFORE + WORD + late) // SPEECH.frame_bytes
    vad = EnergyVad(EnergyVad.Options())
    found = await utterances(audio, ScriptedWake((sample,)), vad, settings, patience=20)
    return found[0][1]


@pytest.mark.parametrize("late", [-0.15, -0.05, 0.1, 0.3, 0.5])
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
