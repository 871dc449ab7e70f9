"""Who else is there, and how much is believed of it: bounded in number and in time."""

from __future__ import annotations

from collections import deque

from satellite.arbitration.protocol import Message

STAY = 30.0
"""Seconds for which somebody is there who has said so: with one datagram of five lost, six in a row
are in one case of 16,000; a satellite that was pulled out costs the others' wakes a tenth of a
second each for as long."""

MOST = 32
"""Satellites known: more than a house has. Who comes when it is full is not waited for."""

ADDRESSES = 2
"""Addresses to which one is told: one of each family."""

RATE = 400
"""Datagrams read in a second: ten satellites that claim and answer at once send fewer."""

OLDER = 64
"""Datagrams by which one may be late: an older one was recorded, and is played again."""

YIELDS = 24
"""Wakes in a minute that are left to others: nobody says a word more often, so that a program which
claims all of them keeps us silent only until then."""

DISTRUST = 120.0
"""Seconds for which nobody is believed after that."""

Address = tuple[str | int, ...]
"""As sockets have it."""


class Peer:
    """One other satellite."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.busy = False
        self.seen = float("-inf")
        self.newest = -1
        self.addresses: list[Address] = []
        self.greeted = 0.0
        """When it was last told that we are there; 0 for never."""


class Peers:
    """The other satellites of the group."""

    def __init__(self) -> None:
        self._known: dict[str, Peer] = {}
        self._read: deque[float] = deque(maxlen=RATE)
        self._yielded: deque[float] = deque(maxlen=YIELDS)
        self._distrust_until = float("-inf")

    def present(self, now: float) -> list[Peer]:
        """Who is there."""
        gone = [id_ for id_, known in self._known.items() if now - known.seen > STAY]
        for id_ in gone:
            del self._known[id_]
        return list(self._known.values())

    def name(self, satellite: str | None) -> str:
        """What a satellite is called."""
        known = self._known.get(satellite or "")
        return known.name if known is not None else "another satellite"

    def admits(self, now: float) -> bool:
        """Whether another datagram may be read now."""
        if len(self._read) == RATE and now - self._read[0] < 1.0:
            return False
        self._read.append(now)
        return True

    def hear(self, now: float, message: Message, address: Address) -> Peer | None:
        """Take note of who has said something; None for what is not new, or one too many."""
        self.present(now)
        known = self._known.get(message.satellite)
        if known is None:
            if len(self._known) >= MOST:
                return None
            known = self._known[message.satellite] = Peer(message.name)
        if message.number <= known.newest - OLDER:
            return None
        if message.kind == "gone":
            del self._known[message.satellite]
            return None
        known.seen, known.name = now, message.name
        if message.number > known.newest:
            known.newest, known.busy = message.number, message.busy
        if address not in known.addresses:
            family = len(address)  # an IPv6 address has four parts, an IPv4 one two
            known.addresses = [a for a in known.addresses if len(a) != family][: ADDRESSES - 1]
            known.addresses.append(address)
        return known

    def believed(self, now: float) -> bool:
        """Whether others are left anything at all."""
        return now >= self._distrust_until

    def yielded(self, now: float) -> bool:
        """A wake was left to another; say whether that was one too many, so that none is for a
        while."""
        self._yielded.append(now)
        if len(self._yielded) == YIELDS and now - self._yielded[0] < 60.0:
            self._yielded.clear()
            self._distrust_until = now + DISTRUST
            return True
        return False
