"""Who is let in, who is turned away, and who has to leave."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from wyoming.error import Error

from satellite.errors import EngineBusy, WireError
from satellite.net import uri as uris
from satellite.net.allowed import Allowed
from satellite.net.limits import ListenLimits
from satellite.net.memory_budget import MemoryBudget
from satellite.net.refusals import Refusals
from satellite.net.wire import Connection, encode

_LOGGER = logging.getLogger(__name__)

Serve = Callable[[Connection], Awaitable[None]]
"""Serves one peer until it leaves, and closes its connection."""

Secure = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[str]]
"""Makes a connection TLS and says who the peer is. Raises `WireError` for one that may not in."""

SILENT = 128
"""Peers that have not said anything yet: more than one step of the event loop lets in (100), so
that those who do say something are heard before they would be dropped."""
_ROUNDS = 4
"""Rounds of the event loop until the first event of a peer that has sent it at once is read: it is
accepted, received, and given to its task."""
LEAVING = 8
"""Times as many peers as may be connected that may be leaving, beside those."""
_LOOK = 1.0
"""Longest time in seconds between two looks at who has overstayed."""
_LEVELS = {"key-changed": logging.ERROR, "peer-closed": logging.DEBUG}
"""How loudly a peer's error is told: `KeyChanged` may be an attack, and anybody may hang up."""


class _Client:
    """One that was let in."""

    def __init__(self, address: str, writer: asyncio.StreamWriter) -> None:
        self.address = address
        self.writer = writer
        self.since = asyncio.get_running_loop().time()
        self.connection: Connection | None = None
        self.task: asyncio.Task[None] | None = None
        self.heard = False
        """What it had sent when it came would have been read by now."""
        self._later(_ROUNDS)

    def _later(self, rounds: int) -> None:
        """Count the event loop's rounds, not seconds: on a busy machine they take long."""
        self.heard = not rounds
        if rounds:
            asyncio.get_running_loop().call_soon(self._later, rounds - 1)

    @property
    def silent(self) -> bool:
        """It has not said anything yet that could be understood."""
        return self.connection is None or not self.connection.events

    @property
    def gone(self) -> bool:
        """It has hung up."""
        return self.connection is not None and self.connection.gone

    @property
    def who(self) -> str:
        return self.address or "a local client"

    def drop(self) -> None:
        """End its connection; its task then meets the end."""
        self.writer.transport.abort()
        if self.connection is None and self.task is not None:
            self.task.cancel()  # it shakes hands, or has not begun


class Peers:
    """Those who are connected."""

    def __init__(
        self,
        serve: Serve,
        name: str,
        limits: ListenLimits,
        refused: Callable[[str], None],
        held: MemoryBudget,
        secure: Secure | None = None,
    ) -> None:
        """Raises `ConfigError` for an `allow` that cannot be understood."""
        self._serve = serve
        self._name = name
        self._limits = limits
        self._refused = refused
        self._held = held
        self._secure = secure
        self._allowed = Allowed(limits.allow)
        self._peers: set[_Client] = set()
        self._leaving: set[_Client] = set()
        self._refusals = Refusals(name)

    @asynccontextmanager
    async def welcoming(self) -> AsyncGenerator[None, None]:
        """Whoever connects during this block is served until its end at most.

        No task group: one may not span the yield of `door`, whose block it would cancel.
        """
        watch = asyncio.get_running_loop().create_task(self._watch())
        try:
            yield
        finally:
            tasks = [peer.task for peer in self._peers | self._leaving if peer.task is not None]
            for task in (watch, *tasks):
                task.cancel()
            await asyncio.wait((watch, *tasks))

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a peer, or turn it away."""
        name = writer.get_extra_info("peername")
        address = str(name[0]) if isinstance(name, tuple) else ""
        # a program that reaches this machine by another of its own addresses is no less on it than
        # one that does by the loop's
        ours = writer.get_extra_info("sockname")
        here = isinstance(ours, tuple) and bool(ours[0] == address)
        loop = here and "127.0.0.1" in self._allowed
        if address and not loop and address not in self._allowed:
            text = f"{address} may not connect here; `allow` (--allow) names who may"
            self._turn_away(writer, "not-allowed", address, text)
            return
        if address and self._limits.paired_only and self._secure is None:
            text = (
                f"{address} comes without TLS: only paired satellites are served here, run "
                "`satellite pair` on both (--require-pairing)"
            )
            # a server asks itself whether it answers, and other programs here tell it themselves
            level = logging.DEBUG if here else logging.WARNING
            self._turn_away(writer, "not-paired", address, text, level)
            return
        if why := self._no_room(address):
            self._turn_away(writer, EngineBusy.code, "", f"{why}: ask again later")
            return
        if self._secure is not None:
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # lest TLS misses a byte
        peer = _Client(address, writer)
        called = str(uris.Tcp(address, int(name[1]))) if address else "a local client"
        self._peers.add(peer)
        peer.task = asyncio.get_running_loop().create_task(self._guarded(peer, reader, called))
        peer.task.add_done_callback(lambda _: self._forget(peer))

    async def _guarded(self, peer: _Client, reader: asyncio.StreamReader, called: str) -> None:
        try:
            if self._secure is not None:
                called = await self._secure(reader, peer.writer)
            limits = self._limits.wire
            peer.connection = Connection(reader, peer.writer, called, limits, self._held)
            await self._serve(peer.connection)
        except WireError as error:
            self._tell(error.code, peer.address, str(error), _LEVELS.get(error.code))
            peer.writer.transport.abort()
        except asyncio.CancelledError:
            peer.writer.transport.abort()
            raise
        except Exception:
            _LOGGER.exception("%s: serving %s failed", self._name, called)
            peer.writer.transport.abort()

    def _forget(self, peer: _Client) -> None:
        self._peers.discard(peer)
        self._leaving.discard(peer)

    def _no_room(self, address: str) -> str:
        """Why nobody else can be let in.

        Who has said nothing yet takes no place, but has to make room for the next one when there
        are too many of those: whoever only connects keeps nobody out.
        Nor does who has gone, while what he has begun is being ended.
        """
        silent = [peer for peer in self._peers if peer.silent]
        speaking = [peer for peer in self._peers if not peer.silent and not peer.gone]
        same = sum(peer.address == address for peer in speaking)
        if address and same >= self._limits.per_address:
            return f"{same} clients are connected from {address} already"
        leaving = len(self._peers) - len(silent) - len(speaking)
        if max(len(speaking), leaving // LEAVING) >= self._limits.connections:
            return f"{len(speaking) + leaving} clients are connected already"
        if len(silent) >= SILENT:
            mute = [peer for peer in silent if peer.heard]
            if not mute:
                return f"{len(silent)} clients have just come"
            crowd, _ = Counter(peer.address for peer in mute).most_common(1)[0]
            oldest = min((p for p in mute if p.address == crowd), key=lambda p: p.since)
            self._drop(oldest, "said nothing while others wait")
        return ""

    def _turn_away(
        self,
        writer: asyncio.StreamWriter,
        code: str,
        address: str,
        text: str,
        level: int = logging.WARNING,
    ) -> None:
        self._tell(code, address, f"turned a client away: {text}", level)
        if self._secure is None:
            writer.write(encode(Error(text, code).event()))
        writer.close()

    def _drop(self, peer: _Client, why: str) -> None:
        self._tell("dropped", peer.address, f"dropped {peer.who}: it {why}")
        self._peers.discard(peer)
        self._leaving.add(peer)
        peer.drop()

    def _tell(self, code: str, address: str, text: str, level: int | None = None) -> None:
        self._refused(code)
        now = asyncio.get_running_loop().time()
        self._refusals.tell(now, code, address, text, level or logging.WARNING)

    async def _watch(self) -> None:
        """Drop those who have overstayed, until cancelled."""
        limits = self._limits
        times = [seconds for seconds in (limits.first, limits.idle, limits.total) if seconds]
        every = min([_LOOK, *(seconds / 4 for seconds in times)])
        while True:
            await asyncio.sleep(every)
            now = asyncio.get_running_loop().time()
            for peer in tuple(self._peers):
                if why := self._overstays(peer, now):
                    self._drop(peer, why)
                elif peer.connection is not None and peer.connection.slowed:
                    peer.connection.slowed = 0
                    text = f"{peer.who} sends more than {limits.wire.events:g} events a second"
                    self._refusals.tell(now, "events", peer.address, f"{text}: it is slowed down")

    def _overstays(self, peer: _Client, now: float) -> str:
        limits, connection = self._limits, peer.connection
        if limits.first and peer.silent and now - peer.since > limits.first:
            return f"said nothing for {limits.first:g} s (limits.first)"
        if limits.total and now - peer.since > limits.total:
            return f"was connected for {limits.total:g} s (limits.total)"
        rests = connection is not None and connection.events and not connection.work
        if limits.idle and connection and rests and now - connection.active > limits.idle:
            return f"said nothing for {limits.idle:g} s (limits.idle)"
        return ""
