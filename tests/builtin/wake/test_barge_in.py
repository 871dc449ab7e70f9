"""A command spoken over a reply that is louder than the person is understood."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.components import spec
from satellite.values import SPEECH, TranscribeRequest, Transcript
from tests.support.acoustics import at_level, heard, loudness, response, samples
from tests.support.simulated_room import SimulatedRoom
from tests.support.simulated_satellite import SimulatedSatellite, simulated
from tests.support.speech import speak

USER, LOUDER = -26.0, 6.0
"""dBFS of the person at the microphone, and decibels by which the reply is louder there."""

REPLY = samples(
    speak("You can ask for the time and the date, set timers, and change the volume.", "en-us+m3")
    + speak("When a home is connected, I can also switch its lights and other things.", "en-us+m3")
)
ASKED = np.concatenate(
    [samples(speak("okay nabu", "en-us", 150)), np.zeros(12800), samples(speak("what time is it"))]
)


@pytest_asyncio.fixture(params=[MicroWakeWord, OpenWakeWord])
async def engine(
    request: pytest.FixtureRequest,
) -> AsyncIterator[MicroWakeWord | OpenWakeWord]:
    made = request.param(request.param.Options())
    await made.load()
    yield made
    await made.close()


async def understood(audio: bytes) -> str:
    """By the built-in speech-to-text."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(audio), 1024):
            yield audio[start : start + 1024]

    asr = spec.create("asr", "pocketsphinx")
    await asr.load()
    try:
        found = [one async for one in asr.transcribe(chunks(), TranscribeRequest())]
    finally:
        await asr.close()
    return next(one.text for one in found if isinstance(one, Transcript) and one.final)


async def test_a_command_over_a_reply_is_understood_and_a_reply_alone_is_ignored(
    engine: MicroWakeWord | OpenWakeWord,
) -> None:
    factor = 10 ** ((USER + LOUDER - loudness(heard(REPLY, response(0.3, 0.25, 5)))) / 20)
    room = SimulatedRoom(leak=factor)
    async with simulated(SimulatedSatellite(room, engine)) as satellite:
        await satellite.play(REPLY)
        await room.until(room.now + 3 * SPEECH.rate)
        assert satellite.utterances == satellite.wakes == []
        room.say(at_level(ASKED, USER), after=2.0)
        await satellite.play(REPLY)
        await room.until(room.now + 7 * SPEECH.rate)
    assert satellite.cut_off == 1
    (said,) = satellite.utterances
    assert await understood(said) == "what time is it"
