"""The echo is cancelled and the voice is not, at any delay and clock drift."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

from satellite.audio.echo.canceller import EchoCanceller
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.stored_path import StoredPath
from satellite.lib.persistence import StoredValue
from satellite.values import SPEECH
from tests.support.acoustics import Samples, at_level, loudness, pcm, room_noise, samples
from tests.support.simulated_room import CHUNK, SimulatedRoom
from tests.support.speech import speak

TALK = samples(
    speak("The weather will be fine tomorrow, with a little wind from the west.", "en-us", 160)
    + speak("I am happy to help you with lights, with timers, and with the weather.", "en-us", 160)
)
SECOND = SPEECH.rate


class Trial:
    """A canceller in a room, with its input and output."""

    def __init__(self, room: SimulatedRoom, store: StoredValue[StoredPath] | None = None) -> None:
        self.room = room
        self.reference = PlaybackReference()
        self.canceller = EchoCanceller(self.reference, store)
        self.raw = b""
        self.clean = b""

    def run(self, sound: Samples, jump: int = -1) -> None:
        """Play a sound as `Playback` does, a quarter of a second ahead; after `jump` samples it
        is late by a tenth of a second."""
        handed = 0
        for position in range(0, len(sound), CHUNK):
            if position <= jump < position + CHUNK:
                self.room.hand(bytes(2 * 1600))
            while handed < min(len(sound), position + SECOND // 4):
                block = pcm(sound[handed : handed + 1600])
                self.reference.played(block, SPEECH)
                self.room.hand(block)
                handed += 1600
            self.listen(CHUNK)

    def listen(self, count: int) -> None:
        for _ in range(0, count, CHUNK):
            heard = self.room.step()
            self.reference.advance(CHUNK)
            self.raw += heard
            self.clean += self.canceller.process(heard)

    def removed(self, seconds: float) -> float:
        """Return the decibels removed in the last `seconds`."""
        count = 2 * round(seconds * SECOND)
        before, after = samples(self.raw[-count:]), samples(self.clean[-count:])
        return float(20 * np.log10(before.std() / after.std()))


@pytest.mark.parametrize("latency", [0.005, 0.1, 0.9])
def test_the_echo_is_cancelled(latency: float) -> None:
    trial = Trial(SimulatedRoom(leak=1.0, latency=latency))
    trial.run(TALK)
    assert trial.removed(1.5) > 15
    trial.listen(3 * SECOND)
    trial.run(TALK)
    assert trial.removed(5.0) > 22


def test_after_a_restart_the_first_reply_is_cancelled_like_later_ones(tmp_path: Path) -> None:
    store = StoredValue("echo", StoredPath, StoredPath(), tmp_path)
    removed = []
    for latency in (0.1, 0.13):  # no player's buffers are filled in quite the same time
        trial = Trial(SimulatedRoom(leak=1.0, latency=latency), store)
        trial.run(TALK[: 3 * SECOND // 2])
        removed.append(trial.removed(0.75))
        trial.run(TALK)
        trial.listen(4 * SECOND)
    assert removed[1] > removed[0] + 3
    assert removed[1] > 30


@pytest.mark.parametrize("taps", [b"1234", b"123"])
def test_an_invalid_stored_path_is_ignored(tmp_path: Path, taps: bytes) -> None:
    store = StoredValue("echo", StoredPath, StoredPath(), tmp_path)
    store.write(StoredPath(taps))
    trial = Trial(SimulatedRoom(leak=1.0), store)
    trial.run(TALK)
    assert trial.removed(1.5) > 15


def test_sound_is_unchanged_without_playback_and_without_an_echo() -> None:
    trial = Trial(SimulatedRoom(leak=0.0))
    trial.room.say(at_level(samples(speak("okay nabu")), -26), 2.0)
    trial.listen(3 * SECOND)
    trial.run(TALK)
    assert trial.clean == trial.raw[: len(trial.clean)]
    assert len(trial.raw) - len(trial.clean) < 2 * CHUNK
    assert trial.reference.delay is None


def test_no_sample_is_lost_or_added() -> None:
    trial = Trial(SimulatedRoom(leak=1.0))
    trial.run(TALK)
    trial.listen(4 * SECOND)
    assert len(trial.clean) == len(trial.raw)
    assert trial.clean[-SECOND:] == trial.raw[-SECOND:]


def test_a_voice_over_the_echo_is_preserved() -> None:
    trial = Trial(SimulatedRoom(leak=1.0))
    trial.run(TALK)
    voice = at_level(samples(speak("okay nabu, turn on the lamp", "en-us+m3")), -24)
    start = trial.room.now
    trial.room.say(voice, 0.0)
    trial.run(TALK[: len(voice)])
    count = len(voice) // CHUNK * CHUNK - CHUNK
    cleaned = samples(trial.clean[2 * start :])[:count]
    assert loudness(cleaned) == pytest.approx(loudness(voice), abs=2)
    assert np.corrcoef(cleaned, voice[:count])[0, 1] > 0.9


@pytest.mark.parametrize("drift", [1e-4, -3e-5])
def test_drifting_clocks(drift: float) -> None:
    """100 ppm is the difference of two cheap crystals."""
    trial = Trial(SimulatedRoom(leak=1.0, drift=drift))
    trial.run(TALK)
    trial.run(TALK)
    assert trial.removed(5.0) > 18


def test_a_sound_that_begins_late_is_realigned() -> None:
    """A player's buffers are filled in a different time for each sound."""
    trial = Trial(SimulatedRoom(leak=1.0))
    trial.run(TALK)
    trial.listen(2 * SECOND)
    trial.room.hand(bytes(2 * 700))
    trial.run(TALK)
    assert trial.removed(6.0) > 20


@pytest.mark.parametrize("latency", [0.45, 0.9])
def test_a_later_reply_is_cancelled_from_its_first_half_second(latency: float) -> None:
    """Where the echo is that late, the first look must not take noise for it: whether it does is
    a matter of chance, and so of the pause between the replies."""
    trial = Trial(SimulatedRoom(leak=1.0, latency=latency))
    trial.run(TALK)
    trial.listen(3 * SECOND)
    for _ in range(40):
        trial.listen(2 * CHUNK)
        later = copy.deepcopy(trial)
        echo = 2 * (later.room.now + round(latency * SECOND))
        later.run(TALK[: 3 * SECOND // 2])
        heard, rest = (
            samples(audio[echo : echo + SECOND][: len(later.clean) - echo])
            for audio in (later.raw, later.clean)
        )
        assert 20 * np.log10(heard.std() / rest.std()) > 20


def test_an_echo_that_is_much_earlier_than_the_last_is_found_within_its_delay() -> None:
    """As when the speaker is changed from Bluetooth to a cable."""
    trial = Trial(SimulatedRoom(leak=1.0))
    trial.room.hand(bytes(2 * SECOND))
    trial.run(TALK)
    trial.listen(3 * SECOND)
    trial.run(TALK[: 3 * SECOND])
    assert trial.removed(1.0) > 20


def test_an_echo_that_jumps_is_found_again_within_a_second() -> None:
    """As it does where a sound server loses sound, on a busy machine."""
    trial = Trial(SimulatedRoom(leak=1.0))
    trial.run(TALK)
    trial.listen(2 * SECOND)
    jump = 3 * SECOND
    trial.run(TALK[: jump + 2 * SECOND], jump)
    before = samples(trial.raw)[-SECOND // 2 :].std()
    assert 20 * np.log10(before / samples(trial.clean)[-SECOND // 2 :].std()) > 20


def test_a_voice_over_the_very_first_sound_is_not_learned_as_echo() -> None:
    trial = Trial(SimulatedRoom(leak=0.3))
    voice = np.resize(samples(speak("okay nabu, turn on the lamp", "en-us+m3")), 3 * SECOND)
    trial.room.say(at_level(voice, -24), 0.0)
    trial.run(TALK[: 3 * SECOND])
    assert loudness(samples(trial.clean)) <= loudness(samples(trial.raw)) + 0.5
    trial.listen(SECOND)
    trial.run(TALK)
    assert trial.removed(2.0) > 20


def test_after_a_stopped_sound_the_next_words_are_unchanged() -> None:
    trial = Trial(SimulatedRoom(leak=1.0))
    trial.run(TALK)
    trial.reference.played(pcm(TALK[:SECOND]), SPEECH)
    trial.room.hand(pcm(TALK[:SECOND]))
    trial.listen(SECOND // 4)
    trial.room.hush()
    trial.reference.silenced()
    trial.listen(2 * SECOND)
    assert trial.clean[-SECOND:] == trial.raw[-SECOND:]


def test_tones_and_noise_do_no_harm() -> None:
    trial = Trial(SimulatedRoom(leak=1.0))
    time = np.arange(3 * SECOND) / SECOND
    trial.run(8000 * np.sin(2 * np.pi * 440 * time))
    trial.run(room_noise(3.0, -20))
    assert loudness(samples(trial.clean)) <= loudness(samples(trial.raw)) + 0.5


class OddTrial(Trial):
    """Reads pieces that are not whole blocks, as some programs write them: a part always waits."""

    def listen(self, count: int) -> None:
        for _ in range(0, count, CHUNK):
            heard = self.room.step()
            self.raw += heard
            for piece in (heard[:502], heard[502:]):
                self.reference.advance(len(piece) // 2)
                self.clean += self.canceller.process(piece)


def test_the_fit_is_independent_of_the_sizes_of_pieces() -> None:
    trial = OddTrial(SimulatedRoom(leak=1.0))
    trial.run(TALK)
    assert trial.removed(1.0) > 15
