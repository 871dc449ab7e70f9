"""Engines with a connected home: they get its names, and their requests to it are carried out."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from time import monotonic
from typing import Any, NamedTuple

import msgspec

from satellite.errors import EngineError, EngineFailed
from satellite.homeassistant.client import service_calls
from satellite.homeassistant.client.commands import Calls
from satellite.homeassistant.client.entities import Contents, plain
from satellite.homeassistant.client.home import Home
from satellite.languages.names import names_of
from satellite.lib.deadline import fallback_seconds
from satellite.ports import (
    AnswersAhead,
    Asr,
    Engine,
    JudgesTexts,
    Llm,
    Preparing,
    Queueing,
    Sharing,
)
from satellite.turns.context import label
from satellite.values import (
    Action,
    EngineInfo,
    Extent,
    ReplyPart,
    ReplyRequest,
    Resumed,
    TranscribeRequest,
    Transcript,
)

_LOGGER = logging.getLogger(__name__)


UNDOABLE = 20.0
"""Seconds in which what was done can be undone: the longest request, and what follows its end."""

SATELLITES = 64
"""Satellites whose last request is remembered."""


class _Done(NamedTuple):
    """What was done for a request."""

    text: str
    at: float
    undo: Calls


class _Wrapped:
    """The base of engines that wrap another one."""

    def __init__(self, engine: Engine, home: Home) -> None:
        self._engine = engine
        self._home = home

    @property
    def label(self) -> str:
        return label(self._engine)

    @property
    def shares(self) -> bool:
        """Whether the engine divides itself among its requests; see `servers.engines`."""
        return isinstance(self._engine, Sharing) and self._engine.shares

    @property
    def queued(self) -> int:
        """Requests that wait inside the engine; see `servers.pool`."""
        return self._engine.queued if isinstance(self._engine, Queueing) else 0

    @property
    def fallback_seconds(self) -> float:
        """Seconds that the engine may need beyond a deadline; see `satellite.lib.deadline`."""
        return fallback_seconds(self._engine)

    async def load(self) -> None:
        await self._engine.load()

    def describe(self) -> EngineInfo:
        return self._engine.describe()

    async def close(self) -> None:
        await self._engine.close()


class HomeAsr(_Wrapped):
    """Speech-to-text that expects the names of the home."""

    def __init__(self, engine: Asr, home: Home) -> None:
        super().__init__(engine, home)
        self._asr = engine

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async with aclosing(self._asr.transcribe(audio, self._at_home(request))) as transcripts:
            async for transcript in transcripts:
                yield transcript

    async def prepare_for(self, request: TranscribeRequest) -> None:
        """Make ready what a request needs; see `servers.pool`."""
        if isinstance(self._asr, Preparing):
            await self._asr.prepare_for(self._at_home(request))

    def _at_home(self, request: TranscribeRequest) -> TranscribeRequest:
        """Return a request with the names of the home."""
        contents, usual = self._home.contents, names_of(request.language)
        return msgspec.structs.replace(
            request,
            names=_merged_names(contents.names_in(request.language), request.names, usual.names),
            terms=_merged_names(contents.areas, request.terms, usual.areas),
        )


class HomeLlm(_Wrapped):
    """An llm that gets the names of the home, and whose requests to the home are carried out."""

    def __init__(self, engine: Llm, home: Home) -> None:
        super().__init__(engine, home)
        self._llm = engine
        self._done: OrderedDict[str, _Done] = OrderedDict()
        """What was done last for each satellite."""

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply, with the result in words in place of each request to the home.

        Raises the errors of the llm, and the `EngineError` of an unreachable home.
        """
        request = self._at_home(request, await self._home.known())
        situation = request.situation
        undo = await self._undone(request)
        spoken, last = False, ""
        async with aclosing(self._llm.reply(request)) as parts:
            async for part in parts:
                if (
                    not isinstance(part, Action)
                    or (home_request := service_calls.read(part)) is None
                ):
                    spoken = spoken or isinstance(part, str)
                    yield part
                    if isinstance(part, Resumed) and last:
                        yield f"{last} "  # it has not been spoken yet, and is not done again
                    last = ""
                    continue
                try:
                    sentence = await self._home.carry_out(home_request, situation.area, undo)
                except EngineError as error:
                    _LOGGER.warning("a request to the home failed: %s", error)
                    raise
                yield f" {sentence}" if spoken else sentence
                spoken, last = True, sentence

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply ahead; questions are put to the home, commands are not carried out."""
        if not isinstance(self._llm, AnswersAhead):
            raise EngineFailed(f"{self.label} does not answer ahead")
        request = self._at_home(request, self._home.contents)
        async with aclosing(self._llm.ahead(request)) as parts:
            async for part in parts:
                asked = service_calls.read(part) if isinstance(part, Action) else None
                if isinstance(asked, service_calls.HomeQuery):
                    yield await self._home.ask(asked, request.situation.area)
                elif asked is not None:
                    raise EngineFailed("nothing is done in the home ahead")
                else:
                    yield part

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the llm knows about the text, with the names of the home."""
        if not isinstance(self._llm, JudgesTexts):
            yield Extent.UNKNOWN
            return
        request = self._at_home(request, self._home.contents)
        async with aclosing(self._llm.judge(request)) as extents:
            async for extent in extents:
                yield extent

    async def _undone(self, request: ReplyRequest) -> Calls:
        """Undo what was done for the request that this one replaces; return the list for what
        undoes this one."""
        satellite, now = request.situation.satellite or "", monotonic()
        done = self._done.pop(satellite, None)
        replaced = done is not None and done.text == request.replaces
        if done is not None and replaced and done.undo and now - done.at < UNDOABLE:
            try:
                await self._home.restore(done.undo)
            except EngineError as error:
                _LOGGER.warning("what was done for half a request stays: %s", error)
        undo: Calls = []
        self._done[satellite] = _Done(request.text, now, undo)
        while len(self._done) > SATELLITES:
            self._done.popitem(last=False)
        return undo

    @staticmethod
    def _at_home(request: ReplyRequest, contents: Contents) -> ReplyRequest:
        """Return a request with the names of a home."""
        before, usual = request.situation, names_of(request.language)
        situation = msgspec.structs.replace(
            before,
            home=True,
            names=_merged_names(contents.names_in(request.language), before.names, usual.names),
            areas=_merged_names(contents.areas, before.areas, usual.areas),
        )
        return msgspec.structs.replace(request, situation=situation)


def at_home(role: str, engine: Any, home: Home) -> Any:
    """Return the engine of a role with a connected home; engines of other roles unchanged."""
    return (
        {"asr": HomeAsr, "llm": HomeLlm}[role](engine, home) if role in ("asr", "llm") else engine
    )


def _merged_names(
    home: Sequence[str], configured: Sequence[str], usual: Sequence[str]
) -> tuple[str, ...]:
    """Return the names of the home, then those of the settings unless they are the defaults."""
    if not home:
        return tuple(configured)
    names = {plain(name): name for name in home}
    if tuple(configured) != tuple(usual):
        for name in configured:
            names.setdefault(plain(name), name)
    return tuple(names.values())
