"""Elections with messages that are lost, late, duplicated and out of order."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from satellite.arbitration.election import Bid, BidAnnouncement, BidState, Election
from satellite.arbitration.protocol import Claim, Rank

WORD = "okay nabu"
WINDOW = 0.094


class Wake(msgspec.Struct, frozen=True):
    """A wake of one satellite: time, quality and confidence, and the offset of its clock."""

    at: float
    quality: int
    score: int
    clock: float
    busy: bool = False


Delivery = Callable[[int, int, BidAnnouncement], list[float]]
"""Returns the delays in seconds of the copies of a message from one satellite to another."""


class SimulatedHouse:
    """Satellites and the network between them, on a simulated clock."""

    def __init__(self, wakes: list[Wake], deliver: Delivery) -> None:
        self.bids: list[Bid | None] = [None] * len(wakes)
        self.decided: list[float | None] = [None] * len(wakes)
        """The time at which each decided to answer."""
        self.received_before: set[tuple[int, int]] = set()
        """Pairs of a sender and a satellite that received its claim before it decided."""
        self._wakes = wakes
        self._deliver = deliver
        self._elections = [Election() for _ in wakes]
        self._queue: list[tuple[float, int, Callable[[float], None]]] = []
        self._scheduled = 0

    def run(self) -> SimulatedHouse:
        for number, wake in enumerate(self._wakes):
            self._at(wake.at, lambda now, n=number: self._wake(n, now))  # type: ignore[misc]
        steps = 0
        while self._queue:
            now, _, do = heapq.heappop(self._queue)
            do(now)
            steps += 1
            assert steps < 20_000, "the election does not end"
        return self

    @property
    def winners(self) -> list[int]:
        return [n for n, bid in enumerate(self.bids) if bid and bid.state is BidState.WON]

    @property
    def best(self) -> int:
        ranks = [bid.rank for bid in self.bids if bid is not None]
        return max(range(len(ranks)), key=lambda n: ranks[n])

    def _wake(self, number: int, now: float) -> None:
        wake = self._wakes[number]
        rank = Rank(wake.busy, wake.quality, wake.score, f"{number:016x}")
        election = self._elections[number]
        self.bids[number] = election.wake(now + wake.clock, WORD, rank, b"", WINDOW)
        self._step(number, now)

    def _step(self, number: int, now: float) -> None:
        clock = self._wakes[number].clock
        election, bid = self._elections[number], self.bids[number]
        for message in election.due(now + clock):
            for other in range(len(self._wakes)):
                if other != number:
                    for after in self._deliver(number, other, message):
                        self._at(now + after, self._arrival(number, other, message))
        if bid is not None and bid.state is BidState.WON and self.decided[number] is None:
            self.decided[number] = now
        if (due := election.next_due) is not None:
            self._at(max(now, due - clock), lambda now: self._due(number, now))

    def _due(self, number: int, now: float) -> None:
        due = self._elections[number].next_due
        if due is not None and due - self._wakes[number].clock <= now + 1e-9:
            self._step(number, now + 1e-6)

    def _arrival(
        self, source: int, number: int, message: BidAnnouncement
    ) -> Callable[[float], None]:
        def arrive(now: float) -> None:
            if self.bids[number] is not None and self.decided[number] is None:
                self.received_before.add((source, number))
            clock = self._wakes[number].clock
            self._elections[number].receive(
                now + clock, message.claim, answered=message.kind == "answer"
            )
            self._step(number, now)

        return arrive

    def _at(self, when: float, do: Callable[[float], None]) -> None:
        self._scheduled += 1
        heapq.heappush(self._queue, (when, self._scheduled, do))


wakes = st.lists(
    st.builds(
        Wake,
        at=st.floats(0, 0.4),
        quality=st.integers(-20, 60),
        score=st.integers(0, 1000),
        clock=st.sampled_from([0.0, 3600.0, -3600.0, 1e9]),
        busy=st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def immediately(source: int, to: int, message: BidAnnouncement) -> list[float]:
    return [0.001]


@given(wakes)
def test_one_satellite_answers_without_losses(entered: list[Wake]) -> None:
    house = SimulatedHouse(entered, immediately).run()
    assert len(house.winners) == 1


@given(st.lists(st.integers(0, 60), min_size=2, max_size=5), st.data())
def test_the_best_placed_satellite_answers_in_any_order(
    levels: list[int], data: st.DataObject
) -> None:
    """Even if detectors are up to 80 ms apart, and clocks disagree."""
    offsets = st.floats(0, 0.08)
    entered = [Wake(data.draw(offsets), level, 900, data.draw(offsets) * 1e5) for level in levels]
    house = SimulatedHouse(entered, immediately).run()
    assert house.winners == [house.best]


@settings(max_examples=100)
@given(wakes, st.randoms(use_true_random=False), st.floats(0, 1))
def test_with_any_losses_one_answers_and_none_beside_a_better_one_it_received(
    entered: list[Wake], random: object, loss: float
) -> None:
    draw = random.random  # type: ignore[attr-defined]

    def deliver(source: int, to: int, message: BidAnnouncement) -> list[float]:
        copies = 1 + (draw() < 0.1)
        return [draw() * 0.2 for _ in range(copies) if draw() >= loss]

    house = SimulatedHouse(entered, deliver).run()
    assert house.winners
    for better, worse in house.received_before:
        one, two = house.bids[better], house.bids[worse]
        if one and two and one.rank > two.rank:
            assert not {better, worse} <= set(house.winners)


@settings(max_examples=50)
@given(wakes, st.randoms(use_true_random=False))
def test_one_satellite_answers_with_a_fifth_of_messages_lost(
    entered: list[Wake], random: object
) -> None:
    def deliver(source: int, to: int, message: BidAnnouncement) -> list[float]:
        return [0.001] if random.random() >= 0.2 else []  # type: ignore[attr-defined]

    assert len(SimulatedHouse(entered, deliver).run().winners) == 1


def claim(quality: int, *, age: float = 0.0, word: str = WORD, event: int = 1) -> Claim:
    return Claim(event, word, age, Rank(False, quality, 500, "f" * 16))


def bid(election: Election, now: float, quality: int = 20, window: float = WINDOW) -> Bid:
    return election.wake(now, WORD, Rank(False, quality, 500, "0" * 16), b"", window)


def test_a_bid_without_a_window_is_won_at_once() -> None:
    election = Election()
    assert bid(election, 5.0, window=0.0).state is BidState.WON
    (announcement,) = election.due(5.0)
    assert announcement.kind == "answer"


def test_a_late_bid_loses_to_any_decided_satellite() -> None:
    election = Election()
    election.receive(10.0, claim(-50), answered=True)
    lost = bid(election, 11.5)
    assert (lost.state, lost.winner) == (BidState.LOST, "f" * 16)
    assert list(election.due(12.0)) == []


def test_another_word_or_time_is_another_wake() -> None:
    election = Election()
    election.receive(10.0, claim(90, word="hey jarvis"), answered=True)
    election.receive(10.0, claim(90, age=4.0, event=2), answered=True)
    election.receive(9.0, claim(90, event=3), answered=False)
    assert bid(election, 10.0).state is BidState.OPEN
    assert len(list(election.due(10.1))) > 0
    assert bid(election, 10.0).state is BidState.OPEN


def test_of_two_decided_satellites_the_worse_withdraws() -> None:
    better, worse = Election(), Election()
    one, two = bid(better, 0.0, 20, 0.0), bid(worse, 0.0, -5, 0.0)
    worse.receive(0.01, claim(20), answered=True)
    better.receive(0.01, claim(-5), answered=True)
    assert (one.state, two.state) == (BidState.WON, BidState.LOST)


def test_announcements_are_repeated_a_limited_number_of_times() -> None:
    election = Election()
    bid(election, 0.0, 50)
    repeats = 0
    for step in range(1000):
        now = 1.0 + step * 0.01
        election.receive(now, claim(1, age=now - 0.01 if now < 5 else 5), answered=False)
        repeats += len(list(election.due(now)))
    assert 0 < repeats < 40


def test_endless_claims_take_bounded_memory() -> None:
    election = Election()
    news = [election.receive(1.0, claim(1, event=n), answered=False) for n in range(1000)]
    assert sum(news) == 64
