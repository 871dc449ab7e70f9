"""Typing a code: the side of a pairing that connects to the other."""

from __future__ import annotations

import asyncio

from satellite.errors import PeerUnreachable
from satellite.net.pairing import exchange
from satellite.net.pairing.errors import PairingFailed
from satellite.net.pairing.exchange import Party
from satellite.net.pairing.identity import ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeer, KnownPeers
from satellite.net.pairing.tls import client_context
from satellite.net.wire import Connection

CONNECT = 5.0
"""Seconds to connect: for a lost SYN to be sent again twice."""
EXCHANGE = 20.0
"""Seconds for the exchange, which takes one of a Raspberry Pi Zero's."""


async def check_reachable(host: str, port: int) -> None:
    """Raise `PeerUnreachable` where nobody shows a code: before a person types one."""
    try:
        async with asyncio.timeout(CONNECT):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, UnicodeError) as error:  # a TimeoutError is one, too
        raise PeerUnreachable(
            f"no code is shown at {host} port {port}: run `satellite pair` there first, and type "
            "the code here within two minutes"
        ) from error
    writer.transport.abort()


async def join(folder: KeyStore, host: str, port: int, code: str, name: str) -> KnownPeer:
    """Pair with the machine that shows `code`; `name` is what this one is called, and its
    keys are kept in `folder`.

    Raises `PairingFailed`, `PeerUnreachable`, other `WireError`s, and `KeysUnusable`.
    """
    me = ensure_identity(folder, name)
    digits = "".join(character for character in code if character.isdigit())
    context = client_context(None, exchange.PROTOCOL)
    try:
        async with asyncio.timeout(CONNECT):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=context, server_hostname="", limit=exchange.LIMITS.header
            )
    except (OSError, UnicodeError) as error:
        raise PeerUnreachable(f"{host} port {port} does not answer as a pairing does") from error
    connection = Connection(reader, writer, host, exchange.LIMITS)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    address = str(writer.get_extra_info("peername")[0])
    try:
        async with asyncio.timeout(EXCHANGE):
            party = Party(exchange.printable(name), me.certificate)
            other = await exchange.join(connection, digits, party, certificate)
    except TimeoutError as error:
        raise PairingFailed(f"{host} did not answer within {EXCHANGE:g} s") from error
    finally:
        connection.abort()
    return KnownPeers(folder).add(other.name, address, other.certificate)
