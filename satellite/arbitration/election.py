"""Who answers a wake word that several satellites heard: the decision, without socket or clock.

Every satellite that hears the word *claims* it, tells how well it heard it (its rank), and says so
again and again for a short window. Then:

- who is undecided gives up as soon as it knows a better claim to the same word, or that somebody
  has decided to answer it, however bad;
- who still claims when its window is over decides to answer, and says so, again and again;
- who has decided gives up only when it hears that a better one has decided, too.

So at least one answers: the best of those who decide never gives up, and if nobody decided, the
best of those who claim would have nobody to give up for. And only one does, unless every message
of one that could have told the other was lost: a late one gives up whatever its rank, an early one
that is worse gives up before its window is over, and of two that have decided the worse one goes
back to sleep when it hears of the other.

All times are seconds of one monotonic clock of this satellite; others tell only how long ago
something was.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Literal

import msgspec

from satellite.arbitration.protocol import Claim, Rank

CLAIMS = (0.0, 0.003, 0.006, 0.01, 0.015, 0.024, 0.036, 0.05, 0.065, 0.08)
"""Seconds after a wake at which it is claimed: most of them at once, as somebody else's window may
be nearly over. With one of five lost, a satellite misses all of the first five in 3 of 10,000
cases, all of them in one of ten millions."""

ANSWERS = (0.0, 0.004, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6)
"""Seconds after a decision at which it is told, to detectors that are late as well."""

SAME = 0.6
"""Seconds between two wakes of one word being said: detectors differ by up to 0.3 s."""

ANSWERED = 2.0
"""Seconds after an answered wake in which the word is the same word: detectors that rest are late,
and none hears a word twice within that time."""

FORGET = 4.0
"""Seconds for which others' claims are remembered."""

MOST = 64
"""Claims remembered: more than a house's."""

REPLIES = 20
"""Times that one wake is told again because somebody seems not to know of it."""

SPACING = 0.002
"""Seconds between two of those."""

LEAST = 0.04
"""Seconds that others have to answer our first claim, however long it took us to make it."""

AT_ONCE = 3
"""Times that something is told at once by who is late with it: each of them may get lost."""


class State(Enum):
    """What has become of a claim of ours."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Announcement(msgspec.Struct, frozen=True):
    """Something to tell the others."""

    kind: Literal["claim", "answer"]
    claim: Claim


class Bid:
    """A wake word that this satellite heard."""

    def __init__(
        self, event: int, word: str, rank: Rank, print_: bytes, now: float, until: float
    ) -> None:
        self.word = word
        self.rank = rank
        self.at = now
        """When it was heard."""
        self.until = until
        """When it is decided."""
        self.told = False
        """Others were told of it."""
        self.state = State.OPEN
        self.to: str | None = None
        """The id of who answers, when it is lost."""
        self.event = event
        self.print = print_
        self.schedule = [now + after for after in CLAIMS]
        self.replies = REPLIES
        self.replied = float("-inf")

    def claim(self, now: float) -> Claim:
        """What the others are told of it."""
        age = min(5.0, max(0.0, now - self.at))
        return Claim(self.event, self.word, age, self.rank, self.print)


class _RivalBid(msgspec.Struct):
    """A wake that another satellite heard."""

    word: str
    rank: Rank
    at: float
    answered: bool


class Election:
    """One satellite's part in it. Call `due` at `next`, and after anything else that it is told."""

    def __init__(self, first: int = 0) -> None:
        """Number our own wakes from `first` on."""
        self.bid: Bid | None = None
        """The last wake of ours."""
        self._events = first
        self._others: dict[tuple[str, int], _RivalBid] = {}

    def wake(self, now: float, word: str, rank: Rank, print_: bytes, window: float) -> Bid:
        """We heard a word; it is decided `window` seconds later, or has been already."""
        self._events += 1
        bid = self.bid = Bid(self._events, word, rank, print_, now, now + window)
        self._forget(now)
        for other in self._others.values():
            self._compare(bid, other)
        if window <= 0 and bid.state is State.OPEN:
            self._win(bid, now)
        return bid

    def hear(self, now: float, claim: Claim, *, answered: bool) -> bool:
        """Another satellite heard a word, and has perhaps decided to answer; say whether that is
        news."""
        self._forget(now)
        key = claim.rank.satellite, claim.event
        other = self._others.get(key)
        news = other is None
        if other is None:
            if len(self._others) >= MOST:
                return False
            at = now - claim.age
            other = self._others[key] = _RivalBid(claim.word, claim.rank, at, answered)
        other.answered = other.answered or answered
        if self.bid is not None:
            self._compare(self.bid, other)
            self._tell_again(self.bid, other, now)
        return news

    def known(self, now: float, claim: Claim) -> bool:
        """Whether the word that is claimed is one that we have heard ourselves."""
        at = now - claim.age
        bid = self.bid
        return bid is not None and bid.word == claim.word and abs(bid.at - at) <= ANSWERED

    def withdraw(self) -> None:
        """We cannot answer what we claim."""
        if self.bid is not None:
            self.bid.state = State.LOST
            self.bid.schedule.clear()

    @property
    def next(self) -> float | None:
        """When `due` has something to say or to decide; None for never."""
        if (bid := self.bid) is None or bid.state is State.LOST:
            return None
        times = [bid.schedule[0]] if bid.schedule else []
        if bid.state is State.OPEN:
            times.append(bid.until)
        return min(times, default=None)

    def due(self, now: float) -> Iterator[Announcement]:
        """Decide what is to be decided by now; yield what is to be told."""
        if (bid := self.bid) is None or bid.state is State.LOST:
            return
        if not bid.told:
            bid.told = True
            bid.until = max(bid.until, now + LEAST)
        if bid.state is State.OPEN and now >= bid.until:
            self._win(bid, now)
        late = 0
        while bid.schedule and bid.schedule[0] <= now:
            bid.schedule.pop(0)
            late += 1
        for _ in range(min(late, AT_ONCE)):
            yield Announcement("claim" if bid.state is State.OPEN else "answer", bid.claim(now))

    def _win(self, bid: Bid, now: float) -> None:
        bid.state = State.WON
        bid.schedule = [now + after for after in ANSWERS]

    def _compare(self, bid: Bid, other: _RivalBid) -> None:
        if bid.state is State.LOST or not _is_same_utterance(bid, other):
            return
        better = other.rank > bid.rank
        lost = other.answered and better if bid.state is State.WON else other.answered or better
        if lost:
            bid.state, bid.to = State.LOST, other.rank.satellite
            bid.schedule.clear()

    def _tell_again(self, bid: Bid, other: _RivalBid, now: float) -> None:
        """Who claims what is ours has perhaps not heard of us."""
        if bid.state is State.LOST or not _is_same_utterance(bid, other) or not bid.replies:
            return
        if now - bid.replied >= SPACING:
            bid.replies -= 1
            bid.replied = now
            bid.schedule.insert(0, now)

    def _forget(self, now: float) -> None:
        old = [key for key, other in self._others.items() if now - other.at > FORGET]
        for key in old:
            del self._others[key]


def _is_same_utterance(bid: Bid, other: _RivalBid) -> bool:
    """Whether two wakes are one word being said once."""
    apart = abs(bid.at - other.at)
    return bid.word == other.word and apart <= (ANSWERED if other.answered else SAME)
