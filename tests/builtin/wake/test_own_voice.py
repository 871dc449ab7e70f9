"""A satellite's own words never wake it, and a person's do while it speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from satellite import events
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.builtin.wake.engine import HOP, WakeEngine, WakeStream
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.own_voice import OwnVoice
from satellite.errors import EngineClosed
from satellite.settings import SoundSettings
from satellite.values import SPEECH, Detection, DetectRequest, EngineInfo
from tests.builtin.wake.feeding import feed
from tests.support.acoustics import Samples, at_level, heard, loudness, response, samples
from tests.support.simulated_room import SimulatedRoom
from tests.support.simulated_satellite import SimulatedSatellite, likeness, simulated
from tests.support.speech import speak

WORD = samples(speak("okay nabu", "en-us", 150))
"""Detected by every engine as the wake word."""

TALK = samples(
    speak("The weather will be fine tomorrow, with a little wind from the west.", rate=160)
    + speak("I am happy to help you with lights, and timers, and the weather.", rate=160)
)

USER = -26.0
"""dBFS of the person's voice at the microphone."""


def leak(sound: Samples, louder: float) -> float:
    """Return the factor by which a sound leaks so that it is `louder` dB louder than the person."""
    return float(10 ** ((USER + louder - loudness(heard(sound, response(0.3, 0.25, 5)))) / 20))


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[MicroWakeWord]:
    made = MicroWakeWord(MicroWakeWord.Options(threshold=0.9))
    await made.load()
    yield made
    await made.close()


def own_words() -> Samples:
    """Return a reply in which the satellite says its wake word."""
    parts = (TALK[:48000], WORD, TALK[48000:], WORD)
    return np.concatenate([np.pad(part, (0, SPEECH.rate // 3)) for part in parts])


@pytest.mark.parametrize("louder", [-10.0, 6.0, 14.0])
@pytest.mark.parametrize("cancels", [True, False])
async def test_own_tts_scores_on_the_wake_model(
    engine: MicroWakeWord, louder: float, cancels: bool
) -> None:
    """They do not wake it, whether its echo is cancelled or not."""
    room = SimulatedRoom(leak=leak(TALK, louder))
    sound = SoundSettings(echo_cancellation=cancels)
    async with simulated(SimulatedSatellite(room, engine, sound)) as satellite:
        for _ in range(3):
            await satellite.play(own_words())
            await room.until(room.now + 3 * SPEECH.rate)
    assert satellite.wakes == []


async def test_without_own_voice_its_own_words_would_wake_it(engine: MicroWakeWord) -> None:
    room = SimulatedRoom(leak=leak(TALK, 6.0))
    sound = SoundSettings(echo_cancellation=False)
    made = SimulatedSatellite(room, engine, sound, knows_itself=False)
    async with simulated(made) as satellite:
        await satellite.play(own_words())
        await room.until(room.now + 3 * SPEECH.rate)
    assert satellite.wakes != []


async def test_a_wake_word_during_a_reply_stops_it(engine: MicroWakeWord) -> None:
    """With a leak that is 6 dB louder than the person; none of the reply is in what is heard after
    it."""
    room = SimulatedRoom(leak=leak(TALK, 6.0))
    async with simulated(SimulatedSatellite(room, engine)) as satellite:
        await satellite.play(TALK)
        await room.until(room.now + SPEECH.rate)
        said = room.say(at_level(WORD, USER), after=3.0)
        request = at_level(samples(speak("turn on the lamp")), USER)
        room.say(request, after=3.0 + len(WORD) / SPEECH.rate + 0.8)
        await satellite.play(TALK)
        assert satellite.cut_off == 1
        assert room.now - said < 0.8 * SPEECH.rate
        await room.until(room.now + 6 * SPEECH.rate)
    [utterance] = satellite.utterances
    assert likeness(utterance, request) > 0.6
    assert likeness(utterance, TALK) < 0.2


class AlwaysDetects:
    """An engine that detects its word after a second of any sound, and implements only the port."""

    async def load(self) -> None: ...

    def describe(self) -> EngineInfo:
        return EngineInfo(name="claims")

    async def close(self) -> None: ...

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncIterator[Detection]:
        heard_ = 0
        async for chunk in audio:
            heard_ += len(chunk) // 2 if any(chunk) else 0
            if heard_ >= SPEECH.rate:
                yield Detection(word="claims", score=0.9, sample=heard_)
                return


async def hearing(reference: PlaybackReference, backlog: int) -> AsyncIterator[bytes]:
    """Yield sound of which `backlog` samples were recorded before they are read."""
    reference.advance(backlog)
    for start in range(0, 20000, 1000):
        if start >= backlog:
            reference.advance(1000)
        yield b"\1\1" * 1000


@pytest.mark.parametrize(("played", "wakes"), [(b"\0\0", 1), (b"\0\1", 0)])
@pytest.mark.parametrize("backlog", [0, 70000])
async def test_an_engine_on_a_server_searches_the_played_sound(
    played: bytes, wakes: int, backlog: int
) -> None:
    """The searched sound is that of the detection, also where sound had waited."""
    reference = PlaybackReference()
    reference.played(played * 24000, SPEECH)
    engine = OwnVoice(AlwaysDetects(), reference)  # type: ignore[arg-type]
    sound = hearing(reference, backlog)
    found = [d async for d in engine.detect(sound, DetectRequest())]
    assert len(found) == wakes


async def test_it_is_otherwise_the_engine(engine: MicroWakeWord) -> None:
    own = OwnVoice(engine, PlaybackReference())
    await own.load()
    assert own.describe() == engine.describe()
    await own.close()
    with pytest.raises(EngineClosed):
        [d async for d in own.detect(feed(bytes(32000)), DetectRequest())]


class Uncertain(WakeEngine):
    """Nearly hears its word in every piece of sound, and never hears it."""

    name = "uncertain"
    context = 0

    def describe(self) -> EngineInfo:
        return EngineInfo(name=self.name, version="1")

    def prepare(self) -> None:
        pass

    def release(self) -> None:
        pass

    def stream(self, words: tuple[str, ...]) -> WakeStream:
        return self

    def process(self, audio: bytes) -> list[Detection]:
        self._note_near_miss("okay_nabu", 0.4)
        return []

    def process_at_once(self, audio: bytes) -> list[Detection] | None:
        return None

    def best_score(self, audio: bytes) -> float:
        return 0.0

    def skip(self, samples: int) -> None:
        pass

    def pause(self) -> None:
        pass

    def prime(self, audio: bytes) -> None:
        pass


async def test_near_misses_are_published_as_they_occur_and_at_the_end() -> None:
    happened: list[events.Event] = []
    counts: list[int] = []

    async def hops() -> AsyncIterator[bytes]:
        for _ in range(3):
            counts.append(len(happened))
            yield bytes(2 * HOP)

    wake = OwnVoice(Uncertain(rest=False), PlaybackReference(), happened.append)
    assert [word async for word in wake.detect(hops(), DetectRequest())] == []
    await wake.close()
    found = [(e.word, e.score) for e in happened if isinstance(e, events.NearMiss)]
    assert found == [("okay_nabu", 0.4)] * 3
    assert (counts, len(happened)) == ([0, 1, 2], 3)
