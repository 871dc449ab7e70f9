"""The models on this machine and those of Ollama: listed, fetched with progress, removed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from aiohttp import web

from satellite.errors import DownloadFailed, EngineBusy
from satellite.http.api.connection import while_connected
from satellite.http.api.event_answer import FailedEvent, stream_events
from satellite.http.api.rights import require_log_in
from satellite.http.api.route import (
    EVENTS,
    JSON,
    ApiRoute,
    ModelName,
    body_of,
    json_answer,
    wants_events,
)
from satellite.net.memory_budget import MemoryBudget
from satellite.settings import ModelSettings
from servers.models.names import OLLAMA, Name, parse
from servers.models.ollama_models import OllamaModels
from servers.models.store import Store

AT_ONCE = 2
"""Downloads at once."""

EVERY = 0.25
"""Seconds between two events of a download."""


class StoredModel(msgspec.Struct, frozen=True):
    """A model."""

    model: str
    bytes: int
    state: str
    """`whole`, `damaged`, or `unfinished`: its download broke off."""
    since: str
    license: str
    """Its license, or where that is found."""


class StoredModels(msgspec.Struct, frozen=True):
    """The models, and the folder that holds all but Ollama's."""

    folder: str
    models: tuple[StoredModel, ...]


class PullRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model to fetch."""

    model: ModelName
    """As `whisper:base.en`, `piper:en_US-lessac-medium`, or `ollama:gemma3:1b`."""


class PulledModel(msgspec.Struct, frozen=True):
    """A model that is complete and checked."""

    model: str


class ProgressEvent(msgspec.Struct, frozen=True, tag_field="event", tag="progress"):
    """Bytes of a download."""

    model: str
    done: int
    total: int


class NoteEvent(msgspec.Struct, frozen=True, tag_field="event", tag="note"):
    """A message, such as that a download is tried again."""

    text: str


class PulledEvent(msgspec.Struct, frozen=True, tag_field="event", tag="done"):
    """The model is complete and checked; the last event."""

    model: str


PullEvent = ProgressEvent | NoteEvent | PulledEvent


def stored_model_routes(settings: ModelSettings, memory: MemoryBudget) -> list[ApiRoute]:
    """Return the routes."""
    handlers = _Handlers(settings, memory)
    return [
        ApiRoute(
            method="GET",
            path="/api/models",
            summary="List the models on this machine and those of Ollama",
            handler=handlers.listed,
            gives={JSON: StoredModels},
        ),
        ApiRoute(
            method="POST",
            path="/api/models/pull",
            summary="Fetch a model, or repair it; with Accept: text/event-stream, its progress",
            handler=handlers.pull,
            takes={JSON: PullRequest},
            gives={JSON: PulledModel, EVENTS: PullEvent | FailedEvent},
        ),
        ApiRoute(
            method="DELETE",
            path="/api/models/{model:.+}",
            summary="Remove a model",
            handler=handlers.remove,
            gives={JSON: StoredModels},
        ),
    ]


class _Handlers:
    def __init__(self, settings: ModelSettings, memory: MemoryBudget) -> None:
        self._store = Store.for_settings(settings)
        self._ollama = OllamaModels(settings.ollama, offline=settings.offline)
        self._memory = memory
        self._pulling = 0

    async def listed(self, request: web.Request) -> web.StreamResponse:
        return json_answer(await asyncio.to_thread(self._listed))

    async def pull(self, request: web.Request) -> web.StreamResponse:
        require_log_in("fetching models")
        wanted = await body_of(request, self._memory, PullRequest)
        name = parse(wanted.model)
        events = self._pull(name)
        if wants_events(request):
            return await stream_events(request, events)
        async with while_connected(request), aclosing(events):
            async for _ in events:
                pass
        return json_answer(PulledModel(str(name)))

    async def remove(self, request: web.Request) -> web.StreamResponse:
        require_log_in("removing models")
        name = parse(request.match_info["model"])
        if name.kind == OLLAMA:
            await asyncio.to_thread(self._ollama.remove, name)
        else:
            await asyncio.to_thread(self._store.remove, name.kind, name.name)
        return await self.listed(request)

    def _listed(self) -> StoredModels:
        whole = tuple(
            StoredModel(str(model), model.bytes, "whole", model.when, parse(str(model)).license)
            for model in self._store.installed() + self._ollama.installed()
        )
        broken = tuple(
            StoredModel(str(name), count, state, "", name.license)
            for name, count, state in self._store.broken()
        )
        return StoredModels(str(self._store.root), whole + broken)

    async def _pull(self, name: Name) -> AsyncGenerator[PullEvent, None]:
        """Fetch a model in a thread; the download ends with this generator, and may be resumed."""
        if self._pulling >= AT_ONCE:
            raise EngineBusy(f"{AT_ONCE} models are being fetched: try it later")
        progress = _Progress(str(name))
        self._pulling += 1
        fetching = asyncio.ensure_future(asyncio.to_thread(self._fetch, name, progress))
        try:
            while not fetching.done():
                await asyncio.wait([fetching], timeout=EVERY)
                for event in progress.taken():
                    yield event
            fetching.result()
            yield PulledEvent(str(name))
        finally:
            progress.stop()
            fetching.add_done_callback(self._ended)

    def _fetch(self, name: Name, progress: _Progress) -> None:
        if name.kind == OLLAMA:
            self._ollama.pull(name, progress)
        else:
            self._store.pull(name, progress)

    def _ended(self, fetching: asyncio.Future[None]) -> None:
        self._pulling -= 1
        if not fetching.cancelled():
            fetching.exception()  # reported, or the client has left


class _Progress:
    """What a download has reported, for another thread to take; see `servers.models.progress`."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._notes: list[str] = []
        self._done = self._total = 0
        self._news = self._stopped = False

    def begin(self, model: str, total: int, done: int) -> None:
        with self._lock:
            self._total = total
            self._done = max(self._done, done)
            self._news = True
        self._check()

    def advance(self, count: int) -> None:
        with self._lock:
            self._done += count
            self._news = True
        self._check()

    def report(self, text: str) -> None:
        with self._lock:
            self._notes.append(text)
            del self._notes[:-20]
        self._check()

    def end(self) -> None:
        """Do nothing: the result is reported."""

    def stop(self) -> None:
        """Make the next report end the download."""
        self._stopped = True

    def taken(self) -> list[PullEvent]:
        """Return what is new."""
        with self._lock:
            events: list[PullEvent] = [NoteEvent(text) for text in self._notes]
            if self._news:
                events.append(ProgressEvent(self._model, self._done, self._total))
            self._notes, self._news = [], False
        return events

    def _check(self) -> None:
        if self._stopped:
            raise DownloadFailed("the client has left: the download can be resumed")
