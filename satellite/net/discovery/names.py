"""Servers behind a name of DNS, followed as they change.

These are all addresses of the name, or the targets of its SRV records (RFC 2782).
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from satellite.errors import ConfigError
from satellite.lib.platform import system
from satellite.net.discovery import dns_message
from satellite.net.discovery.dns_message import Target
from satellite.net.uri import Tcp, Tls, parse
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two looks: a server that moved is used within ten. Names of Kubernetes and Docker
live for 5 to 30 s in caches, and those of a home's router mostly for none."""
ANSWER = 2.0
"""Seconds for a name server to answer."""
MOST = 64
"""Servers of a name; of more, those with the lowest addresses are used."""

_SRV = re.compile(r"_[\w-]+\._tcp\.[\w.-]+", re.ASCII)
_RESOLV = Path("/etc/resolv.conf")
_PORT = 53
_NO_SUCH_NAME = 3

NameServer = tuple[str, int]
Lookup = Callable[[str], Awaitable[tuple[str, ...]]]


class Unresolved(Exception):
    """The name servers do not answer, or do not know the name; `str` says which."""


def check(name: str) -> None:
    """Raise `ConfigError` unless a name is that of SRV records, or a tcp:// or tls:// URI."""
    if not _SRV.fullmatch(name) and not isinstance(parse(name), Tcp | Tls):
        raise ConfigError([f"{name} is no name of DNS: tcp://NAME:PORT or _wyoming._tcp.DOMAIN"])


async def lookup(name: str) -> tuple[str, ...]:
    """Return the URIs of the servers behind a name. Raises `Unresolved`, `ConfigError`."""
    if _SRV.fullmatch(name):
        return await _targets(name, await asyncio.to_thread(name_servers))
    address = parse(name)
    assert isinstance(address, Tcp | Tls)  # as `check` has found
    hosts = await _addresses(address.host)
    if isinstance(address, Tls):
        return tuple(str(Tls(host, address.port, address.role)) for host in hosts)
    return tuple(str(Tcp(host, address.port)) for host in hosts)


async def follow(
    name: str, found: Callable[[tuple[str, ...]], None], look: Lookup = lookup
) -> None:
    """Call `found` with the URIs behind a name, now and whenever they change, until cancelled.

    While the name cannot be resolved, the servers stay as they were: they may well answer.
    """
    before: tuple[str, ...] | None = None
    failed = ""
    while True:
        try:
            now = tuple(sorted(await look(name)))[:MOST]
        except Unresolved as error:
            if str(error) != failed:
                failed = str(error)
                _LOGGER.warning("servers of %s: %s", name, failed)
        else:
            failed = ""
            if now != before:
                _LOGGER.info("servers of %s: %s", name, ", ".join(now) or "none")
                found(now)
                before = now
        await asyncio.sleep(EVERY)


def name_servers() -> tuple[NameServer, ...]:
    """Return the name servers of this machine (resolv.conf(5)). Raises `Unresolved`."""
    try:
        lines = _RESOLV.read_text().splitlines()
    except OSError as error:
        reason = reason_of(error)
        raise Unresolved(f"{_RESOLV}: {reason}; {system.full_name()} needs tcp:// names") from error
    words = [line.split() for line in lines]
    found = tuple((w[1], _PORT) for w in words if len(w) > 1 and w[0] == "nameserver")
    return found or (("127.0.0.1", _PORT),)


async def _addresses(host: str) -> tuple[str, ...]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(ANSWER * 2):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise Unresolved("the name server does not answer") from error
    except (OSError, UnicodeError) as error:
        raise Unresolved(f"{host} cannot be resolved: {reason_of(error)}") from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


async def _targets(name: str, servers: tuple[NameServer, ...]) -> tuple[str, ...]:
    """Return the URIs of the targets of SRV records of the lowest priority that has any."""
    for server in servers:
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(ANSWER):
                records = await _query(name, server)
            lowest = min((record.priority for record in records), default=0)
            uris: list[str] = []
            for record in records:
                if record.priority == lowest:
                    hosts = await _addresses(record.host)
                    uris += [str(Tcp(host, record.port)) for host in hosts]
            return tuple(uris)
    raise Unresolved("no name server answers")


async def _query(name: str, server: NameServer) -> tuple[Target, ...]:
    """Return the SRV records of a name: by a datagram, and by TCP if they do not fit into it, as
    those of about six pods. Raises `OSError`, `Unresolved`."""
    number = random.randrange(1, 1 << 16)
    question = dns_message.question(name, number)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Client(answer, number), remote_addr=server
    )
    try:
        transport.sendto(question)
        content = await answer
    finally:
        transport.close()
    if dns_message.truncated(content):
        content = await _by_tcp(question, number, server) or content
    if (code := dns_message.code(content)) == _NO_SUCH_NAME:
        return ()  # no server is left
    if code:
        raise Unresolved(f"the name server {server[0]} refuses the question (code {code})")
    try:
        return dns_message.targets(content)
    except dns_message.BadMessage as error:
        raise Unresolved(str(error)) from error


async def _by_tcp(question: bytes, number: int, server: NameServer) -> bytes | None:
    """Return the answer by TCP, each message behind its length; None if there is none."""
    writer = None
    try:
        async with asyncio.timeout(ANSWER / 2):  # the datagram's beginning is better than nothing
            reader, writer = await asyncio.open_connection(*server)
            writer.write(len(question).to_bytes(2) + question)
            content = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    except (OSError, EOFError) as error:
        _LOGGER.debug("the name server %s does not answer by TCP: %s", server[0], reason_of(error))
        return None
    finally:
        if writer is not None:
            writer.close()
    return content if dns_message.answers(content, number) else None


class _Client(asyncio.DatagramProtocol):
    """Waits for the answer of a number; a connected socket takes datagrams of the server alone."""

    def __init__(self, answer: asyncio.Future[bytes], number: int) -> None:
        self._answer = answer
        self._number = number

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answer.done() and dns_message.answers(data, self._number):
            self._answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)
