"""Tapes for tests/bench/echo_cancellation.py: what a microphone hears while a speaker plays.

A tape does not depend on the canceller that hears it: replies are played to their end, wake words
or not.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.values import SPEECH
from tests.bench.echo_candidates import Candidate
from tests.support.acoustics import RATE, Samples, at_level, heard, loudness, pcm, response
from tests.support.simulated_room import BUFFER, CHUNK, SimulatedRoom

PERSON = -28.0
"""dBFS of the person at the microphone."""
PERSON_AWAY = 1.5
"""Metres from the person to the microphone."""
NOISE = -62.0
"""dBFS of the room."""
PAUSE = 4.0
"""Seconds between two replies."""
BLOCK = 1600
"""Samples that the speaker is handed at once."""
ONSET = (0.8, 4.0)
"""Seconds into a reply at which the wake word begins, at random."""


class Condition(msgspec.Struct, frozen=True):
    """What a tape is made under."""

    louder: float
    """Decibels by which the echo is louder than the person, at the microphone."""
    latency: float
    """Seconds by which the echo is late."""
    drift: float
    """How much faster the speaker's clock is (1e-4 is 100 ppm)."""
    bent: bool
    """Whether the loudspeaker distorts, 21 to 22 dB below the sound."""
    distance: float
    """Metres from the speaker to the microphone."""
    reverberation: float
    """Seconds in which sound in the room falls by 60 dB."""

    def __str__(self) -> str:
        return (
            f"{self.louder:+.0f} dB, {1000 * self.latency:.0f} ms, {1e6 * self.drift:.0f} ppm, "
            f"{'bent' if self.bent else 'straight'}, {self.distance:g} m, "
            f"RT {self.reverberation:g} s"
        )


class Tape:
    """Records a room, and plays the recording to a canceller as the satellite does."""

    def __init__(self, condition: Condition, loudest: Samples) -> None:
        """`loudest` is a reply by which the level of the echo is set."""
        self.condition = condition
        self.echoes: list[int] = []
        """Positions (in samples) at which the echo of each reply begins."""
        self.word_ends: list[int] = []
        """Positions at which the person has said each word."""
        self._steps: list[tuple[list[bytes], bytes]] = []
        path = response(condition.distance, condition.reverberation, 5)
        leak = 10 ** ((PERSON + condition.louder - loudness(heard(loudest, path))) / 20)
        self._room = SimulatedRoom(
            leak=leak,
            latency=condition.latency,
            distance=condition.distance,
            reverberation=condition.reverberation,
            noise=NOISE,
            drift=condition.drift,
        )
        self._way = response(PERSON_AWAY, condition.reverberation, 11)

    @property
    def seconds(self) -> float:
        return len(self._steps) * CHUNK / RATE

    def wait(self, seconds: float) -> None:
        """Record the room."""
        for _ in range(round(seconds * RATE / CHUNK)):
            self._steps.append(([], self._room.step()))

    def play(self, sound: Samples) -> None:
        """Record while a sound is played, handed over a quarter of a second ahead."""
        self.echoes.append(self._room.now + round(self.condition.latency * RATE))
        handed = 0
        for position in range(0, len(sound), CHUNK):
            blocks = []
            while handed < min(len(sound), position + BUFFER):
                block = sound[handed : handed + BLOCK]
                blocks.append(pcm(block))
                self._room.hand(pcm(bent(block) if self.condition.bent else block))
                handed += BLOCK
            self._steps.append((blocks, self._room.step()))

    def say(self, word: Samples, after: float) -> None:
        """Have the person say a word, `after` seconds."""
        said = at_level(heard(np.pad(word, (0, RATE // 4)), self._way), PERSON)
        self.word_ends.append(self._room.say(said, after))

    def microphone(self) -> bytes:
        """All that was heard."""
        return b"".join(heard for _, heard in self._steps)

    def through(self, candidate: Candidate, reference: PlaybackReference) -> Iterator[bytes]:
        """Play the tape; yield what a canceller makes of each chunk."""
        for blocks, heard_ in self._steps:
            for block in blocks:
                reference.played(block, SPEECH)
            reference.advance(len(heard_) // 2)
            yield candidate.process(heard_)


def echo_tape(condition: Condition, replies: Sequence[Samples]) -> Tape:
    """Two replies of at least 13 s, and no other voice."""
    seconds = np.concatenate(replies)
    first = np.resize(seconds, max(len(seconds) // 2, 13 * RATE))
    tape = Tape(condition, first)
    tape.wait(1.0)
    for _ in range(2):
        tape.play(first)
        tape.wait(PAUSE)
        first = np.resize(np.roll(seconds, -len(seconds) // 2), len(first))
    return tape


def wake_tape(
    condition: Condition,
    replies: Sequence[Samples],
    words: Sequence[Samples],
    seed: int,
    *,
    play: bool = True,
) -> Tape:
    """One of the words over each of the replies, at a random moment of it; with `play` false, the
    same words in a quiet room."""
    chance = random.Random(seed)
    tape = Tape(condition, replies[0])
    tape.wait(2.0)
    for number, reply in enumerate(replies):
        tape.say(words[(number + seed) % len(words)], chance.uniform(*ONSET))
        if play:
            tape.play(reply)
        else:
            tape.wait(len(reply) / RATE)
        tape.wait(PAUSE)
    return tape


def bent(sound: Samples) -> Samples:
    """What a small loudspeaker makes of a sound: soft clipping and an even harmonic, no memory."""
    loud = sound / 32768
    return np.asarray((np.tanh(1.5 * loud) / 1.5 + 0.15 * loud**2) * 32768)
