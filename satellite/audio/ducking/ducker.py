"""Lowers the volume of other programs on a sound server, and restores it.

Each change is stored before it is made, so that it can be undone after a crash. A volume is
restored only where it is still one that was set here: a person's own setting stays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import msgspec

from satellite.audio.ducking.own_streams import is_own_stream
from satellite.audio.sound_server import ServerStream, SoundServer, Volume
from satellite.lib.persistence import StoredValue

_LOGGER = logging.getLogger(__name__)

STEPS = 10
"""Steps from a stream's own volume to the quietest; with a fade of 0.2 s they are not heard."""


SAME = 66
"""Difference up to which two volumes are the same: a thousandth. PipeWire stores loudness and not
its root; people set volumes by the hundredth."""


def is_same(first: Volume, second: Volume) -> bool:
    """Return whether two volumes are the same, but for rounding."""
    return len(first) == len(second) and all(
        abs(a - b) <= SAME for a, b in zip(first, second, strict=True)
    )


class DuckedStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream whose volume was lowered. Stored: fields are not renamed."""

    id: int
    program: str
    memory: str
    before: Volume
    level: float
    """Part of its volume that remains at the last step, 0 to 1."""

    def at(self, step: int) -> Volume:
        """Return its volume at a step, from 0 (its own) to `STEPS` (the quietest)."""
        factor = 1 - (1 - self.level) * step / STEPS
        return tuple(round(level * factor) for level in self.before)

    def was_set(self, volume: Volume) -> bool:
        """Return whether this volume is that of one of the steps."""
        return any(is_same(volume, self.at(step)) for step in range(1, STEPS + 1))


DuckedStore = StoredValue[tuple[DuckedStream, ...]]


def ducked_store() -> DuckedStore:
    """Return the store of the changes that are not undone yet."""
    return StoredValue("ducked", tuple[DuckedStream, ...], ())


class Ducker:
    """Ducks the streams of one connection to a sound server. For one thread.

    Methods raise `SoundServerError`; changes made until then remain stored.
    """

    def __init__(
        self,
        server: SoundServer,
        level: float,
        store: DuckedStore,
        *,
        spared: Iterable[str] = (),
        is_own_stream: Callable[[ServerStream], bool] = is_own_stream,
    ) -> None:
        """`level` is the part of their volume that other programs retain (0 to 1), `spared` are
        names of programs that are never ducked."""
        self._server = server
        self._level = level
        self._store = store
        self._spared = {name.casefold() for name in spared}
        self._is_own = is_own_stream
        self._ducked: dict[int, tuple[DuckedStream, int]] = {}
        """The ducked streams by id, each with its present step."""
        self._unrestored: list[DuckedStream] = []
        """Streams that ended while they were ducked, or that another process left ducked."""
        self._written: list[DuckedStream] | None = None
        """The content of the store; None while it is unknown."""
        self._ignored: set[int] = set()
        """Streams that are not ducked until the others are restored."""

    def apply(self, step: int) -> None:
        """Bring the streams of all other programs to a step; 0 restores them."""
        streams = {stream.id: stream for stream in self._server.streams()}
        self._remove_ended(streams)
        if step:
            self._add(streams.values())
        for id_, (ducked, at) in list(self._ducked.items()):
            if not is_same(streams[id_].volume, ducked.at(at)):
                _LOGGER.debug("ducking: the volume of %s was changed by hand", ducked.program)
                del self._ducked[id_]
                self._ignored.add(id_)
            elif at != step:
                self._server.set_volume(id_, ducked.at(step))
                self._ducked[id_] = (ducked, step)
        if not step and (self._ducked or self._unrestored or self._ignored):
            self._ducked.clear()
            self._ignored.clear()
            self._restore(streams.values())

    @property
    def has_unrestored(self) -> bool:
        """Whether a program that ended while it was ducked will play at that volume again: the
        server remembers it, and offers no way to change that. Call `recover` when it plays."""
        return bool(self._unrestored)

    def recover(self) -> int:
        """Restore the stored streams, and return how many were found.

        They are found by their numbers or, when they or the server were restarted, by their
        programs. To be called while no stream is ducked.
        """
        self._written = list(self._store.read())
        self._unrestored = list(self._written)
        return self._restore(self._server.streams()) if self._unrestored else 0

    def _restore(self, streams: Iterable[ServerStream]) -> int:
        """Restore the volumes of present streams and of future ones; return their number."""
        candidates, restored = {stream.id: stream for stream in streams}, 0
        ended: list[DuckedStream] = []
        for ducked in self._unrestored:
            matching = [
                stream for stream in candidates.values() if _is_same_program(ducked, stream)
            ]
            matching.sort(key=lambda stream: stream.id != ducked.id)  # the very stream comes first
            if matching:
                stream = candidates.pop(matching[0].id)
                if ducked.was_set(stream.volume):
                    self._server.set_volume(stream.id, ducked.before)
                    restored += 1
            elif ducked.memory:
                ended.append(ducked)
        restored_memories, self._unrestored = self._restore_memories(ended)
        self._write(self._unrestored)
        return restored + restored_memories

    def _add(self, streams: Iterable[ServerStream]) -> None:
        new = [stream for stream in streams if self._is_wanted(stream)]
        if not new:
            return
        for stream in new:
            self._ducked[stream.id] = self._new_entry(stream)
        self._write([ducked for ducked, _ in self._ducked.values()] + self._unrestored)

    def _write(self, changes: list[DuckedStream]) -> None:
        """Store the changes, if they differ: the store may be on an SD card, which wears out."""
        if self._written != changes:
            self._store.write(tuple(changes))
            self._written = list(changes)

    def _new_entry(self, stream: ServerStream) -> tuple[DuckedStream, int]:
        """Return the entry of a new stream, and the step at which it is.

        A program's next stream begins at the volume that the server remembers, which may be a
        ducked one.
        """
        known = [*self._unrestored, *(ducked for ducked, _ in self._ducked.values())]
        for ducked in known if stream.memory else ():
            if ducked.memory == stream.memory:
                for step in range(1, STEPS + 1):
                    if is_same(stream.volume, ducked.at(step)):
                        return msgspec.structs.replace(ducked, id=stream.id), step
        ducked = DuckedStream(
            id=stream.id,
            program=stream.program,
            memory=stream.memory,
            before=stream.volume,
            level=self._level,
        )
        return ducked, 0

    def _is_wanted(self, stream: ServerStream) -> bool:
        if stream.id in self._ducked or stream.id in self._ignored or not any(stream.volume):
            return False
        names = {stream.program.casefold(), stream.binary.casefold()}
        if names & self._spared or self._is_own(stream):
            self._ignored.add(stream.id)
            return False
        return True

    def _remove_ended(self, streams: dict[int, ServerStream]) -> None:
        for id_ in self._ducked.keys() - streams.keys():
            ducked, _ = self._ducked.pop(id_)
            if ducked.memory and ducked.memory not in {other.memory for other in self._unrestored}:
                self._unrestored.append(ducked)
        self._ignored &= streams.keys()

    def _restore_memories(self, ended: list[DuckedStream]) -> tuple[int, list[DuckedStream]]:
        """Set the remembered volumes of programs whose streams ended; return how many there were,
        and the streams whose volume the server cannot be made to remember (WirePlumber)."""
        remembered = self._server.remembered() if ended else {}
        restored = 0
        for ducked in ended:
            volume = remembered.get(ducked.memory)
            if volume is not None and ducked.was_set(volume):
                self._server.remember(ducked.memory, ducked.before)
                restored += 1
        return restored, [ducked for ducked in ended if ducked.memory not in remembered]


def _is_same_program(ducked: DuckedStream, stream: ServerStream) -> bool:
    return (ducked.program, ducked.memory) == (stream.program, stream.memory)
