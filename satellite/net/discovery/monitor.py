"""Monitoring of one service: availability, location and description."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

import msgspec

from satellite.errors import BadFrame, PeerLate, WireError
from satellite.net.discovery.location import Location, ServiceLocation
from satellite.net.discovery.remote_service import RemoteService, read_service
from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import NotPaired
from satellite.net.refusals import Refusals
from satellite.net.remotes.describe import describe

_LOGGER = logging.getLogger(__name__)

CONNECT = 1.5
"""Seconds to connect to one address: on a LAN a lost SYN is sent again after 1 s."""
ANSWER = 3.0
"""Seconds to answer `describe`: ours answer within one under any load."""
REFRESH = 60.0
"""Seconds between two checks of a service in use; its announcements arrive at once."""
IDLE = 600.0
"""Seconds between two checks of a service that was not used for as long."""
PROBE = (1.5, 3.0)
"""Least and most seconds between two checks of a lost service: one that comes back is used again
within five, and 200 satellites together check it no more than about 90 times a second."""
STRANGE = 60.0
"""Most seconds between two checks of a service whose answers are malformed."""
LATE = 30.0
"""Most seconds between two checks of a service that answers too late: it has too much to do,
and the checks of many satellites would be a part of that."""
SPREAD = 1.5
"""Seconds over which satellites spread the check of a service after an announcement to all."""
JITTER = 0.25
"""Share by which the time between two checks varies."""


class Monitor:
    """Monitors one service while `run` runs."""

    def __init__(
        self,
        location: Location,
        on_update: Callable[[RemoteService | None, RemoteService], None],
        on_lost: Callable[[RemoteService], None],
        in_use: Callable[[str], bool],
        pairing: Pairing,
        own: bool = False,
        refusals: Refusals | None = None,
    ) -> None:
        """`on_update` is called with the previous and the current description, `on_lost` with the
        previous one; `in_use` returns whether a server was used recently. With `own` it may be a
        service of this process. `refusals` limits how often failures are logged."""
        self.location = location
        self.server: RemoteService | None = None
        """Its description while it is available."""
        self.last: RemoteService | None = None
        """Its last description, whether it is available or not."""
        self.checked = False
        """Whether its first check has ended."""
        self._on_update, self._on_lost, self._in_use = on_update, on_lost, in_use
        self._pairing = pairing
        self._own = own
        self._refusals = refusals or Refusals("discovery")
        self._last: ServiceLocation | None = None
        self._requested = asyncio.Event()
        self._delay = 0.0
        """Seconds within which the requested check is due."""
        self._failures = 0
        self.suspect = False
        """Whether it failed, and was not checked since."""
        self._patience = 0.0
        """Most seconds until the next check, after an answer that was malformed or late; else 0."""
        self._slowed = 0
        """How many such answers came one after another."""
        self._check_suspect = False
        self._since = 0.0

    @property
    def address(self) -> str:
        """The URI at which it is, or was last looked for; empty if that is unknown."""
        if self.last is not None:
            return self.last.uri
        return next(iter(self._last.uris), "") if self._last is not None else ""

    def check_within(self, wait: float) -> None:
        """Check it within `wait` seconds."""
        self._delay = min(wait, self._delay) if self._requested.is_set() else wait
        self._requested.set()

    def suspect_now(self) -> None:
        """Check it now, after a failed request, and accept the first result."""
        self._check_suspect = self.suspect = True
        self.check_within(0.0)

    async def run(self, wait: float = 0.0) -> None:
        """Monitor it until cancelled; spread the first check over `wait` seconds."""
        await asyncio.sleep(wait * random.random())
        describe_again = True
        while True:
            suspect, self._check_suspect = self._check_suspect, False
            self._requested.clear()
            await self._check(describe_again or suspect, suspect)
            self.checked = True
            self.suspect = self._check_suspect
            try:
                async with asyncio.timeout(self._interval()):
                    await self._requested.wait()
                    await asyncio.sleep(self._delay * random.random())
                describe_again = False
            except TimeoutError:
                describe_again = True

    async def _check(self, describe_again: bool, suspect: bool) -> None:
        """Check it; without `describe_again` only if its advert has changed."""
        try:
            server = await self._current(describe_again)
        except WireError as error:
            self._fail(error, suspect)
        except Exception as error:  # one faulty service must not end the monitoring of the others
            _LOGGER.exception("checking %s failed", self.location.name)
            self._fail(error, suspect)
        else:
            self._failures = self._slowed = 0
            if server is not None:
                before, self.server, self.last = self.server, server, server
                self._on_update(before, server)

    def _fail(self, error: Exception, suspect: bool) -> None:
        self._failures += 1
        if isinstance(error, PeerLate):
            self._patience = LATE
        elif isinstance(error, BadFrame) or not isinstance(error, WireError):
            self._patience = STRANGE
        else:
            self._patience = 0.0
        self._slowed = self._slowed + 1 if self._patience else 0
        # a merely slow service gets a second chance
        if self.server is None or suspect or self._failures > 1 or not _is_timeout(error):
            self._log(error)
            if self.server is not None:
                before, self.server = self.server, None
                self._on_lost(before)
        # its address may have changed: query after 1, 2, 4, 8, ... failures, as queries reach
        # everyone
        if self._failures & (self._failures - 1) == 0:
            self.location.invalidate()

    def _log(self, error: Exception) -> None:
        """Log a failure; of a service that never answered once, as adverts may come and go."""
        level = logging.WARNING if self._failures == 1 else logging.DEBUG
        text = f"cannot use a service: {error}"
        if self.last is None or isinstance(error, NotPaired):
            now = asyncio.get_running_loop().time()
            self._refusals.log(now, "service", self.location.name, text, level)
        else:
            _LOGGER.log(level, "%s", text)

    async def _current(self, describe_again: bool) -> RemoteService | None:
        """Return its current description; None for a service of this process. Raises
        `WireError`."""
        try:
            location = await self.location.resolve()
        except NotPaired:
            self._last = None
            raise
        except WireError:
            if self._last is None:
                raise
            location = self._last  # unknown now; it may not have moved
        if location.own and not self._own:
            return None
        before, self._last = self._last, location
        known = self.server
        same = before is not None and (before.uris, before.facts) == (location.uris, location.facts)
        if known is not None and same and not describe_again:
            return msgspec.structs.replace(known, load=location.load)
        loop = asyncio.get_running_loop()
        failure: WireError = WireError(f"{self.location.name} has no address")
        uris = sorted(location.uris, key=lambda uri: known is None or uri != known.uri)
        for uri in uris:
            began = loop.time()
            try:
                event = await describe(uri, CONNECT, ANSWER, pairing=self._pairing)
                name = location.name or self.location.name
                found = read_service(name, uri, event, loop.time() - began)
            except WireError as error:
                failure = error
                continue
            if location.satellite and not found.satellite:
                raise NotPaired(
                    f"{self.location.name} is not used: it announces itself as a satellite, but is "
                    f"a server of {', '.join(found.roles) or 'nothing'} at {uri}"
                )
            self._since = self._since if known is not None else began
            return msgspec.structs.replace(found, load=location.load, since=self._since)
        raise type(failure)(_with_name(self.location.name, failure)) from failure

    def _interval(self) -> float:
        """Return the seconds until the next check, unless one is requested before."""
        if self._failures:
            least, most = PROBE
            growth = min(2.0 ** max(0, min(self._slowed, 8) - 1), max(1.0, self._patience / most))
            return random.uniform(least * growth, most * growth)
        used = self.server is not None and self._in_use(self.server.uri)
        return (REFRESH if used else IDLE) * random.uniform(1 - JITTER, 1 + JITTER)


def _is_timeout(error: BaseException | None) -> bool:
    """Return whether an error is, or was caused by, a timeout."""
    while error is not None:
        if isinstance(error, TimeoutError):
            return True
        error = error.__cause__
    return False


def _with_name(name: str, error: WireError) -> str:
    text = str(error)
    return text if name in text else f"{name}: {text}"
