"""Whisper models in memory: a bounded number of the most recently used ones."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

from satellite.errors import EngineBusy, EngineClosed, ModelMissing
from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.model import Model
from servers.asr.whisper.model_languages import ENGLISH_ONLY, is_english_only, languages
from servers.models.names import WHISPER
from servers.models.store import Fingerprint, Store

_LOGGER = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds that a request waits for a free slot in memory: no client waits longer for its text."""


class CachedModel:
    """A loaded model with its threads and the number of requests that use it."""

    def __init__(self, name: str, model: Model, batches: BatchScheduler) -> None:
        self.name = name
        self.model = model
        self.batches = batches
        self.users = 0

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the model was trained on."""
        return ENGLISH_ONLY if is_english_only(self.name) else self.model.vocabulary.languages


class ModelCache:
    """Lends models by name and loads them on demand."""

    def __init__(self, most: int, load: Callable[[str], Awaitable[CachedModel]]) -> None:
        self._most = most
        self._load = load
        self._slots: OrderedDict[str, CachedModel] = OrderedDict()
        self._loading = asyncio.Lock()
        self._freed = asyncio.Event()
        self._closed = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models in memory, the most recently used last."""
        return tuple(self._slots)

    @asynccontextmanager
    async def lend(self, name: str) -> AsyncGenerator[CachedModel, None]:
        """Yield the model, which stays in memory during this block.

        If the cache is full, the least recently used model is unloaded first. Raises what loading
        raises, `EngineClosed`, and `EngineBusy` if all models stay in use.
        """
        slot = await self._slot(name)
        slot.users += 1
        try:
            yield slot
        finally:
            slot.users -= 1
            self._freed.set()

    async def close(self) -> None:
        """Free all models after their running tasks. Idempotent."""
        self._closed = True
        slots = list(self._slots.values())
        self._slots.clear()
        for slot in slots:
            await slot.batches.close()

    async def _slot(self, name: str) -> CachedModel:
        while (found := self._slots.get(name)) is None:
            async with self._loading:
                self._check()
                if name not in self._slots:
                    await self._make_room(name)
                    loaded = await self._load(name)
                    if self._closed:
                        await loaded.batches.close()
                    self._check()
                    self._slots[name] = loaded
        self._check()
        self._slots.move_to_end(name)
        return found

    async def _make_room(self, name: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while len(self._slots) >= self._most:
                    self._freed.clear()
                    unused = [key for key, slot in self._slots.items() if not slot.users]
                    if not unused:
                        await self._freed.wait()
                        continue
                    _LOGGER.info("Unloading Whisper %s to load %s", unused[0], name)
                    await self._slots.pop(unused[0]).batches.close()
        except TimeoutError as error:
            raise EngineBusy(
                f"{len(self._slots)} Whisper models are in use, and no more may be in memory: try "
                "again later, or raise the engine's option models"
            ) from error

    def _check(self) -> None:
        if self._closed:
            raise EngineClosed("faster-whisper was closed")


def installed(store: Store) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the names and languages of the Whisper models on this machine.

    Cached until a model is added or removed; then takes some milliseconds per model.
    """
    try:
        return _installed(store.root, store.fingerprint())
    except ModelMissing as error:
        _LOGGER.debug("Cannot read the folder of models: %s", error)
        return ()


@lru_cache(maxsize=8)
def _installed(root: Path, _seen: Fingerprint) -> tuple[tuple[str, tuple[str, ...]], ...]:
    store = Store(root)
    names = [model.name for model in store.installed() if model.kind == WHISPER]
    return tuple((name, languages(name, store.path(WHISPER, name))) for name in names)
