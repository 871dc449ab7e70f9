"""The engines of a server for clients by HTTP, in the same pools as those by Wyoming."""

from __future__ import annotations

import datetime
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from time import monotonic
from typing import Any, Protocol, TypeVar

from satellite.errors import EngineFailed, SatelliteError
from satellite.values import (
    SPEECH,
    Action,
    AudioChunk,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    Resumed,
    Situation,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from servers.caller import CALLER, Caller
from servers.pool import Pool
from servers.serve.observer import CANCELLED, DONE, Observer, RequestRecord

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")


class ServedEngine(Protocol):
    """An engine with its pool and its observer."""

    @property
    def role(self) -> str: ...
    @property
    def engine(self) -> Any: ...
    @property
    def pool(self) -> Pool: ...
    @property
    def observer(self) -> Observer | None: ...


class PooledEngines:
    """See `satellite.http.api.engines.EngineAccess`."""

    def __init__(self, services: Mapping[str, ServedEngine], language: str) -> None:
        """`services` by role; `language` is that of requests that name none."""
        self._services = services
        self._language = language

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self._services)

    @property
    def language(self) -> str:
        return self._language

    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest, caller: str
    ) -> AsyncGenerator[Transcript, None]:
        record = _Record(self._services["asr"], "s")

        async def counted() -> AsyncGenerator[bytes, None]:
            async for piece in audio:
                record.amount += SPEECH.seconds(piece)
                yield piece

        return self._submit(record, caller, "transcribe", counted(), request)

    def reply(
        self, request: ReplyRequest, caller: str
    ) -> AsyncGenerator[ReplyPart | Resumed, None]:
        record = _Record(self._services["llm"], "characters", len(request.text))
        return self._submit(record, caller, "reply", request)

    def synthesize(self, request: SpeechRequest, caller: str) -> AsyncGenerator[AudioChunk, None]:
        record = _Record(self._services["tts"], "characters", len(request.text))
        return self._submit(record, caller, "synthesize", request)

    def label(self, role: str) -> str:
        return self.describe(role).name

    def describe(self, role: str) -> EngineInfo:
        info: EngineInfo = self._services[role].engine.describe()
        return info

    def situation(self) -> Situation:
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        return Situation(now=now)

    def perform(self, action: Action) -> bool:
        """Return False: no satellite is here that could execute it."""
        return False

    async def _submit(
        self, record: _Record, caller: str, method: str, *arguments: Any
    ) -> AsyncGenerator[Any, None]:
        CALLER.set(Caller(caller))
        outcome = CANCELLED
        try:
            async with aclosing(record.service.pool.submit(method, *arguments)) as results:
                async for result in results:
                    record.note_result()
                    if isinstance(result, Transcript) and result.final:
                        outcome = DONE  # readers leave at the final text
                    yield result
            outcome = DONE
        except SatelliteError as error:
            outcome = error.code
            _LOGGER.warning("%s request by HTTP failed: %s", record.service.role, error)
            raise
        except Exception as error:
            outcome = EngineFailed.code
            _LOGGER.exception("%s request by HTTP failed", record.service.role)
            raise EngineFailed(f"{type(error).__name__}: {error}") from error
        finally:
            record.report(outcome)


class _Record:
    """The measures of one request."""

    def __init__(self, service: ServedEngine, unit: str, amount: float = 0.0) -> None:
        self.service = service
        self.amount = amount
        self._unit = unit
        self._engine = service.engine.describe().name
        self._began = monotonic()
        self._first: float | None = None
        self._last = self._began

    def note_result(self) -> None:
        """Note that a result has come."""
        self._last = monotonic()
        if self._first is None:
            self._first = self._last

    def report(self, outcome: str) -> None:
        """Log the request and report it to the observer."""
        record = RequestRecord(
            role=self.service.role,
            engine=self._engine,
            outcome=outcome,
            amount=self.amount,
            unit=self._unit,
            first=None if self._first is None else self._first - self._began,
            after=None if self._first is None else self._last - self._began,
            whole=monotonic() - self._began,
        )
        _LOGGER.info("%s", record)
        if self.service.observer is not None:
            self.service.observer.finished(record)
