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

FEW = 3
"""Wakes in a row that are left to a satellite which then has no turn, before it is believed no
longer. Satellites that never had a turn have these few together: each could be another name of the
same program."""

EVIDENCE = 3.0
"""Seconds after a wake within which the satellite that answers it reports that it is busy. It
repeats its decision for 0.6 s, and is in its turn by then; with one datagram of five lost, all of
the last eight are lost in one case of 400,000."""

LONGEST_TURN = 120.0
"""Seconds of a turn, conversations included."""

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
        self.had_turn = False
        """Whether it has had a turn."""
        self.unanswered = 0
        """Wakes in a row that were left to it without a turn."""
        self._turn_began_at = float("-inf")
        self._was_idle = False

    def note_busy(self, now: float, busy: bool) -> bool:
        """Note whether it is busy; return whether a turn has just begun there.

        One that is busy all the time has no turns.
        """
        began = busy and self._was_idle
        self._was_idle = not busy
        if began:
            self.had_turn, self.unanswered = True, 0
            self._turn_began_at = now
        return began

    def in_turn(self, now: float) -> bool:
        """Return whether a turn has begun there just before, or still runs."""
        age = now - self._turn_began_at
        return age < EVIDENCE or (self.busy and age < LONGEST_TURN)


class PeerTable:
    """The other satellites of the group."""

    def __init__(self) -> None:
        self._known: dict[str, Peer] = {}
        self._read: deque[float] = deque(maxlen=RATE)
        self._yielded: deque[float] = deque(maxlen=YIELDS)
        self._distrust_until = float("-inf")
        self._left: dict[str, float] = {}
        """When the last wake without an outcome so far was left to each satellite."""
        self._unknown_unanswered = 0
        """Wakes in a row that were left without a turn to satellites that never had one."""

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
            new = not known.had_turn
            if known.note_busy(now, message.busy):
                self._left.pop(message.satellite, None)
                self._unknown_unanswered = 0 if new else self._unknown_unanswered
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

    def believed(self, now: float, satellite: str) -> bool:
        """Return whether wakes may be left to a satellite: it has turns when it answers."""
        known = self._known.get(satellite)
        if known is not None and known.had_turn:
            return known.unanswered < FEW
        return self._unknown_unanswered < FEW

    def believed_ones(self, now: float) -> list[Peer]:
        """Return the satellites that are present, and believed."""
        self.present(now)
        return [peer for id_, peer in self._known.items() if self.believed(now, id_)]

    def note_left(self, now: float, satellite: str) -> None:
        """Note that a wake was left to a satellite: from now on a turn is expected there."""
        known = self._known.get(satellite)
        if len(self._left) < MOST and not (known is not None and known.in_turn(now)):
            self._left.setdefault(satellite, now)

    def note_outcomes(self, now: float) -> list[str]:
        """Count the wakes that were left to others and led to no turn; return the satellites that
        are believed no longer."""
        doubted = []
        for satellite, at in list(self._left.items()):
            if now - at < EVIDENCE:
                continue
            del self._left[satellite]
            known = self._known.get(satellite)
            if known is not None and known.had_turn:
                known.unanswered += 1
                count = known.unanswered
            else:
                self._unknown_unanswered += 1
                count = self._unknown_unanswered
            if count == FEW:
                doubted.append(satellite)
        return doubted
