"""The choice, for each call, among the discovered servers and the built-in engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from satellite.engines.circuit_breaker import CircuitBreaker
from satellite.engines.ranking import RankedServer, rank
from satellite.engines.server_stats import ServerStats
from satellite.errors import EngineError, EngineFailed, EngineTimeout, PeerClosed, WireError
from satellite.events import Event, Failover
from satellite.lib.deadline import too_slow
from satellite.net.discovery.browser import Discovery
from satellite.net.remotes.by_uri import remote
from satellite.turns.context import label
from satellite.values import EngineInfo

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

DEADLINES = {"asr": 6.0, "llm": 12.0, "tts": 4.0}
"""Seconds of the first of several servers for its first answer, and between two pieces, by default:
`SHARE` of the turn's own deadlines."""
SHARE = 0.4
"""Share of the rest of a stage's deadline for a server before another one. The last one has all of
the rest, and the only one the whole deadline."""
FALLBACK = {"asr": 6.0, "llm": 5.0, "tts": 2.0}
"""Seconds for the built-in engine beyond a stage's deadline that the servers have used up:
speech-to-text has to process the whole utterance first, the others begin at once."""
MOST_LOGGED = 100
"""Most servers and languages whose mismatch is logged: they come from the network."""
_SALT = uuid4().hex
"""Orders equal servers: always the same for this satellite, differently for others."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An engine that may be asked."""

    label: str
    engine: Any
    uri: str | None
    """None for the built-in engine, which is asked last and never excluded."""
    deadline: float | None
    """Seconds for its first answer, and between two pieces; None for no own deadline."""
    remembers: bool = True
    """Whether it gets the history: our own engines do, other servers do not."""


class ServerUnsuitable(Exception):
    """A working candidate has no use here; the next one is asked."""


class ServerSelection:
    """The common part of all roles: the candidates and their order."""

    def __init__(
        self,
        role: str,
        built_in: Any,
        discovery: Discovery,
        publish: Callable[[Event], None] = lambda event: None,
        deadline: float | None = None,
    ) -> None:
        self.health = ServerStats()
        self.salt = _SALT
        """Orders equal servers; several satellites of one process need different ones."""
        self._role = role
        self._built_in = built_in
        self._discovery = discovery
        self._publish = publish
        self._deadline = DEADLINES[role] if deadline is None else deadline
        self._last: str | None = None
        self._busy = 0
        self._left_out: set[tuple[str, str | None]] = set()

    @property
    def label(self) -> str:
        """The engine that answers now, or would."""
        if self._busy and self._last is not None:
            return self._last
        places = self.ranking()
        return places[0].server.uri if places and places[0].unfit is None else self._own_label()

    @property
    def fallback_seconds(self) -> float:
        """Seconds for the built-in engine beyond the deadline; see `satellite.lib.deadline`."""
        return FALLBACK[self._role]

    async def load(self) -> None:
        """Load the built-in engine; servers are connected to on demand."""
        await self._built_in.load()

    def describe(self) -> EngineInfo:
        info: EngineInfo = self._built_in.describe()
        return info

    async def close(self) -> None:
        await self._built_in.close()

    def ranking(self, language: str | None = None) -> tuple[RankedServer, ...]:
        """Return the servers of the role, best first; those that are not asked now come last."""
        servers = self._discovery.servers(self._role, language)
        now = asyncio.get_running_loop().time()
        return rank(
            self._role,
            servers,
            preferences=self._discovery.preferences,
            language=language,
            standings=self.health.standings(servers, self._last, now),
            salt=self.salt,
        )

    async def ask(
        self,
        language: str | None,
        ask: Callable[[Candidate], AsyncGenerator[T, None]],
        declines: Callable[[T], bool] = lambda item: False,
        *,
        acted: Callable[[], bool] = lambda: False,
    ) -> AsyncGenerator[T, None]:
        """Ask candidates in order until one has completed the answer.

        `ask` continues where the previous one stopped. Once `acted` returns that something was done
        that must not be done again, the error is raised instead. If the built-in engine declines a
        request at which servers failed, their error is raised, which names the cause for a person.
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
                    if candidate.uri is None or acted():
                        raise self._last_word(failure, error) from None
                    error = error if isinstance(failure, ServerUnsuitable) else failure
        finally:
            self._busy -= 1

    async def _attempt(
        self, candidate: Candidate, items: AsyncGenerator[T, None]
    ) -> AsyncGenerator[T, None]:
        """Yield the items of a candidate, and record its success or failure."""
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
        """Return the error to raise when no candidate has answered."""
        if not isinstance(failure, ServerUnsuitable):
            return failure
        return before or EngineFailed("no engine could answer")

    @asynccontextmanager
    async def waiting(
        self, candidate: Candidate, seconds: float | None
    ) -> AsyncGenerator[asyncio.Timeout, None]:
        """Limit a wait for a candidate to `seconds`, and to the time for which it answers at all.

        Only a server of ours has to answer checks meanwhile: others may do one thing at a time.
        Raises `EngineTimeout`, `PeerClosed`.
        """
        lost = False

        def end() -> None:
            nonlocal lost
            lost = True
            if not deadline.expired():
                deadline.reschedule(asyncio.get_running_loop().time())

        try:
            async with asyncio.timeout(seconds) as deadline:
                if candidate.uri is not None and candidate.remembers:
                    with self._discovery.when_lost(candidate.uri, end):
                        yield deadline
                else:
                    yield deadline
        except TimeoutError:
            if lost:
                raise PeerClosed(f"{candidate.label} has stopped answering") from None
            raise too_slow(candidate.label, candidate.deadline or 0.0) from None

    async def timed(
        self, candidate: Candidate, items: AsyncGenerator[T, None]
    ) -> AsyncGenerator[T, None]:
        """Yield items, each within the deadline of the candidate; see `waiting`."""
        began: float | None = asyncio.get_running_loop().time()
        async with aclosing(items):
            while True:
                try:
                    async with self.waiting(candidate, candidate.deadline):
                        item = await anext(items)
                except StopAsyncIteration:
                    return
                if began is not None:
                    self.took(candidate, asyncio.get_running_loop().time() - began)
                    began = None
                yield item

    def took(self, candidate: Candidate, seconds: float) -> None:
        """Record the seconds until a candidate's first answer."""
        if candidate.uri is not None:
            self.health.answered(candidate.uri, seconds)

    def _candidates(self, language: str | None) -> list[Candidate]:
        """Return the candidates, best first."""
        places = self.ranking(language)
        self._log_other_languages(places, language)
        servers = [place.server for place in places if place.unfit is None]
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

    def _log_other_languages(self, places: Sequence[RankedServer], language: str | None) -> None:
        """Log once for each server that it is not asked because of its languages."""
        for place in places:
            key = (place.server.uri, language)
            if place.server.speaks(language) or key in self._left_out:
                continue
            if len(self._left_out) < MOST_LOGGED:
                self._left_out.add(key)
                _LOGGER.info("%s: %s is not asked: %s", self._role, place.server.uri, place.unfit)

    def _patience(self, number: int, *, last: bool) -> float:
        """Return the deadline of a server in seconds: a share where another server remains."""
        left = self._deadline / SHARE * (1 - SHARE) ** number
        return left if last else left * SHARE

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
