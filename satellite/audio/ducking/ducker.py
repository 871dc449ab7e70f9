"""Makes other programs quieter on a sound server, and as loud again as they were.

What is changed is written down before it is changed, so that whoever comes after a crash can undo
it. A volume is given back only where it still is one that was set here: what somebody else has set
meanwhile is theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import msgspec

from satellite.audio.ducking.own_streams import is_ours
from satellite.audio.sound_server import SoundServer, Stream, Volume
from satellite.lib.persistence import StoredValue

_LOGGER = logging.getLogger(__name__)

STEPS = 10
"""Steps from a stream's own volume to the quietest; with a fade of 0.2 s they are not heard."""


SAME = 66
"""Difference of two volumes that are the same: a thousandth. PipeWire keeps loudness and not its
root, people set volumes by the hundredth."""


def is_same(one: Volume, other: Volume) -> bool:
    """Whether two volumes are, but for rounding, the same."""
    return len(one) == len(other) and all(
        abs(a - b) <= SAME for a, b in zip(one, other, strict=True)
    )


class DuckedStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that was made quieter."""

    id: int
    program: str
    memory: str
    before: Volume
    level: float
    """What it is left of its volume in the last step."""

    def at(self, step: int) -> Volume:
        """Its volume at a step, from 0 (its own) to `STEPS` (the quietest)."""
        factor = 1 - (1 - self.level) * step / STEPS
        return tuple(round(level * factor) for level in self.before)

    def is_one(self, volume: Volume) -> bool:
        """Whether it was given this volume here, at whichever step."""
        return any(is_same(volume, self.at(step)) for step in range(1, STEPS + 1))


Notes = StoredValue[tuple[DuckedStream, ...]]


def notes() -> Notes:
    """Where it is written down what was changed."""
    return StoredValue("ducked", tuple[DuckedStream, ...], ())


class Ducker:
    """What was changed on one connection to a sound server. For one thread.

    Methods raise `SoundServerError`; what was changed until then stays written down.
    """

    def __init__(
        self,
        server: SoundServer,
        level: float,
        kept: Notes,
        *,
        spared: Iterable[str] = (),
        is_ours: Callable[[Stream], bool] = is_ours,
    ) -> None:
        """`level`: what others are left of their volume. `spared`: programs that are left alone."""
        self._server = server
        self._level = level
        self._kept = kept
        self._spared = {name.casefold() for name in spared}
        self._is_ours = is_ours
        self._held: dict[int, tuple[DuckedStream, int]] = {}
        """What was made quieter, and the step at which it is."""
        self._owed: list[DuckedStream] = []
        """Streams that ended while they were quieter, or that another process has left so."""
        self._written: list[DuckedStream] | None = None
        """What stands in the file, as far as it is known."""
        self._left: set[int] = set()
        """Streams that are left alone, for as long as others are quieter."""

    def settle(self, step: int) -> None:
        """Bring everything others play to a step. With 0 nothing is left to be given back."""
        streams = {stream.id: stream for stream in self._server.streams()}
        self._forget_ended(streams)
        if step:
            self._take_in(streams.values())
        for id_, (held, at) in list(self._held.items()):
            if not is_same(streams[id_].volume, held.at(at)):
                _LOGGER.debug("%s was made as loud as somebody likes it: left so", held.program)
                del self._held[id_]
                self._left.add(id_)
            elif at != step:
                self._server.set_volume(id_, held.at(step))
                self._held[id_] = (held, step)
        if not step and (self._held or self._owed or self._left):
            self._held.clear()
            self._left.clear()
            self._pay(streams.values())

    @property
    def owing(self) -> bool:
        """Something that ended while it was quieter will be so when it comes again: the server
        remembers that, and cannot be told otherwise. `recover` is to be tried again then."""
        return bool(self._owed)

    def recover(self) -> int:
        """Give back what is written down as left quieter; say how many streams those were.

        They are found by their numbers or, when they or the server began anew, by their programs.
        To be called while nothing is made quieter.
        """
        self._written = list(self._kept.read())
        self._owed = list(self._written)
        return self._pay(self._server.streams()) if self._owed else 0

    def _pay(self, streams: Iterable[Stream]) -> int:
        """Give back what is owed to streams that are there, or to come."""
        waiting, found = {stream.id: stream for stream in streams}, 0
        still: list[DuckedStream] = []
        for held in self._owed:
            alike = [stream for stream in waiting.values() if _is_of(held, stream)]
            alike.sort(key=lambda stream: stream.id != held.id)  # that very stream, if it is there
            if alike:
                stream = waiting.pop(alike[0].id)
                if held.is_one(stream.volume):
                    self._server.set_volume(stream.id, held.before)
                    found += 1
            elif held.memory:
                still.append(held)
        paid, self._owed = self._remember(still)
        self._write(self._owed)
        return found + paid

    def _take_in(self, streams: Iterable[Stream]) -> None:
        new = [stream for stream in streams if self._is_wanted(stream)]
        if not new:
            return
        for stream in new:
            self._held[stream.id] = self._first_look(stream)
        self._write([held for held, _ in self._held.values()] + self._owed)

    def _write(self, everything: list[DuckedStream]) -> None:
        """Write down what was changed; as seldom as possible, since it may be on a card."""
        if self._written != everything:
            self._kept.write(tuple(everything))
            self._written = list(everything)

    def _first_look(self, stream: Stream) -> tuple[DuckedStream, int]:
        """What is to be given back to a stream that is new, and the step at which it is.

        A program's next stream begins as loud as the server remembers, which may be our doing.
        """
        known = [*self._owed, *(held for held, _ in self._held.values())]
        for held in known if stream.memory else ():
            if held.memory == stream.memory:
                for step in range(1, STEPS + 1):
                    if is_same(stream.volume, held.at(step)):
                        return msgspec.structs.replace(held, id=stream.id), step
        held = DuckedStream(
            id=stream.id,
            program=stream.program,
            memory=stream.memory,
            before=stream.volume,
            level=self._level,
        )
        return held, 0

    def _is_wanted(self, stream: Stream) -> bool:
        if stream.id in self._held or stream.id in self._left or not any(stream.volume):
            return False
        names = {stream.program.casefold(), stream.binary.casefold()}
        if names & self._spared or self._is_ours(stream):
            self._left.add(stream.id)
            return False
        return True

    def _forget_ended(self, streams: dict[int, Stream]) -> None:
        for id_ in self._held.keys() - streams.keys():
            held, _ = self._held.pop(id_)
            if held.memory and held.memory not in {other.memory for other in self._owed}:
                self._owed.append(held)
        self._left &= streams.keys()

    def _remember(self, owed: list[DuckedStream]) -> tuple[int, list[DuckedStream]]:
        """Have what a program plays next as loud as what has ended was; say how often that was
        needed, and for what the server cannot be told so, as WirePlumber cannot."""
        remembered = self._server.remembered() if owed else {}
        found = 0
        for held in owed:
            volume = remembered.get(held.memory)
            if volume is not None and held.is_one(volume):
                self._server.remember(held.memory, held.before)
                found += 1
        return found, [held for held in owed if held.memory not in remembered]


def _is_of(held: DuckedStream, stream: Stream) -> bool:
    return (held.program, held.memory) == (stream.program, stream.memory)
