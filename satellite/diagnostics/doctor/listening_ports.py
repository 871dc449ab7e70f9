"""The ports that the satellite and its servers want: free, ours, or taken by another program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.expected_ports import Wanted, wanted
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.diagnostics.doctor.processes import Process, everything_is_seen, open_files
from satellite.errors import PeerRefused, WireError
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.net.describe import describe
from satellite.net.discovery.remote_service import RemoteService, read_service
from satellite.net.uri import Tcp

ANSWER = 2.0
"""Seconds for a program on this machine to say what it is."""

_LISTENING = "0A"
"""TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h)."""


class Listener(msgspec.Struct, frozen=True):
    """A TCP port of this machine on which something listens."""

    port: int
    host: str
    """The address it is bound to."""
    inode: str
    process: Process | None = None
    """None where this user may not see whose it is."""

    @property
    def who(self) -> str:
        """The program, as far as it is known."""
        return str(self.process) if self.process else "a program of another user"


async def ports(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Who has each port, and whether that is who should."""
    listening = await run_in_daemon_thread(lambda: listeners(case))
    free = []
    for want in wanted(case.settings):
        if taken := [item for item in listening if item.port == want.port]:
            yield await _taken(want, taken[0])
        else:
            free.append(f"{want.port} ({want.what})")
    if free:
        yield ok("ports", f"nothing listens on {', '.join(free)}")


async def _taken(want: Wanted, listener: Listener) -> Finding:
    about = f"port {want.port}"
    try:
        server = await ask(listener)
    except PeerRefused as error:
        found = f"{listener.who} speaks Wyoming there, and does not let the doctor in: {error}"
        return note(about, found, "Nothing is wrong where --require-pairing or --allow is set.")
    if server is None:
        means = f"{want.what} cannot be offered there."
        hint = "" if listener.process or everything_is_seen() else " (sudo satellite doctor ports)"
        stop = f"stop {listener.who}{hint}, or set another port: {want.setting}"
        found = f"taken by {listener.who}, which is no Wyoming service"
        kind = broken if want.role == "satellite" else warning
        return kind(about, found, means, stop)
    does = ", ".join(server.roles) or ("a satellite" if server.satellite else "nothing")
    right = server.satellite if want.role == "satellite" else want.role in server.roles
    if right and server.ours:
        return ok(about, f"{want.what}, by {listener.who}")
    found = f"{listener.who} serves {does} there" + ("" if server.ours else ", made by others")
    means = f"{want.what} cannot be offered there besides it."
    if right:
        return note(about, found, means, f"to run both, set another port: {want.setting}")
    return warning(about, found, means, f"stop one of them, or set {want.setting}")


async def ask(listener: Listener) -> RemoteService | None:
    """What listens there says of itself; None where it does not speak Wyoming.

    Raises `PeerRefused`.
    """
    hosts = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    uri = str(Tcp(hosts.get(listener.host, listener.host), listener.port))
    began = asyncio.get_running_loop().time()
    try:
        event = await describe(uri, ANSWER, ANSWER)
        return read_service(uri, uri, event, asyncio.get_running_loop().time() - began)
    except PeerRefused:
        raise
    except WireError:
        return None


def listeners(case: ExaminationInput) -> list[Listener]:
    """Every TCP port that somebody listens on, with the program where it can be seen."""
    found = []
    for name in ("tcp", "tcp6"):
        for line in (case.text(f"proc/net/{name}") or "").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == _LISTENING:
                host, _, port = fields[1].partition(":")
                found.append(Listener(int(port, 16), _address(host), fields[9]))
    owners = {
        target: process for process, target in open_files(case) if target.startswith("socket:")
    }
    return [
        msgspec.structs.replace(item, process=owners.get(f"socket:[{item.inode}]"))
        for item in found
    ]


def _address(text: str) -> str:
    """An address of /proc/net/tcp: 32-bit words in the machine's order, here little-endian."""
    import ipaddress

    raw = bytes.fromhex(text)
    words = b"".join(raw[place : place + 4][::-1] for place in range(0, len(raw), 4))
    return str(ipaddress.ip_address(words))
