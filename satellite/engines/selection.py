"""Choosing, for each call, among the servers that were found and the built-in engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from satellite.engines.circuit_breaker import CircuitBreaker
from satellite.engines.ranking import RankedServer, rank
from satellite.engines.server_stats import ServerStats
from satellite.errors import EngineError, EngineFailed, EngineTimeout, WireError
from satellite.events import Event, Failover
from satellite.lib.deadline import too_slow
from satellite.net.discovery.browser import Discovery
from satellite.net.remotes.by_uri import remote
from satellite.turns.context import label
from satellite.values import EngineInfo

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

DEADLINES = {"asr": 6.0, "llm": 12.0, "tts": 4.0}
"""Seconds the first of several servers has for its first answer, and from one piece to the next,
where nothing else is set: `SHARE` of the turn's own deadlines."""
SHARE = 0.4
"""Of what is left of a stage's deadline, given to the next server: then there is time for another,
and for the built-in engine however many servers hang."""
RESERVE = {"asr": 0.4, "llm": 0.1, "tts": 0.1}
"""Of what is left of a stage's deadline, withheld from the last server for the built-in engine: a
model has to hear the utterance first, the built-in brain and voice answer at once."""
_SALT = uuid4().hex
"""Draws lots among servers that are alike: by this satellite always the same, by others not."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An engine that may be asked."""

    label: str
    engine: Any
    uri: str | None
    """None for the built-in engine, which is asked last and never set aside."""
    deadline: float | None
    """Seconds it has for its first answer, and from one piece to the next; the caller's own
    deadline alone where it is None."""
    remembers: bool = True
    """It is told what was said before: our own engines are, strangers' are not."""


class ServerUnsuitable(Exception):
    """A candidate is well and cannot help here; the next one is asked."""


class ServerSelection:
    """What the engines of all roles have in common: whom to ask, and in which order."""

    def __init__(
        self,
        role: str,
        built_in: Any,
        discovery: Discovery,
        publish: Callable[[Event], None] = lambda event: None,
        deadline: float | None = None,
    ) -> None:
        self.health = ServerStats()
        self._role = role
        self._built_in = built_in
        self._discovery = discovery
        self._publish = publish
        self._deadline = DEADLINES[role] if deadline is None else deadline
        self._last: str | None = None
        self._busy = 0

    @property
    def label(self) -> str:
        """Which engine answers now, or would."""
        if self._busy and self._last is not None:
            return self._last
        places = self.ranking()
        return places[0].server.uri if places and places[0].unfit is None else self._own_label()

    async def load(self) -> None:
        """Make the built-in engine ready; servers are asked when they are needed."""
        await self._built_in.load()

    def describe(self) -> EngineInfo:
        info: EngineInfo = self._built_in.describe()
        return info

    async def close(self) -> None:
        await self._built_in.close()

    def ranking(self, language: str | None = None) -> tuple[RankedServer, ...]:
        """The servers of the role, best first, at the end those that are not asked now."""
        servers = self._discovery.servers(self._role, language)
        now = asyncio.get_running_loop().time()
        return rank(
            self._role,
            servers,
            wishes=self._discovery.preferences,
            language=language,
            standings=self.health.standings(servers, self._last, now),
            salt=_SALT,
        )

    async def ask(
        self,
        language: str | None,
        ask: Callable[[Candidate], AsyncGenerator[T, None]],
        declines: Callable[[T], bool] = lambda item: False,
    ) -> AsyncGenerator[T, None]:
        """Ask one after another until one has answered to the end.

        `ask` goes on where the one before has stopped. Where the built-in engine declines what
        servers failed at, their error is the answer: it tells a person what is wrong.
        """
        error: Exception | None = None
        self._busy += 1
        try:
            for candidate in self._candidates(language):
                self._use(candidate, error)
                try:
                    async with aclosing(self._attempt(candidate, ask(candidate))) as items:
                        async for item in items:
                            if error is not None and candidate.uri is None and declines(item):
                                raise error
                            yield item
                    return
                except (EngineError, WireError, ServerUnsuitable) as failure:
                    if candidate.uri is None:
                        raise self._last_word(failure, error) from None
                    error = error if isinstance(failure, ServerUnsuitable) else failure
        finally:
            self._busy -= 1

    async def _attempt(
        self, candidate: Candidate, items: AsyncGenerator[T, None]
    ) -> AsyncGenerator[T, None]:
        """Pass on what a candidate says, and take note of how it does."""
        if candidate.uri is None:
            breaker = CircuitBreaker()
        else:
            breaker = self.health.breaker(candidate.uri)
            breaker.asked()
        try:
            async with aclosing(items):
                async for item in items:
                    yield item
            breaker.succeeded()
        except (EngineError, WireError) as failure:
            if candidate.uri is not None:
                self._fail(candidate.uri, failure)
            raise
        finally:
            breaker.left()

    def _last_word(self, failure: Exception, before: Exception | None) -> Exception:
        """What is told when nobody has answered."""
        if not isinstance(failure, ServerUnsuitable):
            return failure
        return before or EngineFailed("nobody could answer")

    async def timed(
        self, candidate: Candidate, items: AsyncGenerator[T, None]
    ) -> AsyncGenerator[T, None]:
        """Pass items on; a server has its deadline for the first and for each one after that."""
        began: float | None = asyncio.get_running_loop().time()
        async with aclosing(items):
            while True:
                try:
                    async with asyncio.timeout(candidate.deadline):
                        item = await anext(items)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise too_slow(candidate.label, candidate.deadline or 0.0) from None
                if began is not None:
                    self.took(candidate, asyncio.get_running_loop().time() - began)
                    began = None
                yield item

    def took(self, candidate: Candidate, seconds: float) -> None:
        """A candidate gave its first answer after so long."""
        if candidate.uri is not None:
            self.health.answered(candidate.uri, seconds)

    def _candidates(self, language: str | None) -> list[Candidate]:
        """Whom to ask, best first."""
        servers = [place.server for place in self.ranking(language) if place.unfit is None]
        return [
            *(
                Candidate(
                    label=server.uri,
                    engine=remote(server.uri, self._role, self._discovery.pairing),
                    uri=server.uri,
                    deadline=self._patience(number, last=number == len(servers) - 1),
                    remembers=server.ours,
                )
                for number, server in enumerate(servers)
            ),
            Candidate(label=self._own_label(), engine=self._built_in, uri=None, deadline=None),
        ]

    def _patience(self, number: int, *, last: bool) -> float:
        """Return the deadline of a server in seconds: a share where another server remains."""
        left = self._deadline / SHARE * (1 - SHARE) ** number
        return left * (1 - RESERVE[self._role] if last else SHARE)

    def _own_label(self) -> str:
        return label(self._built_in)

    def _use(self, candidate: Candidate, error: Exception | None) -> None:
        before, self._last = self._last, candidate.label
        if candidate.uri is not None:
            self._discovery.mark_used(candidate.uri)
        if before not in (None, candidate.label):
            reason = None if error is None else str(error)
            self._publish(
                Failover(role=self._role, origin=str(before), to=candidate.label, error=reason)
            )

    def _fail(self, uri: str, error: Exception) -> None:
        first = self.health.breaker(uri).failed(error, asyncio.get_running_loop().time())
        level = logging.WARNING if first else logging.DEBUG
        _LOGGER.log(level, "%s at %s failed, asking another: %s", self._role, uri, error)
        if isinstance(error, WireError | EngineTimeout):
            self._discovery.mark_suspect(uri)
