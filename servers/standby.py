"""Engines that are there from the start, and better ones as soon as their models are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, ClassVar

from satellite.components.auto import BUILT_IN, REAL, Preference
from satellite.errors import EngineClosed, EngineError, PluginError
from satellite.values import (
    AudioChunk,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from servers.pool import Pool

_LOGGER = logging.getLogger(__name__)

RETRY = 60.0
"""Seconds before an engine that could not be loaded is tried again, in case that was mended."""


class _Seat:
    """An engine in use, until its last request has ended."""

    def __init__(self, component: str, engine: Any, pool: Pool) -> None:
        self.component = component
        self.engine = engine
        self.pool = pool
        self.requests = 0
        self.free = asyncio.Event()
        self.free.set()

    async def ask(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        self.requests += 1
        self.free.clear()
        try:
            async with aclosing(self.pool.submit(method, *arguments)) as results:
                async for result in results:
                    yield result
        finally:
            self.requests -= 1
            if not self.requests:
                self.free.set()


class Standby:
    """The engine that is the best choice at the time of each request.

    `load` takes the best there is; `watch` changes to another one when the choice has changed. A
    request stays with the engine that it began with, which is closed after its last one.
    """

    shares: ClassVar[bool] = True
    """Takes all requests at once, as each of its engines has a pool of its own."""

    def __init__(
        self,
        role: str,
        *,
        choose: Callable[[], Awaitable[Preference]],
        loaded: Callable[[str], Awaitable[Any]],
        pool: Callable[[Any], Pool],
    ) -> None:
        """`loaded` makes and loads the engine of a component; `pool` makes it a pool."""
        self._role = role
        self._choose = choose
        self._loaded = loaded
        self._pool = pool
        self._seat: _Seat | None = None
        self._leaving: list[_Seat] = []
        self._loading = asyncio.Lock()
        self._refused: dict[str, float] = {}
        self._closed = False

    async def load(self) -> None:
        """Load the best there is. Raises what the built-in engine's `load` raises."""
        async with self._loading:
            self._check()
            if self._seat is not None:
                return
            choice = await self._choose()
            seat = None
            if not self._is_built_in(choice.component):
                seat = await self._try(choice.component)
            if seat is None:
                built_in = BUILT_IN[self._role]
                seat = await self._sit(built_in)
                remedy = choice.remedy or "see the warning above"
                real = REAL.get(self._role, choice.component)
                _LOGGER.info(
                    "%s: %s stands in for %s; to get it: %s", self._role, built_in, real, remedy
                )
            self._seat = seat

    async def watch(self, every: float) -> None:
        """Look every so many seconds, until cancelled, and change to what is better by then.

        Once a real engine is in use the built-in one does not come back: it knows itself what to
        say when its model has gone or the program behind it is down.
        """
        await self.load()
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(every)
                component = (await self._choose()).component
                if self._seat is None:  # closed
                    return
                if component == self._seat.component or self._is_built_in(component):
                    continue
                if (seat := await self._try(component)) is not None:
                    before, self._seat = self._seat, seat
                    self._leaving.append(before)
                    _LOGGER.info(
                        "%s: %s takes over from %s", self._role, component, before.component
                    )
                    tasks.create_task(self._retire(before))

    def describe(self) -> EngineInfo:
        """Say what the engine in use is."""
        if self._seat is None:
            return EngineInfo(name="auto")
        info: EngineInfo = self._seat.engine.describe()
        return info

    @property
    def queued(self) -> int:
        """Requests that wait."""
        seats = [*self._leaving, *([self._seat] if self._seat else [])]
        return sum(seat.pool.queued for seat in seats)

    async def close(self) -> None:
        """Close the engines in use. Twice is once."""
        self._closed = True
        seats = [*self._leaving, *([self._seat] if self._seat else [])]
        self._leaving, self._seat = [], None
        for seat in seats:
            await seat.engine.close()

    async def _ask(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        await self.load()
        assert self._seat is not None
        async with aclosing(self._seat.ask(method, *arguments)) as results:
            async for result in results:
                yield result

    async def _try(self, component: str) -> _Seat | None:
        """Load a real engine; say what is wrong with it where that fails, and leave it for now."""
        now = asyncio.get_running_loop().time()
        refused = self._refused.get(component)
        if refused is not None and now - refused < RETRY:
            return None
        try:
            seat = await self._sit(component)
        except (EngineError, PluginError) as error:
            level = logging.WARNING if refused is None else logging.DEBUG
            _LOGGER.log(level, "%s: %s cannot be used: %s", self._role, component, error)
            self._refused = {component: now}
            return None
        self._refused.clear()
        return seat

    async def _sit(self, component: str) -> _Seat:
        engine = await self._loaded(component)
        if self._closed:
            await engine.close()
        self._check()
        return _Seat(component, engine, self._pool(engine))

    async def _retire(self, seat: _Seat) -> None:
        await seat.free.wait()
        if seat in self._leaving:
            self._leaving.remove(seat)
            await seat.engine.close()

    def _is_built_in(self, component: str) -> bool:
        return component == BUILT_IN[self._role]

    def _check(self) -> None:
        if self._closed:
            raise EngineClosed(f"{self._role} was closed")


class StandbyAsr(Standby):
    """Speech-to-text."""

    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        return self._ask("transcribe", audio, request)


class StandbyLlm(Standby):
    """A brain."""

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._ask("reply", request)


class StandbyTts(Standby):
    """Text-to-speech."""

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        return self._ask("synthesize", request)


KINDS: dict[str, type[Standby]] = {"asr": StandbyAsr, "llm": StandbyLlm, "tts": StandbyTts}
"""The roles for which there are real engines."""
