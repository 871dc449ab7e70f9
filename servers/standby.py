"""Built-in engines from the start, replaced by better ones once their models are installed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, ClassVar

from satellite.components.auto import BUILT_IN, REAL, Preference
from satellite.engines.closing import close
from satellite.errors import EngineClosed, EngineError, PluginError
from satellite.values import (
    AudioChunk,
    EngineInfo,
    Extent,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from servers.pool import Pool

_LOGGER = logging.getLogger(__name__)

RETRY = 60.0
"""Seconds before an engine that failed to load is tried again."""


class _ServingEngine:
    """A loaded engine with its pool, in use until its last request ends."""

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
    """Uses the best available engine for each request.

    `load` loads the best one; `watch` changes to another when the choice changes. A request stays
    with the engine that began it, which is closed after its last request.
    """

    shares: ClassVar[bool] = True
    """Accepts all requests at once, as each of its engines has its own pool."""

    def __init__(
        self,
        role: str,
        *,
        choose: Callable[[], Awaitable[Preference]],
        load_engine: Callable[[str], Awaitable[Any]],
        pool: Callable[[Any], Pool],
    ) -> None:
        """`load_engine` returns the loaded engine of a component, and `pool` a pool for it."""
        self._role = role
        self._choose = choose
        self._load_engine = load_engine
        self._pool = pool
        self._current: _ServingEngine | None = None
        self._draining: list[_ServingEngine] = []
        self._loading = asyncio.Lock()
        self._failed_at: dict[str, float] = {}
        self._closed = False

    async def load(self) -> None:
        """Load the best available engine. Raises what loading the built-in engine raises."""
        async with self._loading:
            self._check()
            if self._current is not None:
                return
            choice = await self._choose()
            opened = None
            if not self._is_built_in(choice.component):
                opened = await self._try_open(choice.component)
            if opened is None:
                built_in = BUILT_IN[self._role]
                opened = await self._open(built_in)
                remedy = choice.remedy or "see the warning above"
                real = " or ".join(REAL.get(self._role, (choice.component,)))
                _LOGGER.info(
                    "%s: %s stands in for %s; remedy: %s", self._role, built_in, real, remedy
                )
            self._current = opened

    async def watch(self, every: float) -> None:
        """Check every `every` seconds, until cancelled, and change to a better engine.

        A real engine is never replaced by the built-in one: it reports a missing model or program
        itself.
        """
        await self.load()
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(every)
                component = (await self._choose()).component
                if self._current is None:  # closed
                    return
                if component == self._current.component or self._is_built_in(component):
                    continue
                if (opened := await self._try_open(component)) is not None:
                    before, self._current = self._current, opened
                    self._draining.append(before)
                    _LOGGER.info(
                        "%s: %s takes over from %s", self._role, component, before.component
                    )
                    tasks.create_task(self._close_when_idle(before))

    def describe(self) -> EngineInfo:
        """Describe the current engine."""
        if self._current is None:
            return EngineInfo(name="auto")
        info: EngineInfo = self._current.engine.describe()
        return info

    @property
    def queued(self) -> int:
        """Waiting requests."""
        engines = [*self._draining, *([self._current] if self._current else [])]
        return sum(opened.pool.queued for opened in engines)

    async def close(self) -> None:
        """Close all engines. Idempotent."""
        self._closed = True
        engines = [*self._draining, *([self._current] if self._current else [])]
        self._draining, self._current = [], None
        for opened in engines:
            await close(opened.engine)

    async def _ask(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        await self.load()
        assert self._current is not None
        async with aclosing(self._current.ask(method, *arguments)) as results:
            async for result in results:
                yield result

    async def _try_open(self, component: str) -> _ServingEngine | None:
        """Load a real engine; on failure log it, return None, and skip it for `RETRY` seconds."""
        now = asyncio.get_running_loop().time()
        failed_at = self._failed_at.get(component)
        if failed_at is not None and now - failed_at < RETRY:
            return None
        try:
            opened = await self._open(component)
        except (EngineError, PluginError) as error:
            level = logging.WARNING if failed_at is None else logging.DEBUG
            _LOGGER.log(level, "%s: %s cannot be used: %s", self._role, component, error)
            self._failed_at = {component: now}
            return None
        self._failed_at.clear()
        return opened

    async def _open(self, component: str) -> _ServingEngine:
        engine = await self._load_engine(component)
        if self._closed:
            await close(engine)
        self._check()
        return _ServingEngine(component, engine, self._pool(engine))

    async def _close_when_idle(self, opened: _ServingEngine) -> None:
        await opened.free.wait()
        if opened in self._draining:
            self._draining.remove(opened)
            await close(opened.engine)

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
    """Language model."""

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._ask("reply", request)

    def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply ahead; see `satellite.ports.AnswersAhead`."""
        return self._ask("ahead", request)

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the current engine knows about a text; see `satellite.ports.JudgesTexts`."""
        if not self.describe().judges:
            yield Extent.UNKNOWN
            return
        async with aclosing(self._ask("judge", request)) as extents:
            async for extent in extents:
                yield extent


class StandbyTts(Standby):
    """Text-to-speech."""

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        return self._ask("synthesize", request)


STANDBYS: dict[str, type[Standby]] = {"asr": StandbyAsr, "llm": StandbyLlm, "tts": StandbyTts}
"""The roles that have engines beyond the built-in one."""
