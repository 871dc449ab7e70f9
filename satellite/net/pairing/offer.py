"""The showing side of a pairing: it shows a code and waits for the other machine."""

from __future__ import annotations

import asyncio
import logging
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
from satellite.net.pairing.group_phrases import GroupPhrases
from satellite.net.pairing.identity import Identity, ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeer, KnownPeers
from satellite.net.pairing.tls import HANDSHAKE, server_context
from satellite.net.uri import Tls
from satellite.net.wire import Connection
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

PORT = 10801
"""TCP port of pairing; it is open only while a code is shown."""
VALID = 120.0
"""Seconds that a code is valid: time to walk to the other machine."""
TRIES = 3
"""Exchanges that may fail: an attacker has three guesses at one of a hundred million codes."""


def new_code() -> str:
    """Return a random code of eight digits: about as many as people type without mistakes."""
    return f"{secrets.randbelow(10**8):08}"


class Offer:
    """A code that is shown until a machine has joined with it."""

    def __init__(
        self, folder: KeyStore, name: str, code: str, on_failure: Callable[[str], None]
    ) -> None:
        """Offer to pair this machine, called `name` and with its keys in `folder`.

        `on_failure` is called with the reason of every try that failed. Raises `KeysUnusable`.
        """
        self._identity: Identity = ensure_identity(folder, name)
        self._phrases = GroupPhrases(folder)
        self._party = Party(
            exchange.printable(name), self._identity.certificate, self._phrases.ensure()
        )
        self._peers = KnownPeers(folder)
        self._code = code
        self._on_failure = on_failure
        self._tries_left = TRIES
        self._lock = asyncio.Lock()
        self._paired: asyncio.Future[KnownPeer] = asyncio.get_running_loop().create_future()
        # the code may be voided when no caller of `paired` waits any more
        self._paired.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def paired(self, seconds: float = VALID) -> KnownPeer:
        """Return the other machine. Raises `PairingFailed` on a timeout or after too many
        failures."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._paired)
        except TimeoutError:
            raise PairingFailed(
                f"no machine has joined within {seconds:g} s; the code is void: run it again"
            ) from None

    @asynccontextmanager
    async def open(
        self, host: str = "*", port: int = PORT, allow: tuple[str, ...] = DEFAULT_ALLOW
    ) -> AsyncGenerator[int, None]:
        """Accept other machines during this block; yield the port. Raises `PortInUse`."""
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
            context = server_context(self._identity, exchange.PROTOCOL)
            await writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE)
        except ssl.SSLError as error:
            raise WireError(f"{host} does not speak our TLS") from error
        except OSError as error:
            raise PeerClosed(f"{host} hung up during the TLS handshake") from error
        return host

    async def _serve(self, connection: Connection) -> None:
        try:
            hello, problem = await _first_message(connection)
            if hello is None and problem is None:
                return  # the joining side checks the port before a person types the code
            async with self._lock:  # or concurrent tries would be counted as one
                await self._try(connection, hello, problem)
        finally:
            await connection.close()

    async def _try(
        self, connection: Connection, hello: Hello | None, problem: WireError | None
    ) -> None:
        """Let a machine prove that it knows the code. Its first message is `hello`, or had a
        `problem`."""
        if self._paired.done():
            await connection.write(Error("the code is void", PairingFailed.code).event())
            raise PairingFailed(f"{connection.peer} came too late: the code is void")
        self._tries_left -= 1  # counted before the proof, which an attacker would not send
        reason = f"{connection.peer} was disconnected"
        try:
            if problem is not None or hello is None:
                raise problem or PairingFailed(reason)
            other = await exchange.prove(connection, self._code, self._party, hello)
            peer = self._peers.add(other.name, connection.peer, other.certificate)
            self._phrases.add(other.phrases)
            self._paired.set_result(peer)
        except KeysUnusable as error:
            self._paired.set_exception(error)
        except WireError as error:
            reason = str(error)
        except Exception as error:  # a try counts whatever a library raises for what was sent
            _LOGGER.debug("a try to pair failed", exc_info=True)
            reason = f"{connection.peer} sent a strange message: {quoted(reason_of(error), 200)}"
        finally:
            self._settle(reason)

    def _settle(self, reason: str) -> None:
        """Report a try that failed, and void the code after the last one."""
        if self._paired.done():
            return
        if self._tries_left <= 0:
            text = f"{TRIES} tries have failed; the code is void: run it again"
            self._paired.set_exception(PairingFailed(text))
        self._on_failure(f"{reason} ({max(0, self._tries_left)} tries left)")


async def _first_message(connection: Connection) -> tuple[Hello | None, WireError | None]:
    """Return the first message of a joining machine, or its problem; neither if it hung up."""
    try:
        return await exchange.receive_hello(connection), None
    except WireError as error:
        return None, error
