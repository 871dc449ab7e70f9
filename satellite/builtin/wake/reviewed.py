"""Thresholds of wake words, adjusted by the answers of people to `satellite wake review`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from satellite.builtin.wake.bundled_models import spelled
from satellite.builtin.wake.sensitivity import stepped
from satellite.lib.persistence import StoredValue

BOUND = 2
"""Steps from the usual threshold, down or up. Two down halve it: sounds below half of a threshold
are no near misses, so that no answer is about them. Two up are its root, as after false wakes."""

MOST_WORDS = 64
LONGEST = 100
"""Characters of a word: more than names of models have."""
MOST_ANSWERED = 1000
"""Recordings that are not asked about again: more than twice as many as are stored by default."""

Step = Annotated[int, msgspec.Meta(ge=-BOUND, le=BOUND)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
RecordingId = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Steps = Annotated[dict[Word, Step], msgspec.Meta(max_length=MOST_WORDS)]
Ids = Annotated[tuple[RecordingId, ...], msgspec.Meta(max_length=MOST_ANSWERED)]


class Answer(msgspec.Struct, frozen=True):
    """The answer about a recording."""

    recording: str
    """ID of the recording."""
    word: str
    near_miss: bool
    """Whether the word was rejected; otherwise nothing was said after it."""
    spoken: bool
    """Whether a person claims to have spoken the word."""


class Before(msgspec.Struct, frozen=True):
    """The state before a review."""

    steps: Steps = {}
    answered: Ids = ()


class Reviewed(msgspec.Struct, frozen=True):
    """Results of the reviews of one satellite."""

    steps: Steps = {}
    """Steps up (or down, where negative) from the usual threshold, by the word as `spelled`."""
    answered: Ids = ()
    """Recordings that were answered, the newest last."""
    before: Before | None = None
    """What the latest review replaced, until it is undone."""

    def step(self, word: str) -> int:
        """Return the steps from a word's usual threshold."""
        return self.steps.get(spelled(word), 0)

    def threshold(self, word: str, usual: float) -> float:
        """Return the score, 0 to 1, that a word needs instead of the usual one."""
        return stepped(usual, self.step(word))

    def after(self, answers: Sequence[Answer]) -> Reviewed:
        """Return the state after a review.

        A word moves by one step at most: down for more near misses that were the word than false
        wakes, up for more false wakes. Other answers say that the engine was right.
        """
        steps = dict(self.steps)
        for word, balance in _balances(answers).items():
            step = steps.pop(word, 0) + (balance > 0) - (balance < 0)
            if step and 1 <= len(word) <= LONGEST and len(steps) < MOST_WORDS:
                steps[word] = max(-BOUND, min(BOUND, step))
        new = [each.recording for each in answers]
        answered = (*self.answered, *new)[-MOST_ANSWERED:]
        return Reviewed(steps, answered, Before(self.steps, self.answered))

    def undone(self) -> Reviewed | None:
        """Return the state before the latest review; None if there is none to undo."""
        if self.before is None:
            return None
        return Reviewed(self.before.steps, self.before.answered)


def _balances(answers: Sequence[Answer]) -> Mapping[str, int]:
    """Return false wakes less near misses that were the word, by word."""
    found: dict[str, int] = {}
    for answer in answers:
        word = spelled(answer.word)
        wrong = answer.spoken == answer.near_miss
        found[word] = found.get(word, 0) + (wrong and (-1 if answer.near_miss else 1))
    return found


def reviewed_store(satellite: str) -> StoredValue[Reviewed]:
    """Return the file of a satellite's reviews."""
    return StoredValue.for_satellite("wake-review", satellite, Reviewed, Reviewed())
