"""The ports of the satellite and its servers: free, ours, or taken by another program."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import AsyncGenerator

import msgspec

from satellite.diagnostics.doctor.context import Context
from satellite.errors import ConfigError, PeerRefused, WireError
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.lib.platform import remedies
from satellite.net import uri
from satellite.net.discovery.remote_service import read_service
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.net.uri import Tcp
from satellite.settings import Settings

ANSWER = 2.0
"""Seconds for a program on this machine to describe itself."""

_PURPOSES = {
    "asr": "the speech-to-text server",
    "llm": "the language model server",
    "tts": "the text-to-speech server",
    "wake": "the wake word server",
}


class ExpectedPort(msgspec.Struct, frozen=True):
    """A TCP port that the satellite or one of its servers listens on."""

    role: str
    """`satellite`, or the role of a server."""
    host: str
    number: int
    purpose: str
    setting: str
    """The setting of this port."""


def expected_ports(settings: Settings) -> list[ExpectedPort]:
    """Return the satellite's port for Home Assistant, and those of the server's roles."""
    ports = []
    listen = _address(settings.homeassistant.listen)
    if isinstance(listen, Tcp):
        purpose = "the satellite, for Home Assistant"
        setting = "homeassistant.listen"
        ports.append(ExpectedPort("satellite", listen.host, listen.port, purpose, setting))
    server = settings.server
    for role in server.roles:
        number = getattr(server, f"{role}_port", 0)
        if number and not server.uri:
            purpose, setting = _PURPOSES.get(role, role), f"server.{role}_port"
            ports.append(ExpectedPort(role, server.host, number, purpose, setting))
    return ports


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine's loopback, which no other machine reaches."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_taken(host: str, port: int) -> bool:
    """Return whether a program listens at a port, found by an attempt to bind to it; blocks."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        # connections that have just ended then do not count (socket(7))
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


async def ports(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the program at each port: ours, another one, or none."""
    free = []
    for port in expected_ports(context.settings):
        if await run_in_daemon_thread(lambda port=port: is_taken(port.host, port.number)):  # type: ignore[misc]
            yield await _judge(port, context.pairing)
        else:
            free.append(f"{port.number} ({port.purpose})")
    if free:
        yield ok("ports", f"free: {', '.join(free)}")


async def _judge(port: ExpectedPort, pairing: Pairing) -> Finding:
    about = f"port {port.number}"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(port.host, port.host)
    place = str(Tcp(host, port.number))
    means = f"{port.purpose} cannot use this port."
    stop = (
        f"stop the program that {remedies.program_at_port(port.number)} shows, or set another "
        f"port: {port.setting}"
    )
    try:
        answer = await describe(place, ANSWER, ANSWER, pairing=pairing)
        server = read_service(place, place, answer, 0.0)
    except PeerRefused as error:
        found = f"a Wyoming service refuses the doctor: {error}"
        return note(about, found, "Nothing is wrong if --require-pairing or --allow is set.")
    except WireError:
        state = broken if port.role == "satellite" else warning
        return state(about, "taken by a program that is not a Wyoming service", means, stop)
    does = ", ".join(server.roles) or ("a satellite" if server.satellite else "nothing")
    right = server.satellite if port.role == "satellite" else port.role in server.roles
    if right and server.ours:
        return ok(about, port.purpose)
    if right:
        remedy = f"to run both, set another port: {port.setting}"
        return note(about, f"another program serves {does} there", means, remedy)
    return warning(about, f"taken by a Wyoming service for {does}", means, stop)


def _address(listen: str) -> uri.Address | None:
    try:
        return uri.parse(listen) if listen else None
    except ConfigError:
        return None  # reported by the check of the configuration
