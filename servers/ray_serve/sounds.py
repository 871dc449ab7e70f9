"""What passes between the gateway and replicas apart from calls: an actor of Ray.

Calls of Ray Serve take whole arguments only. The gateway puts sound here as it arrives, and the
replica that works on the request takes it. Nor does Ray Serve say whether a replica that does not
run yet waits for a place or loads its engine, so replicas say here when they begin, and have ended.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from satellite.values import SPEECH

MOST = SPEECH.bytes_of(60)
"""Bytes of a request that wait to be taken; the gateway waits from there on."""
MOST_DROPPED = 4096
"""Requests that are remembered as dropped; a call overtakes only those of the same moment."""
PATIENCE = 30.0
"""Seconds of a call without sound to give, or without room for more; the caller calls again."""


class _Waiting:
    """The sound of one request that has not been taken yet."""

    def __init__(self) -> None:
        self.sound = bytearray()
        self.ended = False
        self.dropped = False
        self.changed = asyncio.Condition()


class Sounds:
    """Holds the sound of requests, each under a number of its own."""

    def __init__(self) -> None:
        self._requests: dict[str, _Waiting] = {}
        self._dropped: OrderedDict[str, None] = OrderedDict()
        """Requests that were dropped before they were opened: Ray calls actors in any order."""
        self._starts: dict[str, list[int]] = {}
        """By the number of a start: the replicas that began to load, and those that have loaded."""

    async def open(self, number: str) -> None:
        """Expect the sound of a request."""
        if number in self._dropped:
            del self._dropped[number]
        else:
            self._requests[number] = _Waiting()

    async def put(self, number: str, sound: bytes, *, ended: bool) -> bool | None:
        """Add sound to a request; return False if there is no room, None if it is unknown."""
        if (request := self._requests.get(number)) is None:
            return None
        async with request.changed:
            if request.sound and len(request.sound) + len(sound) > MOST:
                return False
            request.sound += sound
            request.ended = ended
            request.changed.notify_all()
        return True

    async def take(self, number: str) -> tuple[bytes, bool] | None:
        """Return the sound of a request that has come, and whether it is the last.

        None if the request is unknown: it was dropped, or this actor was started again.
        """
        if (request := self._requests.get(number)) is None:
            return None
        async with request.changed:
            try:
                async with asyncio.timeout(PATIENCE):
                    while not (request.sound or request.ended or request.dropped):
                        await request.changed.wait()
            except TimeoutError:
                return b"", False
            if request.dropped:
                return None
            sound = bytes(request.sound)
            request.sound.clear()
            return sound, request.ended

    async def drop(self, number: str) -> None:
        """Forget a request, and end whatever waits for its sound."""
        if (request := self._requests.pop(number, None)) is None:
            self._dropped[number] = None
            while len(self._dropped) > MOST_DROPPED:
                self._dropped.popitem(last=False)
            return
        async with request.changed:
            request.dropped = True
            request.changed.notify_all()

    async def begin(self, start: str) -> None:
        """Note that a replica has a place, and begins to load its engine."""
        self._starts.setdefault(start, [0, 0])[0] += 1

    async def loaded(self, start: str) -> None:
        """Note that a replica has loaded its engine, or knows why it cannot."""
        self._starts.setdefault(start, [0, 0])[1] += 1

    async def progress(self, start: str) -> tuple[int, int]:
        """Return how many replicas of a start have begun to load, and have loaded."""
        begun, loaded = self._starts.get(start, (0, 0))
        return begun, loaded

    async def held(self) -> int:
        """Return the number of requests that are not forgotten."""
        return len(self)

    def __len__(self) -> int:
        return len(self._requests)
