"""The servers that commands have found before, so that the next command need not search first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

import msgspec

from satellite.errors import ConfigError, WireError
from satellite.lib.file_lock import FileBusy
from satellite.lib.persistence import StoredValue
from satellite.net.discovery.remote_service import read_service
from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.remotes.describe import describe

_LOGGER = logging.getLogger(__name__)

MOST = 8
"""Servers that are remembered."""
AGE = 7 * 86400.0
"""Seconds after which a server that was not found again is forgotten."""
CONNECT, ANSWER = 0.3, 0.5
"""Seconds that a server of the LAN has to be reached, and to describe itself."""


class KnownServer(msgspec.Struct, frozen=True):
    """A server as it was last found."""

    role: str
    uri: str
    seen: float
    """Seconds since the epoch."""


class KnownServers:
    """The servers found by earlier commands."""

    def __init__(self) -> None:
        self._stored = StoredValue("known-servers", tuple[KnownServer, ...], ())

    async def answering(self, role: str, pairing: Pairing) -> tuple[str, ...]:
        """Return the addresses of those of a role that answer now, after `CONNECT` and `ANSWER` at
        the latest.

        Where machines are paired, servers without TLS are left out: one that is stored may have
        been paired since, and only its advert would reveal it.
        """
        known = [server.uri for server in await self._read() if server.role == role]
        if await asyncio.to_thread(_any_paired, pairing):
            known = [uri for uri in known if uri.startswith("tls://")]
        answers = await asyncio.gather(*(_offers(uri, role, pairing) for uri in known))
        return tuple(uri for uri, offers in zip(known, answers, strict=True) if offers)

    async def remember(self, role: str, uris: Sequence[str]) -> None:
        """Store the servers of a role that were found now, before those of earlier."""
        found = [KnownServer(role, uri, time.time()) for uri in dict.fromkeys(uris)]

        def with_found(servers: tuple[KnownServer, ...]) -> tuple[KnownServer, ...]:
            others = (
                server
                for server in _recent(servers)
                if (server.role, server.uri) not in {(role, uri) for uri in uris}
            )
            return (*found, *others)[:MOST]

        if found:
            try:
                await asyncio.to_thread(self._stored.change, with_found)
            except FileBusy as error:
                _LOGGER.warning("the servers that were found are not stored: %s", error)

    async def _read(self) -> tuple[KnownServer, ...]:
        return _recent(await asyncio.to_thread(self._stored.read))


def _recent(servers: Sequence[KnownServer]) -> tuple[KnownServer, ...]:
    now = time.time()
    return tuple(server for server in servers if 0 <= now - server.seen < AGE)


def _any_paired(pairing: Pairing) -> bool:
    try:
        return bool(pairing.peers.all())
    except KeysUnusable:
        return True


async def _offers(uri: str, role: str, pairing: Pairing) -> bool:
    try:
        event = await describe(uri, CONNECT, ANSWER, pairing=pairing)
        return role in read_service(uri, uri, event, 0.0).roles
    except (WireError, ConfigError):  # an address of an older version may be unreadable now
        return False
