"""Complaints of other satellites' users: hearing from afar, in noise, over its own voice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
import pytest

from satellite import events
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.components import spec
from satellite.listening.listener import Listener, Utterance
from satellite.settings import ListenSettings
from satellite.values import SPEECH, DetectRequest
from tests.bench.stop_words_over_sound import Trial
from tests.support.acoustics import Samples, at_level, heard, pcm, response, room_noise, samples
from tests.support.engines import ScriptedWake
from tests.support.speech import speak


async def pieces(sound: Samples) -> AsyncGenerator[bytes, None]:
    audio = pcm(sound)
    for start in range(0, len(audio), 1024):
        yield audio[start : start + 1024]
        await asyncio.sleep(0)


class Tape:
    """A source that plays a sound and then repeats its last second."""

    def __init__(self, sound: Samples) -> None:
        self.finished = False
        self._sound = sound

    async def frames(self) -> AsyncGenerator[bytes, None]:
        async for piece in pieces(self._sound):
            yield piece
        self.finished = True
        while True:
            async for piece in pieces(self._sound[-SPEECH.rate :]):
                yield piece


@pytest.mark.parametrize("metres", [3.0, 5.0])
async def test_the_wake_word_is_heard_from_across_the_room(metres: float) -> None:
    """With a plain microphone: quiet, reverberant, 15 dB above the room's noise."""
    spoken = np.pad(samples(speak("okay nabu", "en-us+m3")), (32000, 24000))
    far = at_level(heard(spoken, response(metres, 0.4, 3)), -42)
    sound = far + room_noise(len(far) / SPEECH.rate + 0.1, -57)[: len(far)]
    engine = OpenWakeWord(OpenWakeWord.Options())
    found = [word async for word in engine.detect(pieces(sound), DetectRequest())]
    await engine.close()
    assert [word.word for word in found] == ["okay_nabu"]


@pytest.mark.parametrize("vad", ["silero", "energy"])
@pytest.mark.parametrize("level", [-48.0, -40.0])
async def test_listening_ends_soon_after_the_command(vad: str, level: float) -> None:
    """In the noise of a fan that never ends, 20 and 12 dB below the voice."""
    voice = at_level(samples(speak("turn on the living room lamp", "en-us+m3")), -28)
    sound = np.pad(voice, (3 * SPEECH.rate, 4 * SPEECH.rate))
    sound += room_noise(len(sound) / SPEECH.rate + 0.1, level)[: len(sound)]
    happened: list[events.Event] = []
    utterances: list[Utterance] = []

    def woken(utterance: Utterance) -> bool:
        utterances.append(utterance)
        return True

    detector = spec.create("vad", vad)
    wake = ScriptedWake([int(2.8 * SPEECH.rate)])
    settings = ListenSettings()
    listener = Listener(Tape(sound), wake, detector, settings, happened.append)
    async with asyncio.timeout(60):
        await listener.run(woken, idle=lambda: True)
    (utterance,) = utterances
    spoken = b"".join([audio async for audio in utterance.audio])
    assert utterance.has_speech
    longest = settings.preroll + 0.2 + len(voice) / SPEECH.rate + settings.silence
    assert len(voice) / SPEECH.rate < SPEECH.seconds(spoken) < longest + 0.6


@pytest.mark.parametrize("kind", ["reply", "announcement", "ring"])
async def test_only_a_stop_word_interrupts_a_sound_as_loud_as_the_speaker(
    kind: str,
) -> None:
    """Play real words in a simulated room; two people talk over a ring."""
    async with asyncio.timeout(200):
        counts = await Trial(0.0).run(kind, 2)
    assert (counts.spoken, counts.heard, counts.stopped) == (1, 1, 0)
