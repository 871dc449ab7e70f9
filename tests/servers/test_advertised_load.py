"""The advertised load of a role: averaged, in steps, without oscillation."""

from __future__ import annotations

from servers.advertised_load import AdvertisedLoad


class Pool:
    """So many requests."""

    running = 0
    queued = 0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def advertised(requests: list[int], places: int = 4, every: float = 3.0) -> list[str]:
    """What is told while there are so many requests at each look."""
    pool, clock = Pool(), Clock()
    load = AdvertisedLoad(pool, places, clock)  # type: ignore[arg-type]
    texts = []
    for count in requests:
        clock.now += every
        pool.running, pool.queued = min(count, places), max(0, count - places)
        texts.append(load.advertise())
        assert load.advertise() == texts[-1], "the value is stable at one moment"
    return texts


def test_an_idle_server_has_no_load() -> None:
    assert advertised([0, 0, 0]) == ["0", "0", "0"]


def test_one_short_request_changes_nothing() -> None:
    assert advertised([1, 0, 0, 1, 0, 0]) == ["0"] * 6


def test_a_full_server_is_advertised_within_seconds_and_free_again_later() -> None:
    texts = advertised([9] * 8 + [0] * 10)
    assert texts[7] == "1"
    assert texts[2] in ("0.5", "0.75")
    assert texts[-1] == "0"
    assert len(set(texts)) <= 5, "quarters"


def test_a_load_between_two_steps_does_not_oscillate() -> None:
    texts = advertised([2, 2, 2, 2, 2, 2, *[1, 2] * 20])
    assert len(set(texts[12:])) == 1
