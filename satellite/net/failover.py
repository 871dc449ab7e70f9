"""Engines that use the best server there is, and another one, or the built-in engine, when it
fails before it has answered.

There is none for wake words: sound leaves the device only after one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import msgspec

from satellite.deadline import too_slow
from satellite.errors import EngineBusy, EngineError, WireError
from satellite.events import Event, Failover
from satellite.net.discovery import Discovery
from satellite.net.recording import Recording, recording
from satellite.net.remote import remote
from satellite.values import (
    AudioChunk,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

DEADLINES = {"asr": 6.0, "llm": 12.0, "tts": 4.0}
"""Seconds a server has for its first answer: under half of the turn's own deadlines, so that there
is time for another one."""
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


class FailoverEngine:
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
        self._deadline = DEADLINES[role] if deadline is None else deadline
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

    async def _ask(
        self,
        language: str | None,
        ask: Callable[[Candidate], AsyncGenerator[T, None]],
        settles: Callable[[T], bool] = lambda item: True,
    ) -> AsyncGenerator[T, None]:
        """Ask one after another, until one yields an item that settles who answers."""
        candidates = self._candidates(language)
        error: Exception | None = None
        for candidate in candidates:
            self._use(candidate, error)
            settled = False
            try:
                async with aclosing(ask(candidate)) as items:
                    async for item in items:
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

    async def _first(
        self, candidate: Candidate, items: AsyncGenerator[T, None]
    ) -> AsyncGenerator[T, None]:
        """Pass items on; a server's first one has to come before the deadline."""
        async with aclosing(items):
            if candidate.uri is not None:
                try:
                    async with asyncio.timeout(self._deadline):
                        first = await anext(items)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise too_slow(candidate.label, self._deadline) from None
                yield first
            async for item in items:
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


class FailoverAsr(FailoverEngine):
    """Speech-to-text; the utterance so far is kept and said again to the next engine."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async with recording(audio) as record:

            def ask(candidate: Candidate) -> AsyncGenerator[Transcript, None]:
                return self._transcribe(candidate, record, request)

            async with aclosing(
                self._ask(request.language, ask, lambda transcript: transcript.final)
            ) as transcripts:
                async for transcript in transcripts:
                    yield transcript

    async def _transcribe(
        self, candidate: Candidate, record: Recording, request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Ask one engine; a server's deadline begins when the utterance has ended."""
        began = asyncio.get_running_loop().time()
        async with (
            aclosing(record.play()) as audio,
            aclosing(candidate.engine.transcribe(audio, request)) as results,
        ):
            while True:
                if candidate.uri is None:
                    result = await anext(results, None)
                else:
                    result = await self._next(results, record, began, candidate.label)
                if result is None:
                    return
                yield result
                if result.final:
                    return

    async def _next(
        self,
        results: AsyncGenerator[Transcript, None],
        record: Recording,
        began: float,
        who: str,
    ) -> Transcript | None:
        try:
            async with asyncio.timeout(None) as deadline:

                def start(ended: float) -> None:
                    deadline.reschedule(max(ended, began) + self._deadline)

                with record.when_ended(start):
                    return await anext(results, None)
        except TimeoutError:
            raise too_slow(who, self._deadline) from None


class FailoverLlm(FailoverEngine):
    """A brain."""

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._ask(
            request.language,
            lambda candidate: self._first(candidate, candidate.engine.reply(request)),
        )


class FailoverTts(FailoverEngine):
    """Text-to-speech."""

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        return self._ask(
            request.language,
            lambda candidate: self._first(candidate, candidate.engine.synthesize(request)),
        )


_KINDS: dict[str, type[FailoverEngine]] = {
    "asr": FailoverAsr,
    "llm": FailoverLlm,
    "tts": FailoverTts,
}


def failover(
    role: str,
    built_in: Any,
    discovery: Discovery,
    publish: Callable[[Event], None] = lambda event: None,
    deadline: float | None = None,
) -> Any:
    """Make an engine of a role (asr, llm, tts) that uses discovered servers, else `built_in`.

    `deadline`: seconds a server has for its first answer.
    """
    return _KINDS[role](role, built_in, discovery, publish, deadline)
