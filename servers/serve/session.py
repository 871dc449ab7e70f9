"""One connected client of a service, and its requests one after another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from time import monotonic

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, SelectProgram
from wyoming.ping import Ping, Pong

from satellite.errors import BadFrame, EngineBusy, EngineFailed, PeerClosed, SatelliteError
from satellite.net.messages import read
from satellite.net.wire import Connection
from satellite.options import unknown_name
from servers.caller import CALLER, Caller
from servers.serve.observer import CANCELLED, DONE, RequestRecord
from servers.serve.outbox import Outbox
from servers.serve.service import RequestHandler, Service

_LOGGER = logging.getLogger(__name__)

WAITING = 4
"""Requests that one client may send ahead; known clients send fewer."""


class _Disconnected(Exception):
    """The client has disconnected."""


class Session:
    """Reads a client's events all the time, so that `describe` and `ping` never wait, and handles
    its requests in the order in which they arrive."""

    def __init__(self, connection: Connection, service: Service, finish: bool = False) -> None:
        """`finish`: complete pending requests at the end of input instead of cancelling them."""
        self._connection = connection
        self._service = service
        self._finish = finish
        self._waiting: asyncio.Queue[RequestHandler | None] = asyncio.Queue(WAITING + 1)
        self._receiving: RequestHandler | None = None
        self._running: tuple[RequestHandler, asyncio.Task[None]] | None = None
        self._chosen: str | None = None
        """The model that the client chose for its requests."""

    async def run(self) -> None:
        """Serve until the client disconnects. Raises nothing for bad input."""
        try:
            async with asyncio.TaskGroup() as group:
                worker = group.create_task(self._handle_requests(group))
                try:
                    await self._read()
                except BadFrame as error:
                    self._service.observer.refused(error.code)
                    address, text = self._connection.address, f"dropped a client: {error}"
                    self._service.refusals.log(monotonic(), error.code, address, text)
                except (PeerClosed, _Disconnected) as error:
                    _LOGGER.debug("client disconnected: %s", error)
                else:
                    if self._finish:
                        self._end_input()
                        await asyncio.wait([worker])
                worker.cancel()
                if self._running is not None:
                    self._running[1].cancel()
        except asyncio.CancelledError:
            self._connection.abort()  # the server stops: no time to wait for the client
            raise
        finally:
            while not self._waiting.empty():
                if (handler := self._waiting.get_nowait()) is not None:
                    self._forget(handler)
            await self._connection.close()

    async def _read(self) -> None:
        while (event := await self._connection.read()) is not None:
            try:
                await self._take(event)
            except BadFrame as error:
                await self._report(error)
                raise
            except EngineBusy as error:
                self._service.observer.refused(error.code)
                await self._report(error)
                if self._receiving is not None:
                    self._abandon(self._receiving)
                    self._receiving = None

    async def _take(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._send(self._connection.write_bytes(self._service.info()))
            await asyncio.sleep(0)  # it may take a millisecond: others first, as after any work
        elif Ping.is_type(event.type):
            await self._write(Pong(read(Ping, event).text).event())
        elif SelectProgram.is_type(event.type):
            await self._select(read(SelectProgram, event).name)
        elif handler := self._begin(event):
            if await self._enqueue(handler, self._connection.size - len(event.payload or b"")):
                await handler.feed(event)
        elif self._receiving is not None:
            await self._receiving.feed(event)
        if self._receiving is not None and not self._receiving.expects_more:
            self._receiving.received_at = monotonic()
            self._receiving = None

    async def _select(self, name: str) -> None:
        """Select our program, or one of its models, for this connection."""
        info = self._service.describe()
        known = [model.name for model in info.models]
        if name == info.name:
            self._chosen = None
        elif name in known:
            self._chosen = name
        else:
            hint = unknown_name(name, dict.fromkeys([info.name, *known]))
            await self._report(EngineFailed(f"select-program: {hint}"))

    def _begin(self, event: Event) -> RequestHandler | None:
        memory = self._connection.memory
        return self._service.begin(event, self._receiving, self._chosen, memory)

    async def _enqueue(self, handler: RequestHandler, size: int) -> bool:
        """Queue a request whose first event has this many bytes; return whether there was room.

        Raises `EngineBusy` when too much is held for clients.
        """
        if self._receiving is not None:
            self._abandon(self._receiving)
        handler.started_at = monotonic()
        if self._waiting.qsize() >= WAITING:
            self._service.observer.refused(EngineBusy.code)
            busy = EngineBusy(f"{WAITING} requests of this client are waiting already")
            await self._write(Error(str(busy), busy.code).event())
            self._receiving = handler  # takes the rest of the request, and drops it
            self._abandon(handler)
            return False
        self._receiving = None
        self._connection.memory.add(size)
        handler.held = size
        self._receiving = handler
        self._waiting.put_nowait(handler)
        return True

    def _abandon(self, handler: RequestHandler) -> None:
        handler.abandoned = True
        handler.discard()
        if self._running is not None and self._running[0] is handler:
            self._running[1].cancel()

    def _forget(self, handler: RequestHandler) -> None:
        """Drop what is held for a request that has ended."""
        handler.discard()
        self._connection.memory.remove(handler.held)
        handler.held = 0

    def _end_input(self) -> None:
        if self._receiving is not None:
            self._abandon(self._receiving)
        self._waiting.put_nowait(None)

    async def _handle_requests(self, group: asyncio.TaskGroup) -> None:
        while (handler := await self._waiting.get()) is not None:
            task = group.create_task(self._answer(handler))
            self._running = (handler, task)
            await asyncio.wait([task])
            self._running = None

    async def _answer(self, handler: RequestHandler) -> None:
        """Handle a request; report a failure to the client."""
        if handler.abandoned:
            self._forget(handler)
            return
        outbox = Outbox(self._write, self._connection.memory)
        CALLER.set(Caller(self._connection.address, handler.slowness, handler.sending))
        engine, outcome = self._service.describe().name, CANCELLED
        try:
            with self._connection.working():
                async with outbox.sending():
                    await handler.run(outbox.write)
            outcome = DONE
        except _Disconnected as error:
            _LOGGER.debug("client disconnected before its answer: %s", error)
        except SatelliteError as error:
            outcome = error.code
            _LOGGER.warning("%s request failed: %s", self._service.role, error)
            await self._report(error)
        except Exception as error:
            outcome = EngineFailed.code
            _LOGGER.exception("%s request failed", self._service.role)
            await self._report(EngineFailed(f"{type(error).__name__}: {error}"))
        finally:
            self._forget(handler)
            self._record(handler, engine, outcome, outbox)

    def _record(self, handler: RequestHandler, engine: str, outcome: str, outbox: Outbox) -> None:
        amount, unit = handler.size
        record = RequestRecord(
            role=self._service.role,
            engine=engine,
            outcome=outcome,
            amount=amount,
            unit=unit,
            first=None if outbox.first is None else outbox.first - handler.started_at,
            after=outbox.after(handler.received_at),
            whole=monotonic() - handler.started_at,
        )
        _LOGGER.info("%s", record)
        self._service.observer.finished(record)

    async def _report(self, error: SatelliteError) -> None:
        try:
            await self._write(Error(str(error), error.code).event())
        except _Disconnected:
            _LOGGER.debug("client disconnected before it received the error: %s", error)

    async def _write(self, event: Event) -> None:
        await self._send(self._connection.write(event))

    async def _send(self, writing: Awaitable[None]) -> None:
        try:
            await writing
        except PeerClosed as error:
            self._connection.abort()  # ends the reader, too
            raise _Disconnected(str(error)) from error
