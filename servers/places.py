"""The places of an engine: the requests that run at once, and the order of those that wait.

A place is for work. One that a client only occupies is taken away as soon as another request waits
for a place, and never otherwise:

- A request whose client reads its results too slowly is paused (`LEND`) and goes on once it reads
  again and a place is free. Nothing is lost.
- A request whose client sends its sound too slowly fails (`Caller.behind`): an engine holds memory
  for it, and what was said late is of no use.
- One address does not hold all places while another one waits. The next free place is for the
  address that has the fewest. A request of an address with more of them is paused after `TURN`
  seconds at its next result, or fails where its client is still sending after `LONGEST_SENDING`.
  An address that lost a place so, or by slowness, cannot take the last place for `WATCHED` seconds.

Without others that wait, a client may be as slow as it likes, within the limits of its connection.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable
from itertools import count
from typing import TypeVar

from satellite.errors import EngineBusy, EngineTimeout
from servers.caller import CALLER, Caller

T = TypeVar("T")

CHECK = 0.5
"""Seconds between two reviews of the places while requests wait."""
LEND = 1.0
"""Seconds without taking a result after which a request is paused. Results wait in a buffer of the
connection (see `servers.serve.outbox`), so that a client who listens in real time is not slow
before it has minutes of sound ahead."""
TURN = 5.0
"""Seconds after which a request of an address with more places than another makes way for it: most
answers are complete by then."""
LONGEST_SENDING = 20.0
"""Seconds of sending, from the start of a request, after which it may lose its place to another
address. A satellite sends at most 15 (`listen.longest`)."""
WATCHED = 120.0
"""Seconds for which an address whose request lost its place leaves one place to others, if there
are at least two."""
MOST_WATCHED = 256
"""Addresses that are watched at once; the first ones are forgotten."""


class Place:
    """The place of one request: held while it works, and given back between two results."""

    def __init__(self, places: Places, caller: Caller, number: int) -> None:
        self.caller = caller
        self.number = number
        """Its rank among the requests, by the time of arrival."""
        self.begun = False
        self.held_since = 0.0
        self.idle_since: float | None = None
        """Since when its latest result has not been taken; None while it works."""
        self.makes_way = False
        """Whether it is to be paused at its next result."""
        self._places = places
        self._scope: asyncio.Timeout | None = None
        self._loss = ""

    async def work(self, step: Awaitable[T]) -> T:
        """Do one step of the request in this place. Raises `EngineTimeout` if the place is lost."""
        try:
            async with asyncio.timeout(None) as self._scope:
                return await step
        except TimeoutError as error:
            if self._loss:
                raise EngineTimeout(self._loss) from error
            raise
        finally:
            self._scope = None

    def offer(self) -> None:
        """Note that a result waits to be taken."""
        self.idle_since = asyncio.get_running_loop().time()
        if self.makes_way:
            self._places.pause(self)

    async def resume(self) -> None:
        """Work again after a result was taken; wait for a place if it was given to another."""
        self.idle_since = None
        if not self._places.holds(self):
            await self._places.wait_for(self)

    def leave(self) -> None:
        """End the request. Idempotent."""
        self._places.release(self)

    def lose(self, reason: str) -> None:
        """Make the step in progress raise `EngineTimeout`; without one, do nothing."""
        if self._scope is not None and not self._loss:
            self._loss = reason
            self._scope.reschedule(asyncio.get_running_loop().time())


class Places:
    """A number of places, and the requests that wait for one."""

    def __init__(self, number: int, waiting: int) -> None:
        """`waiting` limits the requests that wait to begin; paused ones do not count."""
        self._number = number
        self._most_waiting = waiting
        self._holders: set[Place] = set()
        self._queue: dict[Place, asyncio.Future[None]] = {}
        self._watched: OrderedDict[str, float] = OrderedDict()
        self._numbers = count()
        self._review_timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> int:
        """Requests that hold a place."""
        return len(self._holders)

    @property
    def queued(self) -> int:
        """Requests that wait for one."""
        return len(self._queue)

    def holds(self, place: Place) -> bool:
        """Return whether a request holds its place."""
        return place in self._holders

    async def take(self) -> Place:
        """Wait for a place and take it. Raises `EngineBusy` when too many wait already."""
        place = Place(self, CALLER.get(), next(self._numbers))
        if self._full():
            self._review()
            if self._full():
                raise EngineBusy(
                    f"{len(self._holders)} requests are running and {len(self._queue)} are "
                    "waiting: try again later, or raise server.workers or server.waiting"
                )
        await self.wait_for(place)
        return place

    async def wait_for(self, place: Place) -> None:
        """Wait until a request has a place; cancelling gives it up."""
        loop = asyncio.get_running_loop()
        granted = self._queue[place] = loop.create_future()
        self._grant()
        if not granted.done() and self._review_timer is None:
            self._review_timer = loop.call_later(CHECK, self._review_later)
        try:
            await granted
        except asyncio.CancelledError:
            self._queue.pop(place, None)
            self.release(place)
            raise

    def release(self, place: Place) -> None:
        """Free a request's place. Idempotent."""
        self._holders.discard(place)
        self._grant()

    def pause(self, place: Place) -> None:
        """Give a request's place to others until it resumes, if any wait."""
        place.makes_way = False
        if self._queue:
            self.release(place)

    def _full(self) -> bool:
        starting = sum(not place.begun for place in self._queue)
        return len(self._holders) >= self._number and starting >= self._most_waiting

    def _grant(self) -> None:
        """Give free places to those who wait."""
        now = asyncio.get_running_loop().time()
        while self._queue and len(self._holders) < self._number:
            held = Counter(place.caller.address for place in self._holders)
            allowed = [p for p in self._queue if self._may_take(p.caller.address, held, now)]
            if not allowed:
                return
            place = min(allowed, key=lambda p: (held[p.caller.address], p.number))
            granted = self._queue.pop(place)
            if granted.done():  # cancelled, and about to leave
                continue
            place.begun, place.held_since, place.makes_way = True, now, False
            self._holders.add(place)
            granted.set_result(None)

    def _may_take(self, address: str, held: Counter[str], now: float) -> bool:
        """Return whether an address may take a place: a watched one leaves the last to others."""
        last = 1 < self._number == held[address] + 1
        return not last or self._watched.get(address, now) <= now

    def _review_later(self) -> None:
        self._review_timer = None
        self._review()
        if self._queue:
            loop = asyncio.get_running_loop()
            self._review_timer = loop.call_later(CHECK, self._review_later)

    def _review(self) -> None:
        """Take places from requests that only occupy them."""
        now = asyncio.get_running_loop().time()
        for place in tuple(self._holders):
            if place.idle_since is not None:
                if now - place.idle_since >= LEND:
                    self._holders.discard(place)
            elif reason := place.caller.behind(now):
                self._evict(place, reason, now)
        self._grant()
        self._share(now)

    def _share(self, now: float) -> None:
        """Let an address with many places make way for a waiting one with few."""
        held = Counter(place.caller.address for place in self._holders)
        fewest = min((held[place.caller.address] for place in self._queue), default=0)
        busiest, most = held.most_common(1)[0] if held else ("", 0)
        if not self._queue or (most - fewest < 2 and fewest):
            return
        if all(place.caller.address == busiest for place in self._queue):
            return
        theirs = [place for place in self._holders if place.caller.address == busiest]
        if not any(place.makes_way for place in theirs):
            oldest = min(theirs, key=lambda place: place.held_since)
            oldest.makes_way = now - oldest.held_since >= TURN
        longest = max(theirs, key=lambda place: place.caller.sending(now))
        if (seconds := longest.caller.sending(now)) >= LONGEST_SENDING:
            reason = f"it was sending for {seconds:.0f} s, and others wait for its place"
            self._evict(longest, reason, now)

    def _evict(self, place: Place, reason: str, now: float) -> None:
        place.lose(reason)
        address = place.caller.address
        self._watched[address] = now + WATCHED
        self._watched.move_to_end(address)
        while len(self._watched) > MOST_WATCHED:
            self._watched.popitem(last=False)
