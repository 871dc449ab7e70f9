"""The wake chime never appears in a transcript."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from satellite.audio.cues import cue
from satellite.audio.resample import Resampler
from satellite.settings import SoundSettings
from satellite.values import SPEECH
from tests.support.acoustics import Samples, at_level, loudness, samples
from tests.support.engines import ScriptedWake
from tests.support.simulated_room import SimulatedRoom
from tests.support.simulated_satellite import SimulatedSatellite, simulated
from tests.support.speech import speak

VOICE = -28.0
"""Level of the person at the microphone in dBFS."""


@pytest.mark.parametrize("cancels", [True, False])
async def test_the_awake_chime_is_not_in_the_transcript(cancels: bool) -> None:
    """A voice during the chime is recognized; without echo cancellation the chime would be nearly
    as loud as the voice."""
    chime = cue("awake")
    resampler = Resampler(chime.format, SPEECH)
    sound = samples(resampler.convert(chime.audio) + resampler.flush())
    room = SimulatedRoom(leak=0.2, latency=0.1)
    begins = 14 * SPEECH.rate
    wake = ScriptedWake([begins])
    satellite = SimulatedSatellite(room, wake, SoundSettings(echo_cancellation=cancels))
    async with asyncio.timeout(60), simulated(satellite):
        for _ in range(3):  # let the echo canceller adapt first
            await satellite.play(at_level(samples(speak("the sun is up and it is warm")), -20))
        await room.until(begins)
        while not satellite.wakes:
            await asyncio.sleep(0)
        room.say(at_level(samples(speak("turn on the lamp")), VOICE), after=0.6)
        await satellite.play(sound)
        while not satellite.utterances:
            await room.pass_time()
    (heard,) = satellite.utterances
    level = _level_of(sound, samples(heard))
    assert level < VOICE - 12 if cancels else level > VOICE - 8


def _level_of(sound: Samples, heard: Samples) -> float:
    """Return the highest level in dBFS of a sound within another one."""
    size = 1 << (len(heard) + len(sound)).bit_length()
    cross = np.fft.irfft(np.fft.rfft(heard, size) * np.fft.rfft(sound, size).conj(), size)
    factor = float(np.abs(cross).max() / np.sum(sound**2))
    return loudness(sound * factor)
