"""Admission control for incoming connections: limits, refusals and timeouts."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from satellite.errors import EngineBusy, WireError
from satellite.net import uri as uris
from satellite.net.allowed import AllowedNetworks
from satellite.net.limits import ListenLimits
from satellite.net.memory_budget import MemoryBudget
from satellite.net.refusals import Refusals
from satellite.net.wire import Connection

_LOGGER = logging.getLogger(__name__)

Serve = Callable[[Connection], Awaitable[None]]
"""Serves one peer until it disconnects, and closes its connection."""

Secure = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[str]]
"""Starts TLS on a connection and returns the name of the peer. Raises `WireError` to refuse it."""

MAX_SILENT = 128
"""Silent peers, which have sent nothing yet, at once: more than one step of the event loop accepts
(100), so that a first event is read before its peer would be dropped."""
_ROUNDS = 4
"""Rounds of the event loop until an event that a peer sent at once is read: the peer is accepted,
the event is received, and its task runs."""
CLOSING_FACTOR = 8
"""Peers that may be closing beside the connected ones, as a multiple of the limit for those."""
_CHECK_INTERVAL = 1.0
"""Longest time in seconds between two checks of the timeouts."""
_LEVELS = {"key-changed": logging.ERROR, "peer-closed": logging.DEBUG}
"""Log levels of peers' errors: `KeyChanged` may be an attack; hanging up is common."""


class _Client:
    """A peer that was admitted."""

    def __init__(self, address: str, writer: asyncio.StreamWriter) -> None:
        self.address = address
        self.writer = writer
        self.connected_at = asyncio.get_running_loop().time()
        self.connection: Connection | None = None
        self.task: asyncio.Task[None] | None = None
        self.settled = False
        """Whether an event that the peer sent on connecting would have been read by now."""
        self._count_down(_ROUNDS)

    def _count_down(self, rounds: int) -> None:
        """Count rounds of the event loop, not seconds: on a busy machine a round takes long."""
        self.settled = not rounds
        if rounds:
            asyncio.get_running_loop().call_soon(self._count_down, rounds - 1)

    @property
    def silent(self) -> bool:
        """Whether no valid event of it was read yet."""
        return self.connection is None or not self.connection.events

    @property
    def closed(self) -> bool:
        """Whether it has hung up."""
        return self.connection is not None and self.connection.closed

    @property
    def label(self) -> str:
        """Its name in the log."""
        return self.address or "a local client"

    def drop(self) -> None:
        """Abort its connection; its task then reads the end."""
        self.writer.transport.abort()
        if self.connection is None and self.task is not None:
            self.task.cancel()  # still in the handshake, or not started


class Admission:
    """Accepts, limits and drops the peers of one listener."""

    def __init__(
        self,
        serve: Serve,
        name: str,
        limits: ListenLimits,
        on_refusal: Callable[[str], None],
        memory: MemoryBudget,
        secure: Secure | None = None,
        kind: type[Connection] = Connection,
    ) -> None:
        """`on_refusal` is called with the code of every refusal; `memory` limits long events;
        `kind` is what `serve` gets.

        Raises `ConfigError` for an invalid `allow`.
        """
        self._serve = serve
        self._name = name
        self._limits = limits
        self._on_refusal = on_refusal
        self._memory = memory
        self._secure = secure
        self._kind = kind
        self._allowed = AllowedNetworks(limits.allow)
        self._peers: set[_Client] = set()
        self._closing: set[_Client] = set()
        self._refusals = Refusals(name)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Enforce timeouts during this block; at its end, disconnect every peer.

        No task group: that must not span the yield of `listening`, whose block it would cancel.
        """
        timeouts = asyncio.get_running_loop().create_task(self._enforce_timeouts())
        try:
            yield
        finally:
            tasks = [peer.task for peer in self._peers | self._closing if peer.task is not None]
            for task in (timeouts, *tasks):
                task.cancel()
            await asyncio.wait((timeouts, *tasks))

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a peer, or refuse it."""
        name = writer.get_extra_info("peername")
        address = str(name[0]) if isinstance(name, tuple) else ""
        # a local program that uses another address of this machine is as local as on the loopback
        own_name = writer.get_extra_info("sockname")
        local = isinstance(own_name, tuple) and bool(own_name[0] == address)
        local_allowed = local and "127.0.0.1" in self._allowed
        if address and not local_allowed and address not in self._allowed:
            text = f"{address} may not connect: add it to `allow` (--allow) to permit it"
            self._refuse(writer, "not-allowed", address, text)
            return
        if address and self._limits.paired_only and self._secure is None:
            text = (
                f"{address} connects without TLS, but pairing is required (--require-pairing): run "
                "`satellite pair` on both"
            )
            # a server checks its own health this way, and local programs report the error
            # themselves
            level = logging.DEBUG if local else logging.WARNING
            self._refuse(writer, "not-paired", address, text, level)
            return
        if reason := self._full(address):
            self._refuse(writer, EngineBusy.code, "", f"{reason}: ask again later")
            return
        if self._secure is not None:
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # or TLS would miss a byte
        peer = _Client(address, writer)
        label = str(uris.Tcp(address, int(name[1]))) if address else "a local client"
        self._peers.add(peer)
        peer.task = asyncio.get_running_loop().create_task(self._guarded(peer, reader, label))
        peer.task.add_done_callback(lambda _: self._forget(peer))

    async def _guarded(self, peer: _Client, reader: asyncio.StreamReader, label: str) -> None:
        try:
            if self._secure is not None:
                label = await self._secure(reader, peer.writer)
            limits = self._limits.wire
            peer.connection = self._kind(reader, peer.writer, label, limits, self._memory)
            await self._serve(peer.connection)
        except WireError as error:
            self._report(error.code, peer.address, str(error), _LEVELS.get(error.code))
            peer.writer.transport.abort()
        except asyncio.CancelledError:
            peer.writer.transport.abort()
            raise
        except Exception:
            _LOGGER.exception("%s: serving %s failed", self._name, label)
            peer.writer.transport.abort()

    def _forget(self, peer: _Client) -> None:
        self._peers.discard(peer)
        self._closing.discard(peer)

    def _full(self, address: str) -> str:
        """Return why no further peer can be admitted; empty if it can.

        Silent peers do not count, but the oldest is dropped when there are too many of them: a
        program that only connects shuts no one out. Nor do peers count that have hung up and whose
        requests are still being cancelled.
        """
        silent = [peer for peer in self._peers if peer.silent]
        active = [peer for peer in self._peers if not peer.silent and not peer.closed]
        same = sum(peer.address == address for peer in active)
        if address and same >= self._limits.per_address:
            return f"{same} clients are already connected from {address}"
        closing = len(self._peers) - len(silent) - len(active)
        if max(len(active), closing // CLOSING_FACTOR) >= self._limits.connections:
            return f"{len(active) + closing} clients are already connected"
        if len(silent) >= MAX_SILENT:
            settled = [peer for peer in silent if peer.settled]
            if not settled:
                return f"{len(silent)} clients have just connected"
            busiest, _ = Counter(peer.address for peer in settled).most_common(1)[0]
            same_address = (peer for peer in settled if peer.address == busiest)
            oldest = min(same_address, key=lambda peer: peer.connected_at)
            self._drop(oldest, "sent nothing while others wait")
        return ""

    def _refuse(
        self,
        writer: asyncio.StreamWriter,
        code: str,
        address: str,
        text: str,
        level: int = logging.WARNING,
    ) -> None:
        self._report(code, address, f"refused a client: {text}", level)
        if self._secure is None:
            writer.write(self._kind.refusal(text, code))
        writer.close()

    def _drop(self, peer: _Client, reason: str) -> None:
        self._report("dropped", peer.address, f"dropped {peer.label}: it {reason}")
        self._peers.discard(peer)
        self._closing.add(peer)
        peer.drop()

    def _report(self, code: str, address: str, text: str, level: int | None = None) -> None:
        self._on_refusal(code)
        now = asyncio.get_running_loop().time()
        self._refusals.log(now, code, address, text, level or logging.WARNING)

    async def _enforce_timeouts(self) -> None:
        """Drop peers that exceed a time limit, until cancelled."""
        limits = self._limits
        times = [seconds for seconds in (limits.first, limits.idle, limits.total) if seconds]
        interval = min([_CHECK_INTERVAL, *(seconds / 4 for seconds in times)])
        while True:
            await asyncio.sleep(interval)
            now = asyncio.get_running_loop().time()
            for peer in tuple(self._peers):
                if reason := self._exceeded(peer, now):
                    self._drop(peer, reason)
                elif peer.connection is not None and peer.connection.slowed:
                    peer.connection.slowed = 0
                    text = (
                        f"{peer.label} exceeds {limits.wire.events:g} events a second: slowed down"
                    )
                    self._refusals.log(now, "events", peer.address, text)

    def _exceeded(self, peer: _Client, now: float) -> str:
        limits, connection = self._limits, peer.connection
        if limits.first and peer.silent and now - peer.connected_at > limits.first:
            return f"sent nothing for {limits.first:g} s (limits.first)"
        if limits.total and now - peer.connected_at > limits.total:
            return f"was connected for {limits.total:g} s (limits.total)"
        idle = connection is not None and connection.events and not connection.requests
        if limits.idle and connection and idle and now - connection.last_event > limits.idle:
            return f"sent nothing for {limits.idle:g} s (limits.idle)"
        return ""
