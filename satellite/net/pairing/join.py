"""The joining side of a pairing: it connects to the machine that shows the code."""

from __future__ import annotations

import asyncio

from satellite.errors import PeerUnreachable
from satellite.net.pairing import exchange
from satellite.net.pairing.errors import PairingFailed
from satellite.net.pairing.exchange import Party
from satellite.net.pairing.group_phrases import GroupPhrases
from satellite.net.pairing.identity import ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeer, KnownPeers
from satellite.net.pairing.tls import client_context
from satellite.net.wire import Connection

CONNECT = 5.0
"""Seconds to connect: enough to repeat a lost SYN twice."""
EXCHANGE = 20.0
"""Seconds for the exchange, which takes one on a Raspberry Pi Zero."""


async def check_reachable(host: str, port: int) -> None:
    """Raise `PeerUnreachable` if no code is shown there; to be called before a person types one."""
    try:
        async with asyncio.timeout(CONNECT):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
        raise PeerUnreachable(
            f"no code is shown at {host} port {port}: run `satellite pair` there first, and type "
            "the code here within two minutes"
        ) from error
    writer.transport.abort()


async def join(folder: KeyStore, host: str, port: int, code: str, name: str) -> KnownPeer:
    """Pair this machine, called `name` and with its keys in `folder`, with the one that shows
    `code`.

    Raises `PairingFailed`, `PeerUnreachable`, other `WireError`s, and `KeysUnusable`.
    """
    me = ensure_identity(folder, name)
    phrases = GroupPhrases(folder)
    digits = "".join(character for character in code if character.isdigit())
    context = client_context(None, exchange.PROTOCOL)
    try:
        async with asyncio.timeout(CONNECT):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=context, server_hostname="", limit=exchange.LIMITS.header
            )
    except (OSError, UnicodeError) as error:
        raise PeerUnreachable(f"{host} port {port} does not answer the pairing protocol") from error
    connection = Connection(reader, writer, host, exchange.LIMITS)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    address = str(writer.get_extra_info("peername")[0])
    try:
        async with asyncio.timeout(EXCHANGE):
            party = Party(exchange.printable(name), me.certificate, phrases.all())
            other = await exchange.join(connection, digits, party, certificate)
            await connection.close()  # after the last message was sent
    except TimeoutError as error:
        raise PairingFailed(f"{host} did not answer within {EXCHANGE:g} s") from error
    finally:
        connection.abort()
    peer = KnownPeers(folder).add(other.name, address, other.certificate)
    phrases.add(other.phrases)
    return peer
