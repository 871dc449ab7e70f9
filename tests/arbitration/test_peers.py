"""Who is believed to be there: bounded in number and in time."""

from __future__ import annotations

from satellite.arbitration.peers import DISTRUST, MOST, OLDER, RATE, STAY, YIELDS, Peers
from satellite.arbitration.protocol import Message

HOST = ("10.0.0.7", 40000)
HOST6 = ("fe80::7", 40000, 0, 2)


def here(sender: int = 1, number: int = 1, kind: str = "here", name: str = "hall") -> Message:
    return Message(kind, f"{sender:016x}", number, name, busy=False)  # type: ignore[arg-type]


def test_who_says_nothing_any_more_has_gone() -> None:
    neighbours = Peers()
    neighbours.hear(0.0, here(), HOST)
    assert len(neighbours.present(STAY - 0.1)) == 1
    assert neighbours.present(STAY + 0.1) == []


def test_who_says_goodbye_has_gone_at_once() -> None:
    neighbours = Peers()
    neighbours.hear(0.0, here(), HOST)
    neighbours.hear(1.0, here(number=2, kind="gone"), HOST)
    assert neighbours.present(1.0) == []


def test_strangers_without_number_are_as_many_as_a_house_has() -> None:
    neighbours = Peers()
    for sender in range(1000):
        neighbours.hear(0.0, here(sender), HOST)
    assert len(neighbours.present(0.0)) == MOST


def test_one_is_told_at_one_address_of_each_family() -> None:
    neighbours = Peers()
    for address in (HOST, HOST6, ("10.0.0.8", 40001), ("fe80::8", 1, 0, 2)):
        known = neighbours.hear(0.0, here(), address)
    assert known is not None
    assert known.addresses == [("10.0.0.8", 40001), ("fe80::8", 1, 0, 2)]


def test_what_was_recorded_cannot_be_played_again() -> None:
    neighbours = Peers()
    neighbours.hear(0.0, here(number=1000), HOST)
    assert neighbours.hear(1.0, here(number=1000 - OLDER + 1), HOST) is not None
    assert neighbours.hear(1.0, here(number=1000 - OLDER), HOST) is None


def test_no_more_is_read_in_a_second_than_satellites_say() -> None:
    neighbours = Peers()
    assert sum(neighbours.admits(n / 5000) for n in range(5000)) == RATE
    assert neighbours.admits(1.5)


def test_a_program_that_takes_every_wake_word_silences_nobody_for_long() -> None:
    neighbours = Peers()
    limited = [neighbours.yielded(float(n)) for n in range(YIELDS)]
    assert limited == [False] * (YIELDS - 1) + [True]
    now = float(YIELDS - 1)
    assert not neighbours.believed(now + DISTRUST - 1)
    assert neighbours.believed(now + DISTRUST)


def test_an_evening_of_requests_next_door_is_no_attack() -> None:
    neighbours = Peers()
    assert not any(neighbours.yielded(n * 5.0) for n in range(1000))


def test_who_is_not_known_has_no_name() -> None:
    neighbours = Peers()
    neighbours.hear(0.0, here(), HOST)
    assert neighbours.name(f"{1:016x}") == "hall"
    assert neighbours.name(None) == "another satellite"
