"""Presence and credibility of other satellites, bounded in number and in time."""

from __future__ import annotations

from satellite.arbitration.peers import (
    ABSENT_AFTER,
    DISTRUST,
    MOST,
    RATE,
    REPLAY_WINDOW,
    YIELDS,
    PeerTable,
)
from satellite.arbitration.protocol import GroupMessage

HOST = ("10.0.0.7", 40000)
HOST6 = ("fe80::7", 40000, 0, 2)


def here(sender: int = 1, number: int = 1, kind: str = "here", name: str = "hall") -> GroupMessage:
    return GroupMessage(kind, f"{sender:016x}", number, name, busy=False)  # type: ignore[arg-type]


def test_a_silent_peer_becomes_absent() -> None:
    peers = PeerTable()
    peers.note(0.0, here(), HOST)
    assert len(peers.present(ABSENT_AFTER - 0.1)) == 1
    assert peers.present(ABSENT_AFTER + 0.1) == []


def test_a_peer_that_says_farewell_is_absent_at_once() -> None:
    peers = PeerTable()
    peers.note(0.0, here(), HOST)
    peers.note(1.0, here(number=2, kind="gone"), HOST)
    assert peers.present(1.0) == []


def test_the_number_of_peers_is_bounded() -> None:
    peers = PeerTable()
    for sender in range(1000):
        peers.note(0.0, here(sender), HOST)
    assert len(peers.present(0.0)) == MOST


def test_a_peer_has_one_address_of_each_family() -> None:
    peers = PeerTable()
    for address in (HOST, HOST6, ("10.0.0.8", 40001), ("fe80::8", 1, 0, 2)):
        known = peers.note(0.0, here(), address)
    assert known is not None
    assert known.addresses == [("10.0.0.8", 40001), ("fe80::8", 1, 0, 2)]


def test_replayed_datagrams_are_ignored() -> None:
    peers = PeerTable()
    peers.note(0.0, here(number=1000), HOST)
    assert peers.note(1.0, here(number=1000 - REPLAY_WINDOW + 1), HOST) is not None
    assert peers.note(1.0, here(number=1000 - REPLAY_WINDOW), HOST) is None


def test_the_rate_of_datagrams_is_bounded() -> None:
    peers = PeerTable()
    assert sum(peers.admits(n / 5000) for n in range(5000)) == RATE
    assert peers.admits(1.5)


def test_peers_that_take_every_wake_word_are_distrusted() -> None:
    peers = PeerTable()
    limited = [peers.note_yield(float(n)) for n in range(YIELDS)]
    assert limited == [False] * (YIELDS - 1) + [True]
    now = float(YIELDS - 1)
    assert not peers.trusted(now + DISTRUST - 1)
    assert peers.trusted(now + DISTRUST)


def test_an_evening_of_requests_causes_no_distrust() -> None:
    peers = PeerTable()
    assert not any(peers.note_yield(n * 5.0) for n in range(1000))


def test_an_unknown_satellite_has_a_generic_name() -> None:
    peers = PeerTable()
    peers.note(0.0, here(), HOST)
    assert peers.name(f"{1:016x}") == "hall"
    assert peers.name(None) == "another satellite"
