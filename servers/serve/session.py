"""One client of a service: its requests, one after another, for as long as it stays."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, SelectProgram
from wyoming.ping import Ping, Pong

from satellite.errors import BadFrame, EngineBusy, EngineFailed, PeerClosed, SatelliteError
from satellite.net.messages import read
from satellite.net.wire import Connection
from satellite.options import unknown_name
from servers.serve.observer import CANCELLED, DONE, Record
from servers.serve.work import Service, Work, Write

_LOGGER = logging.getLogger(__name__)

WAITING = 4
"""Requests one client may send ahead: more than any does, and an end to what it can pile up."""


class _HungUp(Exception):
    """The client has gone; who meets it has nothing left to do."""


class _Clock:
    """Writes the events of an answer and notes when the first and the last one left."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self.first: float | None = None
        self._last = 0.0

    async def write(self, event: Event) -> None:
        await self._write(event)
        self._last = monotonic()
        if self.first is None:
            self.first = self._last

    def after(self, complete: float | None) -> float | None:
        """Seconds from there to the last event; None if either has not been."""
        if complete is None or self.first is None:
            return None
        return max(0.0, self._last - complete)


class Session:
    """Reads a client's events all the time, so that `describe` and `ping` never wait, and works on
    its requests in the order in which they came."""

    def __init__(self, connection: Connection, service: Service, finish: bool = False) -> None:
        """`finish`: work to be done at the client's end of input is done, not cancelled."""
        self._connection = connection
        self._service = service
        self._finish = finish
        self._waiting: asyncio.Queue[Work | None] = asyncio.Queue(WAITING + 1)
        self._current: Work | None = None
        self._running: tuple[Work, asyncio.Task[None]] | None = None
        self._chosen: str | None = None
        """The model that the client has chosen for its requests."""

    async def run(self) -> None:
        """Serve until the client hangs up, whatever it sends."""
        try:
            async with asyncio.TaskGroup() as group:
                worker = group.create_task(self._work(group))
                try:
                    await self._read()
                except BadFrame as error:
                    self._service.observer.refused(error.code)
                    who, text = self._connection.address, f"dropped a client: {error}"
                    self._service.refusals.tell(monotonic(), error.code, who, text)
                except (PeerClosed, _HungUp) as error:
                    _LOGGER.debug("A client left: %s", error)
                else:
                    if self._finish:
                        self._end_input()
                        await asyncio.wait([worker])
                worker.cancel()
                if self._running is not None:
                    self._running[1].cancel()
        except asyncio.CancelledError:
            self._connection.abort()  # this side stops: no time to wait for the other
            raise
        finally:
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
                if self._current is not None:
                    self._abandon(self._current)
                    self._current = None

    async def _take(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._write(self._service.info())
        elif Ping.is_type(event.type):
            await self._write(Pong(read(Ping, event).text).event())
        elif SelectProgram.is_type(event.type):
            await self._select(read(SelectProgram, event).name)
        elif work := self._service.begin(event, self._current, self._chosen):
            await self._begin(work)
            await work.feed(event)
        elif self._current is not None:
            await self._current.feed(event)
        if self._current is not None and not self._current.open:
            self._current.complete = monotonic()
            self._current = None

    async def _select(self, name: str) -> None:
        """Take the client's choice for this connection: our program, or one of its models."""
        info = self._service.describe()
        known = [model.name for model in info.models]
        if name == info.name:
            self._chosen = None
        elif name in known:
            self._chosen = name
        else:
            hint = unknown_name(name, dict.fromkeys([info.name, *known]))
            await self._report(EngineFailed(f"select-program: {hint}"))

    async def _begin(self, work: Work) -> None:
        if self._current is not None:
            self._abandon(self._current)
        work.began = monotonic()
        if self._waiting.qsize() >= WAITING:
            self._service.observer.refused(EngineBusy.code)
            busy = EngineBusy(f"{WAITING} requests of this client wait already")
            await self._write(Error(str(busy), busy.code).event())
            return
        self._current = work
        self._waiting.put_nowait(work)

    def _abandon(self, work: Work) -> None:
        work.abandoned = True
        work.discard()
        if self._running is not None and self._running[0] is work:
            self._running[1].cancel()

    def _end_input(self) -> None:
        if self._current is not None:
            self._abandon(self._current)
        self._waiting.put_nowait(None)

    async def _work(self, group: asyncio.TaskGroup) -> None:
        while (work := await self._waiting.get()) is not None:
            task = group.create_task(self._answer(work))
            self._running = (work, task)
            await asyncio.wait([task])
            self._running = None

    async def _answer(self, work: Work) -> None:
        """Do a request; tell the client if that fails."""
        if work.abandoned:
            return
        clock = _Clock(self._write)
        engine, outcome = self._service.describe().name, CANCELLED
        try:
            with self._connection.working():
                await work.run(clock.write)
            outcome = DONE
        except _HungUp as error:
            _LOGGER.debug("A client left before its answer: %s", error)
        except SatelliteError as error:
            outcome = error.code
            _LOGGER.warning("%s request failed: %s", self._service.role, error)
            await self._report(error)
        except Exception as error:
            outcome = EngineFailed.code
            _LOGGER.exception("%s request failed", self._service.role)
            await self._report(EngineFailed(f"{type(error).__name__}: {error}"))
        finally:
            work.discard()
            self._tell(work, engine, outcome, clock)

    def _tell(self, work: Work, engine: str, outcome: str, clock: _Clock) -> None:
        amount, unit = work.size
        record = Record(
            role=self._service.role,
            engine=engine,
            outcome=outcome,
            amount=amount,
            unit=unit,
            first=None if clock.first is None else clock.first - work.began,
            after=clock.after(work.complete),
            whole=monotonic() - work.began,
        )
        _LOGGER.info("%s", record)
        self._service.observer.finished(record)

    async def _report(self, error: SatelliteError) -> None:
        try:
            await self._write(Error(str(error), error.code).event())
        except _HungUp:
            _LOGGER.debug("A client left before it was told: %s", error)

    async def _write(self, event: Event) -> None:
        try:
            await self._connection.write(event)
        except PeerClosed as error:
            self._connection.abort()  # the reader then meets the end, too
            raise _HungUp(str(error)) from error
