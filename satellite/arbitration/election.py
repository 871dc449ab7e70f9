"""Election of the satellite that answers a wake word which several heard. No sockets, no clock.

Every satellite that hears the word *claims* it, announces how well it heard it (its rank), and
repeats the claim for a short window. Then:

- an undecided satellite gives up as soon as it learns of a better claim to the same word, or of a
decision to answer it, whatever the rank of that one; - a satellite that still claims at the end of
its window decides to answer, and repeats the decision; - a decided satellite gives up only when it
learns that a better one has decided, too.

So at least one answers: the best of the decided satellites never gives up, and if none had decided,
the best of the claiming ones would have no reason to give up. And only one answers, unless every
message by which one could have learned of the other was lost: a late one gives up whatever its
rank, an early and worse one gives up before its window ends, and of two decided satellites the
worse one withdraws when it learns of the other.

All times are seconds of one monotonic clock of this satellite; messages contain only ages.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Literal

import msgspec

from satellite.arbitration.protocol import Claim, Rank

CLAIMS = (0.0, 0.003, 0.006, 0.01, 0.015, 0.024, 0.036, 0.05, 0.065, 0.08)
"""Seconds after a wake at which it is claimed: most of them early, because the window of another
satellite may be nearly over. With one message of five lost, a satellite misses all of the first
five in 3 of 10,000 cases, and all of them in one of ten million."""

ANSWERS = (0.0, 0.004, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6)
"""Seconds after a decision at which it is announced, also for detectors that fire late."""

SAME = 0.6
"""Seconds between two wakes of one spoken word, at most: detectors differ by up to 0.3 s."""

ANSWERED = 2.0
"""Seconds after an answered wake within which the word counts as the same: idle detectors fire
late, and none fires twice within this time."""

FORGET = 4.0
"""Seconds for which claims of others are remembered."""

MOST = 64
"""Claims remembered: more than a house makes."""

REPLIES = 20
"""Repeats of one announcement for satellites that seem to have missed it."""

SPACING = 0.002
"""Seconds between two such repeats."""

LEAST = 0.04
"""Seconds that others have to answer the first claim, however late it was made."""

AT_ONCE = 3
"""Overdue announcements sent at once: each of them may get lost."""


class BidState(Enum):
    """The state of a claim of this satellite."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


BidKind = Literal["claim", "answer"]


class BidAnnouncement(msgspec.Struct, frozen=True):
    """A message for the other satellites."""

    kind: BidKind
    claim: Claim


class Bid:
    """A wake word that this satellite heard."""

    def __init__(
        self, event: int, word: str, rank: Rank, print_: bytes, now: float, decide_at: float
    ) -> None:
        self.word = word
        self.rank = rank
        self.heard_at = now
        self.decide_at = decide_at
        self.announced = False
        """Whether it was claimed to the others."""
        self.state = BidState.OPEN
        self.winner: str | None = None
        """Id of the satellite that answers, if the bid is lost."""
        self.event = event
        self.print = print_
        self.schedule = [now + after for after in CLAIMS]
        self.replies = REPLIES
        self.replied = float("-inf")

    def claim(self, now: float) -> Claim:
        """Return the claim of it that is sent to the others."""
        age = min(5.0, max(0.0, now - self.heard_at))
        return Claim(self.event, self.word, age, self.rank, self.print)


class _RivalBid(msgspec.Struct):
    """A wake that another satellite heard."""

    word: str
    rank: Rank
    heard_at: float
    answered: bool


class Election:
    """The part of one satellite. Call `due` at `next_due`, and after every other call."""

    def __init__(self, first: int = 0) -> None:
        """Number the wakes of this satellite from `first` + 1."""
        self.bid: Bid | None = None
        """The last wake of this satellite."""
        self._events = first
        self._others: dict[tuple[str, int], _RivalBid] = {}

    def wake(self, now: float, word: str, rank: Rank, print_: bytes, window: float) -> Bid:
        """Enter a word heard here; it is decided `window` seconds later, or is lost already."""
        self._events += 1
        bid = self.bid = Bid(self._events, word, rank, print_, now, now + window)
        self._expire(now)
        for other in self._others.values():
            self._compare(bid, other)
        if window <= 0 and bid.state is BidState.OPEN:
            self._win(bid, now)
        return bid

    def receive(self, now: float, claim: Claim, *, answered: bool) -> bool:
        """Take the claim of another satellite, or its decision if `answered`; return whether the
        claim is new."""
        self._expire(now)
        key = claim.rank.satellite, claim.event
        other = self._others.get(key)
        news = other is None
        if other is None:
            if len(self._others) >= MOST:
                return False
            heard_at = now - claim.age
            other = self._others[key] = _RivalBid(claim.word, claim.rank, heard_at, answered)
        other.answered = other.answered or answered
        if self.bid is not None:
            self._compare(self.bid, other)
            self._repeat_for(self.bid, other, now)
        return news

    def has_own(self, now: float, claim: Claim) -> bool:
        """Return whether the claimed word was heard by this satellite as well."""
        heard_at, bid = now - claim.age, self.bid
        if bid is None or bid.word != claim.word:
            return False
        return abs(bid.heard_at - heard_at) <= ANSWERED

    def withdraw(self) -> None:
        """Give up the last wake: this satellite cannot answer it."""
        if self.bid is not None:
            self.bid.state = BidState.LOST
            self.bid.schedule.clear()

    @property
    def next_due(self) -> float | None:
        """When `due` has something to announce or to decide; None for never."""
        if (bid := self.bid) is None or bid.state is BidState.LOST:
            return None
        times = [bid.schedule[0]] if bid.schedule else []
        if bid.state is BidState.OPEN:
            times.append(bid.decide_at)
        return min(times, default=None)

    def due(self, now: float) -> Iterator[BidAnnouncement]:
        """Decide if it is time to; yield the announcements that are due."""
        if (bid := self.bid) is None or bid.state is BidState.LOST:
            return
        if not bid.announced:
            bid.announced = True
            bid.decide_at = max(bid.decide_at, now + LEAST)
        if bid.state is BidState.OPEN and now >= bid.decide_at:
            self._win(bid, now)
        late = 0
        while bid.schedule and bid.schedule[0] <= now:
            bid.schedule.pop(0)
            late += 1
        for _ in range(min(late, AT_ONCE)):
            kind: BidKind = "claim" if bid.state is BidState.OPEN else "answer"
            yield BidAnnouncement(kind, bid.claim(now))

    def _win(self, bid: Bid, now: float) -> None:
        bid.state = BidState.WON
        bid.schedule = [now + after for after in ANSWERS]

    def _compare(self, bid: Bid, other: _RivalBid) -> None:
        if bid.state is BidState.LOST or not _is_same_utterance(bid, other):
            return
        better = other.rank > bid.rank
        lost = other.answered and better if bid.state is BidState.WON else other.answered or better
        if lost:
            bid.state, bid.winner = BidState.LOST, other.rank.satellite
            bid.schedule.clear()

    def _repeat_for(self, bid: Bid, other: _RivalBid, now: float) -> None:
        """Repeat an announcement for a satellite that claims the same word, and so may have missed
        it."""
        if bid.state is BidState.LOST or not _is_same_utterance(bid, other) or not bid.replies:
            return
        if now - bid.replied >= SPACING:
            bid.replies -= 1
            bid.replied = now
            bid.schedule.insert(0, now)

    def _expire(self, now: float) -> None:
        old = [key for key, other in self._others.items() if now - other.heard_at > FORGET]
        for key in old:
            del self._others[key]


def _is_same_utterance(bid: Bid, other: _RivalBid) -> bool:
    """Return whether two wakes belong to one spoken word."""
    apart = abs(bid.heard_at - other.heard_at)
    return bid.word == other.word and apart <= (ANSWERED if other.answered else SAME)
