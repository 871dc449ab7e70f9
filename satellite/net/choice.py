"""Choosing, for each call, among the servers that were found and the built-in engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import msgspec

from satellite.deadline import too_slow
from satellite.errors import EngineBusy, EngineError, WireError
from satellite.events import Event, Failover
from satellite.net.discovery import Discovery
from satellite.net.remote import remote
from satellite.values import EngineInfo

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

DEADLINES = {"asr": 6.0, "llm": 12.0, "tts": 4.0}
"""Seconds a server has for its first answer, and from one piece to the next: under half of the
turn's own deadlines, so that there is time for another one."""
ASIDE = 15.0
"""Seconds a server that failed is not asked again: it may be starting anew."""
BUSY = 1.0
"""Seconds a server that is busy is not asked again."""


class Candidate(msgspec.Struct, frozen=True):
    """An engine that may be asked."""

    label: str
    engine: Any
    uri: str | None
    """None for the built-in engine, which is asked last and never set aside."""


class Choice:
    """What the engines of all roles have in common: whom to ask, and in which order."""

    def __init__(
        self,
        role: str,
        built_in: Any,
        discovery: Discovery,
        publish: Callable[[Event], None] = lambda event: None,
        deadline: float | None = None,
    ) -> None:
        self._role = role
        self._built_in = built_in
        self._discovery = discovery
        self._publish = publish
        self.deadline = DEADLINES[role] if deadline is None else deadline
        self._aside: dict[str, float] = {}
        self._warned: set[str] = set()
        self._used: str | None = None

    @property
    def label(self) -> str:
        """Which engine answers now."""
        return self._candidates(None)[0].label

    async def load(self) -> None:
        """Make the built-in engine ready; servers are asked when they are needed."""
        await self._built_in.load()

    def describe(self) -> EngineInfo:
        info: EngineInfo = self._built_in.describe()
        return info

    async def close(self) -> None:
        await self._built_in.close()

    def _candidates(self, language: str | None) -> list[Candidate]:
        """Whom to ask, best first: the server asked last, for as long as it is there."""
        now = asyncio.get_running_loop().time()
        servers = [
            server
            for server in self._discovery.servers(self._role, language)
            if self._aside.get(server.uri, 0.0) <= now
        ]
        servers.sort(key=lambda server: server.uri != self._used)
        label = getattr(self._built_in, "label", None) or self._built_in.describe().name
        return [
            *(
                Candidate(server.uri, remote(server.uri, self._role), server.uri)
                for server in servers
            ),
            Candidate(str(label), self._built_in, None),
        ]

    async def ask(
        self,
        language: str | None,
        ask: Callable[[Candidate], AsyncGenerator[T, None]],
        settles: Callable[[T], bool] = lambda item: True,
        declines: Callable[[T], bool] = lambda item: False,
    ) -> AsyncGenerator[T, None]:
        """Ask one after another, until one yields an item that settles who answers.

        Where the built-in engine declines what servers failed at, their error is the answer: it
        tells a person what is wrong.
        """
        candidates = self._candidates(language)
        error: Exception | None = None
        for candidate in candidates:
            self._use(candidate, error)
            settled = False
            try:
                async with aclosing(ask(candidate)) as items:
                    async for item in items:
                        if error is not None and candidate.uri is None and declines(item):
                            raise error
                        settled = settled or settles(item)
                        yield item
            except (EngineError, WireError) as failure:
                if candidate.uri is None:
                    raise
                self._set_aside(candidate.uri, failure)
                if settled:
                    raise
                error = failure
            else:
                self._warned.discard(candidate.label)
                return

    async def timed(
        self, candidate: Candidate, items: AsyncGenerator[T, None]
    ) -> AsyncGenerator[T, None]:
        """Pass items on; a server has the deadline for the first and for each one after that."""
        seconds = None if candidate.uri is None else self.deadline
        async with aclosing(items):
            while True:
                try:
                    async with asyncio.timeout(seconds):
                        item = await anext(items)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise too_slow(candidate.label, self.deadline) from None
                yield item

    def _use(self, candidate: Candidate, error: Exception | None) -> None:
        before, self._used = self._used, candidate.label
        if before not in (None, candidate.label):
            reason = None if error is None else str(error)
            self._publish(
                Failover(role=self._role, origin=str(before), to=candidate.label, error=reason)
            )

    def _set_aside(self, uri: str, error: Exception) -> None:
        away = BUSY if isinstance(error, EngineBusy) else ASIDE
        self._aside[uri] = asyncio.get_running_loop().time() + away
        level = logging.DEBUG if uri in self._warned else logging.WARNING
        self._warned.add(uri)
        _LOGGER.log(level, "%s at %s failed, asking another: %s", self._role, uri, error)
