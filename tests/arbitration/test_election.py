"""Who answers: decided by messages that are lost, late, doubled and out of order."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from satellite.arbitration.election import Announcement, Bid, Election, State
from satellite.arbitration.protocol import Claim, Rank

WORD = "okay nabu"
WINDOW = 0.094


class Wake(msgspec.Struct, frozen=True):
    """What one satellite hears: when, and how well; what its clock says at the time."""

    at: float
    quality: int
    score: int
    clock: float
    busy: bool = False


Fate = Callable[[int, int, Announcement], list[float]]
"""When the copies of a message from one to another arrive, seconds after it was sent."""


class House:
    """Satellites and the network between them, on a clock that only ever jumps to what is next."""

    def __init__(self, wakes: list[Wake], fate: Fate) -> None:
        self.bids: list[Bid | None] = [None] * len(wakes)
        self.decided: list[float | None] = [None] * len(wakes)
        """When each decided to answer."""
        self.told_before: set[tuple[int, int]] = set()
        """Who heard a claim of whom before it decided."""
        self._wakes = wakes
        self._fate = fate
        self._agreements = [Election() for _ in wakes]
        self._queue: list[tuple[float, int, Callable[[float], None]]] = []
        self._made = 0

    def run(self) -> House:
        for number, wake in enumerate(self._wakes):
            self._at(wake.at, lambda now, n=number: self._wake(n, now))  # type: ignore[misc]
        steps = 0
        while self._queue:
            now, _, do = heapq.heappop(self._queue)
            do(now)
            steps += 1
            assert steps < 20_000, "they never stop talking"
        return self

    @property
    def winners(self) -> list[int]:
        return [n for n, bid in enumerate(self.bids) if bid and bid.state is State.WON]

    @property
    def best(self) -> int:
        ranks = [bid.rank for bid in self.bids if bid is not None]
        return max(range(len(ranks)), key=lambda n: ranks[n])

    def _wake(self, number: int, now: float) -> None:
        wake = self._wakes[number]
        rank = Rank(wake.busy, wake.quality, wake.score, f"{number:016x}")
        agreement = self._agreements[number]
        self.bids[number] = agreement.wake(now + wake.clock, WORD, rank, b"", WINDOW)
        self._step(number, now)

    def _step(self, number: int, now: float) -> None:
        clock = self._wakes[number].clock
        agreement, bid = self._agreements[number], self.bids[number]
        for told in agreement.due(now + clock):
            for other in range(len(self._wakes)):
                if other != number:
                    for after in self._fate(number, other, told):
                        self._at(now + after, self._arrival(number, other, told))
        if bid is not None and bid.state is State.WON and self.decided[number] is None:
            self.decided[number] = now
        if (due := agreement.next) is not None:
            self._at(max(now, due - clock), lambda now: self._due(number, now))

    def _due(self, number: int, now: float) -> None:
        due = self._agreements[number].next
        if due is not None and due - self._wakes[number].clock <= now + 1e-9:
            self._step(number, now + 1e-6)

    def _arrival(self, source: int, number: int, told: Announcement) -> Callable[[float], None]:
        def arrive(now: float) -> None:
            if self.bids[number] is not None and self.decided[number] is None:
                self.told_before.add((source, number))
            clock = self._wakes[number].clock
            self._agreements[number].hear(now + clock, told.claim, answered=told.kind == "answer")
            self._step(number, now)

        return arrive

    def _at(self, when: float, do: Callable[[float], None]) -> None:
        self._made += 1
        heapq.heappush(self._queue, (when, self._made, do))


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


def at_once(source: int, to: int, told: Announcement) -> list[float]:
    return [0.001]


@given(wakes)
def test_with_nothing_lost_one_answers(heard: list[Wake]) -> None:
    house = House(heard, at_once).run()
    assert len(house.winners) == 1


@given(st.lists(st.integers(0, 60), min_size=2, max_size=5), st.data())
def test_the_best_heard_answers_whoever_was_first(levels: list[int], data: st.DataObject) -> None:
    """Also where the detectors are 80 ms apart, and clocks an hour."""
    offsets = st.floats(0, 0.08)
    heard = [Wake(data.draw(offsets), level, 900, data.draw(offsets) * 1e5) for level in levels]
    house = House(heard, at_once).run()
    assert house.winners == [house.best]


@settings(max_examples=100)
@given(wakes, st.randoms(use_true_random=False), st.floats(0, 1))
def test_whatever_is_lost_somebody_answers_and_no_worse_one_beside_a_better_it_has_heard(
    heard: list[Wake], random: object, loss: float
) -> None:
    draw = random.random  # type: ignore[attr-defined]

    def fate(source: int, to: int, told: Announcement) -> list[float]:
        copies = 1 + (draw() < 0.1)
        return [draw() * 0.2 for _ in range(copies) if draw() >= loss]

    house = House(heard, fate).run()
    assert house.winners
    for better, worse in house.told_before:
        one, two = house.bids[better], house.bids[worse]
        if one and two and one.rank > two.rank:
            assert not {better, worse} <= set(house.winners)


@settings(max_examples=50)
@given(wakes, st.randoms(use_true_random=False))
def test_with_one_of_five_lost_one_answers(heard: list[Wake], random: object) -> None:
    def fate(source: int, to: int, told: Announcement) -> list[float]:
        return [0.001] if random.random() >= 0.2 else []  # type: ignore[attr-defined]

    assert len(House(heard, fate).run().winners) == 1


def claim(quality: int, *, age: float = 0.0, word: str = WORD, event: int = 1) -> Claim:
    return Claim(event, word, age, Rank(False, quality, 500, "f" * 16))


def bid(agreement: Election, now: float, quality: int = 20, window: float = WINDOW) -> Bid:
    return agreement.wake(now, WORD, Rank(False, quality, 500, "0" * 16), b"", window)


def test_alone_it_is_decided_at_once() -> None:
    agreement = Election()
    assert bid(agreement, 5.0, window=0.0).state is State.WON
    (told,) = agreement.due(5.0)
    assert told.kind == "answer"


def test_a_late_one_leaves_it_to_who_answers_already_however_bad() -> None:
    agreement = Election()
    agreement.hear(10.0, claim(-50), answered=True)
    lost = bid(agreement, 11.5)
    assert (lost.state, lost.to) == (State.LOST, "f" * 16)
    assert list(agreement.due(12.0)) == []


def test_another_word_or_another_time_is_another_event() -> None:
    agreement = Election()
    agreement.hear(10.0, claim(90, word="hey jarvis"), answered=True)
    agreement.hear(10.0, claim(90, age=4.0, event=2), answered=True)
    agreement.hear(9.0, claim(90, event=3), answered=False)
    assert bid(agreement, 10.0).state is State.OPEN
    assert len(list(agreement.due(10.1))) > 0
    assert bid(agreement, 10.0).state is State.OPEN


def test_of_two_that_decided_the_worse_goes_back_to_sleep() -> None:
    better, worse = Election(), Election()
    one, two = bid(better, 0.0, 20, 0.0), bid(worse, 0.0, -5, 0.0)
    worse.hear(0.01, claim(20), answered=True)
    better.hear(0.01, claim(-5), answered=True)
    assert (one.state, two.state) == (State.WON, State.LOST)


def test_who_does_not_seem_to_know_is_told_again_but_not_for_ever() -> None:
    agreement = Election()
    bid(agreement, 0.0, 50)
    told = 0
    for step in range(1000):
        now = 1.0 + step * 0.01
        agreement.hear(now, claim(1, age=now - 0.01 if now < 5 else 5), answered=False)
        told += len(list(agreement.due(now)))
    assert 0 < told < 40


def test_strangers_that_claim_endlessly_take_no_memory() -> None:
    agreement = Election()
    news = [agreement.hear(1.0, claim(1, event=n), answered=False) for n in range(1000)]
    assert sum(news) == 64
