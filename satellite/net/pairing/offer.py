"""Showing a code: the side of a pairing that waits for the other."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from wyoming.error import Error

from satellite.errors import PeerClosed, WireError
from satellite.net.allowed import DEFAULT_ALLOW
from satellite.net.listen import ListenLimits, listening
from satellite.net.pairing import exchange
from satellite.net.pairing.errors import KeysUnusable, PairingFailed
from satellite.net.pairing.exchange import Hello, Party
from satellite.net.pairing.identity import Identity, ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeer, KnownPeers
from satellite.net.pairing.tls import HANDSHAKE, server_context
from satellite.net.uri import Tls
from satellite.net.wire import Connection

PORT = 10801
"""TCP port of pairing; nothing listens there but for as long as a code is shown."""
VALID = 120.0
"""Seconds a code holds: time to walk to the other machine."""
TRIES = 3
"""Exchanges that may fail: who guesses one of a hundred million codes has three chances."""


def new_code() -> str:
    """Eight digits, as long as a person types without a mistake."""
    return f"{secrets.randbelow(10**8):08}"


class Offer:
    """A code that is shown until somebody has joined with it."""

    def __init__(self, folder: KeyStore, name: str, code: str, told: Callable[[str], None]) -> None:
        """Keys are kept in `folder`; `name` is what this machine is called; `told` hears of every
        try that failed.

        Raises `KeysUnusable`.
        """
        self._me: Identity = ensure_identity(folder, name)
        self._party = Party(exchange.printable(name), self._me.certificate)
        self._peers = KnownPeers(folder)
        self._code = code
        self._told = told
        self._left = TRIES
        self._one = asyncio.Lock()
        self._done: asyncio.Future[KnownPeer] = asyncio.get_running_loop().create_future()

    async def paired(self, seconds: float = VALID) -> KnownPeer:
        """Wait for the other machine. Raises `PairingFailed` when nobody came, or tries ran out."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._done)
        except TimeoutError:
            raise PairingFailed(
                f"nobody has joined within {seconds:g} s, and the code is void: run it again"
            ) from None

    @asynccontextmanager
    async def open(
        self, host: str = "*", port: int = PORT, allow: tuple[str, ...] = DEFAULT_ALLOW
    ) -> AsyncGenerator[int, None]:
        """Let others join during this block; yield the port. Raises `PortInUse`."""
        limits = ListenLimits(
            connections=8, per_address=4, total=30.0, wire=exchange.LIMITS, allow=allow
        )
        uri = str(Tls(host, port))
        async with listening(
            uri, self._serve, name="pairing", limits=limits, secure=self._secure
        ) as bound:
            yield int(bound.rpartition(":")[2])

    async def _secure(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        host = str(writer.get_extra_info("peername")[0])
        try:
            context = server_context(self._me, exchange.PROTOCOL)
            await writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE)
        except ssl.SSLError as error:
            raise WireError(f"{host} does not speak our TLS") from error
        except OSError as error:
            raise PeerClosed(f"{host} went away before it had said anything") from error
        return host

    async def _serve(self, connection: Connection) -> None:
        try:
            hello = await exchange.receive_hello(connection)
            async with self._one:  # lest tries at the same time are counted together
                await self._try(connection, hello)
        finally:
            await connection.close()

    async def _try(self, connection: Connection, hello: Hello) -> None:
        if self._done.done():
            await connection.write(Error("the code is void", PairingFailed.code).event())
            raise PairingFailed(f"{connection.peer} came too late: the code is void")
        self._left -= 1  # counted before the proof, which a guesser would not give
        try:
            other = await exchange.prove(connection, self._code, self._party, hello)
            peer = self._peers.add(other.name, connection.peer, other.certificate)
            self._done.set_result(peer)
        except WireError as error:
            self._told(f"{error} ({self._left} tries left)")
            if not self._left:
                text = f"{TRIES} tries have failed, and the code is void: run it again"
                self._done.set_exception(PairingFailed(text))
        except KeysUnusable as error:
            self._done.set_exception(error)
