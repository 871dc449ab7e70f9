"""Connecting to a service: by TCP, by a Unix socket, or by TLS to a paired machine."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl

from satellite.errors import ConfigError, PeerUnreachable
from satellite.lib.platform.sockets import unix_connection
from satellite.net import uri as uris
from satellite.net.frame import Limits
from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import NotPaired
from satellite.net.pairing.tls import open_tls
from satellite.net.wire import Connection

_LOOPBACK = ("127.", "::1", "localhost")
"""Prefixes of hosts that are this machine, which needs no pairing."""


async def connect(
    uri: str, timeout: float, limits: Limits | None = None, *, pairing: Pairing
) -> Connection:
    """Connect to the service at a TCP, TLS or Unix URI within `timeout` seconds.

    Raises:
        PeerUnreachable: the service cannot be reached, for the reason in the message.
        KeyChanged, NotPaired: the TLS peer is not the paired machine.
        ConfigError: the URI is invalid.
    """
    limits = limits or Limits()
    address = uris.parse(uri)
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await _streams(address, limits.header, pairing)
    except TimeoutError as error:
        raise PeerUnreachable(f"{uri} cannot be reached: no answer in {timeout:g} s") from error
    except UnicodeError as error:
        raise PeerUnreachable(f"{uri} cannot be reached: this is no valid host name") from error
    except OSError as error:
        raise PeerUnreachable(f"{uri} cannot be reached: {_reason(error)}") from error
    return Connection(reader, writer, uri, limits)


async def _streams(
    address: uris.Address, header: int, pairing: Pairing
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(address, uris.Tcp):
        if pairing.required and not address.host.startswith(_LOOPBACK):
            raise NotPaired(f"{address} has no TLS, and pairing is required (--require-pairing)")
        return await asyncio.open_connection(address.host, address.port, limit=header)
    if isinstance(address, uris.Tls):
        return await open_tls(address, header, pairing)
    if isinstance(address, uris.Unix):
        return await unix_connection(address.path, header)
    raise ConfigError([f"{address} can be served, but not connected to"])


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, FileNotFoundError):
        return "there is no such socket"
    if isinstance(error, ssl.SSLError):
        return f"it does not speak our TLS ({error.reason or 'the connection ended'})"
    return os.strerror(error.errno).lower() if error.errno else str(error)
