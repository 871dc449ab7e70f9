"""The sound of a piece: its first part is small, and the others are ready in time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest

from servers.tts.piper.level import Level
from servers.tts.piper.piece_sound import FIRST, LONGEST, Pace, PieceSound

RATE, HOP = 16000, 160
FRAME = HOP / RATE


@dataclass
class Sentence:
    """Frames whose samples have the frame's number as a value."""

    frames: int
    in_parts: bool = True
    margin: int = 8
    hop: int = HOP
    taken: list[tuple[int, int]] = field(default_factory=list)

    def samples(self, begin: int, end: int) -> Any:
        self.taken.append((begin, end))
        return np.repeat(np.arange(begin, end), HOP).astype(np.float32) / 10_000


def pace(ratio: float) -> Pace:
    found = Pace()
    found.add(1.0, ratio)
    found.add = lambda sound, work: None  # type: ignore[method-assign]
    return found


def piece(ratio: float | None, *sentences: Sentence) -> PieceSound:
    level = Level()
    level.peak = 1.0
    known = Pace() if ratio is None else pace(ratio)
    return PieceSound([lambda each=each: each for each in sentences], level, known, RATE)  # type: ignore[misc]


def frames(part: bytes) -> int:
    return len(part) // 2 // HOP


def test_the_first_part_is_short_and_the_rest_follows_while_it_is_heard() -> None:
    sentence = Sentence(300)
    sound = piece(0.1, sentence)
    first = sound.take(None)
    assert frames(first) == round(FIRST / FRAME)
    rest = [sound.take(lambda: FIRST)]
    # half of the time for 0.25 s of playback, and two margins
    assert frames(rest[0]) == round(0.5 * FIRST / 0.1 / FRAME) - 16
    while not sound.done:
        rest.append(sound.take(lambda: 2.0))
    assert sentence.taken[-1][1] == 300
    assert len(rest) == 2
    samples = np.frombuffer(first + b"".join(rest), "<i2")
    expected = (np.repeat(np.arange(300), HOP).astype(np.float32) / 10_000 * 32767).astype("<i2")
    np.testing.assert_array_equal(samples, expected)


@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.35, 0.45])
def test_no_part_is_late_on_a_machine_that_can(ratio: float) -> None:
    sentence = Sentence(1000)
    sound = piece(ratio, sentence)
    ahead = frames(sound.take(None)) * FRAME
    while not sound.done:
        part = sound.take(partial(float, ahead))
        made = (frames(part) + 2 * sentence.margin) * FRAME * ratio
        assert made <= ahead
        ahead += frames(part) * FRAME - made


@pytest.mark.parametrize("ratio", [None, 0.5, 3.0])
def test_a_machine_that_is_too_slow_makes_sentences_as_a_whole(ratio: float | None) -> None:
    sound = piece(ratio, Sentence(300))
    assert frames(sound.take(None)) == 300
    assert sound.done


def test_all_of_a_sentence_is_taken_where_parts_are_of_no_use() -> None:
    whole, busy = Sentence(300, in_parts=False), Sentence(200)
    assert frames(piece(0.1, whole).take(None)) == 300
    assert frames(piece(0.1, busy).take(lambda: math.inf)) == 200


@pytest.mark.parametrize("ratio", [0.02, 0.1, 0.2])
def test_no_part_takes_much_longer_than_others_may_wait(ratio: float) -> None:
    sentence = Sentence(5000)
    sound = piece(ratio, sentence)
    while not sound.done:
        sound.take(lambda: math.inf)
    assert sentence.taken[-1][1] == 5000
    work = [ratio * (end - begin + 2 * sentence.margin) * FRAME for begin, end in sentence.taken]
    assert max(work) < 1.1 * LONGEST


def test_a_short_rest_is_no_part_of_its_own() -> None:
    sound = piece(0.1, Sentence(30))
    assert frames(sound.take(None)) == 30
    assert sound.done


def test_sentences_follow_each_other_and_an_empty_piece_has_none() -> None:
    sound = piece(0.1, Sentence(20), Sentence(0), Sentence(20))
    parts = []
    while not sound.done:
        parts.append(frames(sound.take(lambda: 5.0)))
    assert parts == [20, 0, 20]
    empty = piece(0.1)
    assert empty.done
    assert empty.take(None) == b""


def test_the_pace_is_that_of_recent_parts() -> None:
    measured = Pace()
    assert measured.first(0.1) == math.inf
    measured.add(2.0, 0.2)
    assert measured.ratio == pytest.approx(0.1)
    measured.add(1.0, 1.1)
    assert measured.ratio == pytest.approx(0.4)
