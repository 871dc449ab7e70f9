"""The engine `gpt4all`: the models of GPT4All, by its own package."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncGenerator
from contextlib import aclosing
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec

from satellite.errors import EngineClosed, ModelMissing
from satellite.lib.decoding import Undecodable
from satellite.lib.platform import system
from satellite.lib.platform.cores import cores
from satellite.ports import EngineContext, Llm
from satellite.requirements import Package, Requirement
from satellite.values import EngineInfo, ModelInfo, ReplyPart, ReplyRequest
from servers.llm.chat.local_first import local_first
from servers.llm.gpt4all.options import Gpt4AllOptions
from servers.models import gpt4all_models
from servers.models.file_check import gguf_file
from servers.models.names import GPT4ALL
from servers.models.store import Store

if TYPE_CHECKING:
    from servers.llm.chat.chat import Chat
    from servers.llm.gpt4all.host import Host


class Gpt4AllPackage(msgspec.Struct, frozen=True):
    """The package, of which 2.8.2 is the last version, where it has been built."""

    def __str__(self) -> str:
        return "Python package gpt4all"

    def missing(self) -> str | None:
        if not available(system.name(), platform.machine()):
            return (
                f"GPT4All has no package for {platform.machine()} {platform.system()}: use "
                "llamacpp, which runs GGUF models on every machine"
            )
        return Package("gpt4all", extra="gpt4all").missing()


def available(system: str, machine: str) -> bool:
    """Return whether the package has a wheel for a machine."""
    return system == "darwin" or (system in ("linux", "win32") and machine in ("x86_64", "AMD64"))


class Gpt4All:
    """A language model of GPT4All, for requests that no built-in sentence matches."""

    Options = Gpt4AllOptions
    license: ClassVar[str] = "GPT4All: MIT; each model has its own: see the catalogue"
    argument: ClassVar[str] = "model"
    requires: ClassVar[tuple[Requirement, ...]] = (Gpt4AllPackage(),)

    def __init__(self, options: Gpt4AllOptions, context: EngineContext | None = None) -> None:
        context = context or EngineContext()
        self._home = context.home
        self._options = options
        self._llm: Llm = local_first(_Model(options, context), options, context)

    async def load(self) -> None:
        """Load the model, without downloading it. Raises `ModelMissing`, `EngineFailed`."""
        await self._llm.load()

    def describe(self) -> EngineInfo:
        """Describe the engine and its model."""
        return EngineInfo(
            name="gpt4all",
            description="A language model of GPT4All",
            version=version("gpt4all"),
            author="Nomic AI",
            url="https://github.com/nomic-ai/gpt4all",
            models=(
                ModelInfo(name=Path(self._options.model).name, languages=self._options.languages),
            ),
            streaming=True,
            home_control=self._options.local_first and self._home is not None,
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer. Raises `EngineError`s."""
        async with aclosing(self._llm.reply(request)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        await self._llm.close()


class _Model:
    """The model alone."""

    def __init__(self, options: Gpt4AllOptions, context: EngineContext) -> None:
        self._options = options
        self._context = context
        self._store = Store.for_settings(context.models)
        self._loading = asyncio.Lock()
        self._host: Host | None = None
        self._chat: Chat | None = None
        self._closed = False

    async def load(self) -> None:
        await self._ready()

    def describe(self) -> EngineInfo:
        return EngineInfo(name="gpt4all", description="A language model of GPT4All")

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        if not request.text.strip():
            return
        model = self._options.model
        if request.model and request.model not in ("gpt4all", model, Path(model).name):
            raise ModelMissing(f"gpt4all runs {Path(model).name}, not {request.model[:80]}")
        chat = await self._ready()
        async with aclosing(chat.reply(request)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        self._closed = True
        async with self._loading:
            host, self._host, self._chat = self._host, None, None
        if host is not None:
            await host.close()

    async def _ready(self) -> Chat:
        async with self._loading:
            if self._closed:
                raise EngineClosed("gpt4all was closed")
            if self._chat is None:
                self._chat = await asyncio.to_thread(self._loaded)
            return self._chat

    def _loaded(self) -> Chat:
        # 1 MB, which a satellite without this engine saves
        from servers.llm.chat.chat import Chat
        from servers.llm.gpt4all.client import Gpt4AllClient
        from servers.llm.gpt4all.host import Host

        path = gguf_file(self._store.find(GPT4ALL, self._options.model))
        host = Host(self._options, _template(path), cores(), self._context.nice)
        host.load(path)
        self._host = host
        return Chat(Gpt4AllClient(host), self._options, (), self._context)


def _template(path: Path) -> str:
    """Return the catalogue's template of a downloaded model; empty for one from elsewhere."""
    try:
        models = gpt4all_models.read((path.parent / gpt4all_models.FILE).read_bytes())
    except (OSError, Undecodable):
        return ""
    model = models.get(path.name)
    return model.template if model is not None else ""
