"""The other satellites: their presence and their credibility, bounded in number and in time."""

from __future__ import annotations

from collections import deque

from satellite.arbitration.protocol import GroupMessage

ABSENT_AFTER = 30.0
"""Seconds without a message after which a satellite counts as absent. With one datagram of five
lost, six in a row are lost in one case of 16,000. Until then, a satellite that was unplugged delays
each wake of the others by a tenth of a second."""

MOST = 32
"""Satellites known: more than a house has. Any beyond that are not waited for."""

ADDRESSES = 2
"""Addresses used per satellite: one of each family."""

RATE = 400
"""Datagrams read per second: ten satellites that claim and answer at once send fewer."""

REPLAY_WINDOW = 64
"""Sequence numbers by which a datagram may be late: an older one counts as replayed."""

YIELDS = 24
"""Wakes per minute that are left to others: people say a wake word less often. A program that
claims every wake silences this satellite only until this limit."""

DISTRUST = 120.0
"""Seconds for which no satellite is trusted after that."""

SocketAddress = tuple[str | int, ...]
"""An address in the form that sockets use."""


class Peer:
    """One other satellite."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.busy = False
        self.seen_at = float("-inf")
        self.newest = -1
        """Highest sequence number received."""
        self.addresses: list[SocketAddress] = []
        self.greeted_at: float | None = None
        """When it was last greeted by this satellite."""


class PeerTable:
    """The other satellites of the group."""

    def __init__(self) -> None:
        self._known: dict[str, Peer] = {}
        self._read: deque[float] = deque(maxlen=RATE)
        self._yielded: deque[float] = deque(maxlen=YIELDS)
        self._distrust_until = float("-inf")

    def present(self, now: float) -> list[Peer]:
        """Return the satellites that are present."""
        absent = [id_ for id_, peer in self._known.items() if now - peer.seen_at > ABSENT_AFTER]
        for id_ in absent:
            del self._known[id_]
        return list(self._known.values())

    def name(self, satellite: str | None) -> str:
        """Return the name of a satellite, by its id."""
        known = self._known.get(satellite or "")
        return known.name if known is not None else "another satellite"

    def admits(self, now: float) -> bool:
        """Count a datagram; return whether it may be read."""
        if len(self._read) == RATE and now - self._read[0] < 1.0:
            return False
        self._read.append(now)
        return True

    def note(self, now: float, message: GroupMessage, address: SocketAddress) -> Peer | None:
        """Note a message, and return its sender; None for a replay, a farewell, or one peer too
        many."""
        self.present(now)
        known = self._known.get(message.satellite)
        if known is None:
            if len(self._known) >= MOST:
                return None
            known = self._known[message.satellite] = Peer(message.name)
        if message.number <= known.newest - REPLAY_WINDOW:
            return None
        if message.kind == "gone":
            del self._known[message.satellite]
            return None
        known.seen_at, known.name = now, message.name
        if message.number > known.newest:
            known.newest, known.busy = message.number, message.busy
        if address not in known.addresses:
            family = len(address)  # an IPv6 address has four parts, an IPv4 one two
            known.addresses = [a for a in known.addresses if len(a) != family][: ADDRESSES - 1]
            known.addresses.append(address)
        return known

    def trusted(self, now: float) -> bool:
        """Return whether wakes may be left to others."""
        return now >= self._distrust_until

    def note_yield(self, now: float) -> bool:
        """Note that a wake was left to another satellite; return whether that was one too many, so
        that the others are distrusted for a while."""
        self._yielded.append(now)
        if len(self._yielded) == YIELDS and now - self._yielded[0] < 60.0:
            self._yielded.clear()
            self._distrust_until = now + DISTRUST
            return True
        return False
