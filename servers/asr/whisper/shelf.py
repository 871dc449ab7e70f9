"""Whisper models in memory: a bounded number, those that were used last."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

from satellite.errors import EngineBusy, EngineClosed, ModelMissing
from servers.asr.whisper.batches import Batches
from servers.asr.whisper.model import Model
from servers.asr.whisper.tokens import languages_in
from servers.models.names import WHISPER
from servers.models.store import Fingerprint, Store

_LOGGER = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds that a request waits for a place in memory: no client waits longer for its text."""


class CachedModel:
    """A model, the threads that work with it, and how many requests do so now."""

    def __init__(self, model: Model, batches: Batches) -> None:
        self.model = model
        self.batches = batches
        self.users = 0


class ModelCache:
    """Lends models by name, loading them as they are asked for."""

    def __init__(self, most: int, load: Callable[[str], Awaitable[CachedModel]]) -> None:
        self._most = most
        self._load = load
        self._places: OrderedDict[str, CachedModel] = OrderedDict()
        self._loading = asyncio.Lock()
        self._freed = asyncio.Event()
        self._closed = False

    @property
    def names(self) -> tuple[str, ...]:
        """What is in memory; what was used last comes last."""
        return tuple(self._places)

    @asynccontextmanager
    async def lend(self, name: str) -> AsyncGenerator[CachedModel, None]:
        """The model during this block, in which it stays in memory.

        The one that nobody has used for the longest time leaves for it where there are too many.
        Raises what loading raises, `EngineClosed`, and `EngineBusy` when all stay in use.
        """
        place = await self._place(name)
        place.users += 1
        try:
            yield place
        finally:
            place.users -= 1
            self._freed.set()

    async def close(self) -> None:
        """Free all of them, letting what runs end. Twice is once."""
        self._closed = True
        places = list(self._places.values())
        self._places.clear()
        for place in places:
            await place.batches.close()

    async def _place(self, name: str) -> CachedModel:
        while (found := self._places.get(name)) is None:
            async with self._loading:
                self._check()
                if name not in self._places:
                    await self._make_room(name)
                    loaded = await self._load(name)
                    if self._closed:
                        await loaded.batches.close()
                    self._check()
                    self._places[name] = loaded
        self._check()
        self._places.move_to_end(name)
        return found

    async def _make_room(self, name: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while len(self._places) >= self._most:
                    self._freed.clear()
                    unused = [key for key, place in self._places.items() if not place.users]
                    if not unused:
                        await self._freed.wait()
                        continue
                    _LOGGER.info("Whisper %s leaves memory for %s", unused[0], name)
                    await self._places.pop(unused[0]).batches.close()
        except TimeoutError as error:
            raise EngineBusy(
                f"{len(self._places)} Whisper models are in use, and no more may be in memory: ask "
                "again later, or allow more with the engine's option models"
            ) from error

    def _check(self) -> None:
        if self._closed:
            raise EngineClosed("faster-whisper was closed")


def installed() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The Whisper models on this machine: names and languages.

    Quick as long as none comes or goes; otherwise some milliseconds for each.
    """
    store = Store()
    try:
        return _installed(store.root, store.fingerprint())
    except ModelMissing as error:
        _LOGGER.debug("The folder of models is not readable: %s", error)
        return ()


@lru_cache(maxsize=8)
def _installed(root: Path, _seen: Fingerprint) -> tuple[tuple[str, tuple[str, ...]], ...]:
    store = Store(root)
    names = [model.name for model in store.installed() if model.kind == WHISPER]
    return tuple((name, _languages(name, store.path(WHISPER, name))) for name in names)


def _languages(name: str, folder: Path | None) -> tuple[str, ...]:
    if name.endswith(".en") or folder is None:
        return ("en",)
    try:
        return languages_in((folder / "tokenizer.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        _LOGGER.debug("The languages of Whisper %s are unknown: %s", name, error)
        return ()
