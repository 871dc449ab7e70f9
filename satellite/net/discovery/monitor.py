"""Keeping up with one service: whether it is there, where, and what it is."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

import msgspec

from satellite.errors import BadFrame, WireError
from satellite.net.describe import describe
from satellite.net.discovery.location import Location, Where
from satellite.net.discovery.remote_service import RemoteService, read_service
from satellite.net.pairing import Pairing

_LOGGER = logging.getLogger(__name__)

CONNECT = 1.5
"""Seconds to connect to one address: on a LAN a lost SYN is sent again after 1 s."""
ANSWER = 3.0
"""Seconds to answer `describe`, which ours do within one however much they have to do."""
REFRESH = 60.0
"""Seconds between two looks at a service that is in use; what it announces is heard at once."""
IDLE = 600.0
"""Seconds between two looks at a service that nobody has asked for as long."""
PROBE = (1.5, 3.0)
"""Seconds between two looks at a service that is lost, at least and at most: one that comes back is
used again within five, and 200 satellites ask it no more than about 90 times a second together."""
STRANGE = 60.0
"""Seconds at most between two looks at a service that answers what nobody understands."""
SPREAD = 1.5
"""Seconds over which satellites look at a service whose news all of them hear in one moment."""
JITTER = 0.25
"""Share by which the time between two looks varies."""


class Monitor:
    """One service, for as long as `run` runs."""

    def __init__(
        self,
        location: Location,
        found: Callable[[RemoteService | None, RemoteService], None],
        lost: Callable[[RemoteService], None],
        in_use: Callable[[str], bool],
        pairing: Pairing,
        own: bool = False,
    ) -> None:
        """`found` is told what it was and what it is, `lost` what it was; `in_use` says whether a
        server was asked lately. With `own` it may be a service of this process."""
        self.location = location
        self.server: RemoteService | None = None
        """What is known of it while it is there."""
        self._found, self._lost, self._in_use = found, lost, in_use
        self._pairing = pairing
        self._own = own
        self._where: Where | None = None
        self._news = asyncio.Event()
        self._soon = 0.0
        """Seconds until the next look that `_news` asks for."""
        self._failures = 0
        self.suspect = False
        """It is in doubt, and was not looked at since."""
        self._strange = False
        self._doubted = False
        self._since = 0.0

    def tell(self, wait: float = 0.0) -> None:
        """There is news of it; look at it within so many seconds."""
        self._soon = min(wait, self._soon) if self._news.is_set() else wait
        self._news.set()

    def doubt(self) -> None:
        """It has failed somebody: look at it now, and believe the first thing that is seen."""
        self._doubted = self.suspect = True
        self.tell()

    async def run(self, wait: float = 0.0) -> None:
        """Keep up with it until cancelled, beginning after so many seconds."""
        await asyncio.sleep(wait * random.random())
        ask = True
        while True:
            doubted, self._doubted = self._doubted, False
            self._news.clear()
            await self._look(ask or doubted, doubted)
            self.suspect = self._doubted
            try:
                async with asyncio.timeout(self._pause()):
                    await self._news.wait()
                    await asyncio.sleep(self._soon * random.random())
                ask = False
            except TimeoutError:
                ask = True

    async def _look(self, ask: bool, doubted: bool) -> None:
        """Look at it; without `ask` only if its advert tells something else than before."""
        try:
            server = await self._examine(ask)
        except WireError as error:
            self._fail(error, doubted)
        except Exception as error:  # one strange service must not end the watch over the others
            _LOGGER.exception("looking at %s failed", self.location.name)
            self._fail(error, doubted)
        else:
            self._failures = 0
            if server is not None:
                before, self.server = self.server, server
                self._found(before, server)

    def _fail(self, error: Exception, doubted: bool) -> None:
        self._failures += 1
        self._strange = isinstance(error, BadFrame) or not isinstance(error, WireError)
        # one that is merely slow is given a second chance
        if self.server is None or doubted or self._failures > 1 or not _late(error):
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            _LOGGER.log(level, "a service is known and cannot be used: %s", error)
            if self.server is not None:
                before, self.server = self.server, None
                self._lost(before)
        # its address may be another one by now: asked at 1, 2, 4, 8, ... as everybody hears it
        if self._failures & (self._failures - 1) == 0:
            self.location.forget()

    async def _examine(self, ask: bool) -> RemoteService | None:
        """What the service is now; None for one of this process. Raises `WireError`."""
        try:
            where = await self.location.where()
        except WireError:
            if self._where is None:
                raise
            where = self._where  # nobody tells; it may be where it was
        if where.own and not self._own:
            return None
        before, self._where = self._where, where
        known = self.server
        same = before is not None and (before.uris, before.facts) == (where.uris, where.facts)
        if known is not None and same and not ask:
            return msgspec.structs.replace(known, load=where.load)
        loop = asyncio.get_running_loop()
        problem: WireError = WireError(f"{self.location.name} has no address")
        uris = sorted(where.uris, key=lambda uri: known is None or uri != known.uri)
        for uri in uris:
            began = loop.time()
            try:
                event = await describe(uri, CONNECT, ANSWER, pairing=self._pairing)
                found = read_service(self.location.name, uri, event, loop.time() - began)
            except WireError as error:
                problem = error
                continue
            self._since = self._since if known is not None else began
            return msgspec.structs.replace(found, load=where.load, since=self._since)
        raise type(problem)(_named(self.location.name, problem)) from problem

    def _pause(self) -> float:
        """Seconds until the next look, if there is no news before."""
        if self._failures:
            growth = 2.0 ** min(self._failures, 8) if self._strange else 1.0
            return random.uniform(*(min(STRANGE, seconds * growth) for seconds in PROBE))
        used = self.server is not None and self._in_use(self.server.uri)
        return (REFRESH if used else IDLE) * random.uniform(1 - JITTER, 1 + JITTER)


def _late(error: BaseException | None) -> bool:
    """Whether nothing is known but that no answer came in time."""
    while error is not None:
        if isinstance(error, TimeoutError):
            return True
        error = error.__cause__
    return False


def _named(name: str, error: WireError) -> str:
    text = str(error)
    return text if name in text else f"{name}: {text}"
