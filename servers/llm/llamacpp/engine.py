"""The engine `llamacpp`: any GGUF model, run by llama.cpp inside this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from satellite import tools
from satellite.errors import EngineClosed, EngineError, ModelMissing
from satellite.lib.platform.cores import cores
from satellite.ports import EngineContext, Llm
from satellite.requirements import Package, Requirement
from satellite.values import EngineInfo, Extent, ModelInfo, ReplyPart, ReplyRequest
from servers.llm.chat.local_first import answered_ahead, judged, local_first
from servers.llm.llamacpp.options import LlamaCppOptions
from servers.models.file_check import gguf_file
from servers.models.latest import latest
from servers.models.names import GGUF
from servers.models.store import Store

if TYPE_CHECKING:
    from servers.llm.chat.chat import Chat
    from servers.llm.llamacpp.host import Host

_LOGGER = logging.getLogger(__name__)


class LlamaCpp:
    """A language model in this process, for requests that no built-in sentence matches."""

    Options = LlamaCppOptions
    license: ClassVar[str] = "each model has its own: see its repository"
    argument: ClassVar[str] = "model"
    model: ClassVar[str] = "gguf:qwen2.5-1.5b"
    look_every: ClassVar[float] = 10.0
    requires: ClassVar[tuple[Requirement, ...]] = (Package("xllamacpp", extra="server"),)

    @classmethod
    async def auto(cls, context: EngineContext) -> str | None:
        """Return the most recently installed GGUF model; None if there is none."""
        return await asyncio.to_thread(latest, GGUF, context.models)

    def __init__(self, options: LlamaCppOptions, context: EngineContext | None = None) -> None:
        context = context or EngineContext()
        self._home = context.home
        self._options = options
        self._llm: Llm = local_first(_Model(options, context), options, context)

    async def load(self) -> None:
        """Load the model, without downloading it. Raises `ModelMissing`, `EngineFailed`."""
        await self._llm.load()

    def describe(self) -> EngineInfo:
        """Describe the engine and its model."""
        able = self._options.local_first or self._options.tool_rounds > 0
        return EngineInfo(
            name="llamacpp",
            description="A language model that llama.cpp runs",
            version=version("xllamacpp"),
            author="ggml.ai",
            url="https://github.com/ggml-org/llama.cpp",
            models=(ModelInfo(name=_name(self._options.model), languages=self._options.languages),),
            streaming=True,
            home_control=able and self._home is not None,
            judges=self._llm.describe().judges,
            ahead=self._llm.describe().ahead,
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer. Raises `EngineError`s."""
        async with aclosing(self._llm.reply(request)) as parts:
            async for part in parts:
                yield part

    def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer without calling a tool; see `satellite.ports.AnswersAhead`."""
        return answered_ahead(self._llm, request)

    def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the sentences know about a text; see `satellite.ports.JudgesTexts`."""
        return judged(self._llm, request)

    async def close(self) -> None:
        await self._llm.close()


class _Model:
    """The model alone."""

    def __init__(self, options: LlamaCppOptions, context: EngineContext) -> None:
        self._options = options
        self._context = context
        self._store = Store.for_settings(context.models)
        self._loading = asyncio.Lock()
        self._host: Host | None = None
        self._chat: Chat | None = None
        self._warming: asyncio.Task[None] | None = None
        self._closed = False

    async def load(self) -> None:
        if self._warming is None:
            chat = await self._ready()
            # owned by this object, as it outlives this call; `close` and a request end it
            self._warming = asyncio.create_task(_warm_up(chat), name="llamacpp warm-up")

    def describe(self) -> EngineInfo:
        return EngineInfo(
            name="llamacpp", description="A language model that llama.cpp runs", ahead=True
        )

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._reply(request, ahead=False)

    def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._reply(request, ahead=True)

    async def _reply(self, request: ReplyRequest, ahead: bool) -> AsyncGenerator[ReplyPart, None]:
        if not request.text.strip():
            return
        if request.model and request.model not in ("llamacpp", _name(self._options.model)):
            raise ModelMissing(
                f"llamacpp runs {_name(self._options.model)}, not {request.model[:80]}"
            )
        chat = await self._ready()
        if self._warming is not None:
            self._warming.cancel()
        async with aclosing(chat.reply(request, ahead=ahead)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        self._closed = True
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])
        async with self._loading:
            host, self._host, self._chat = self._host, None, None
        if host is not None:
            await host.close()

    async def _ready(self) -> Chat:
        async with self._loading:
            if self._closed:
                raise EngineClosed("llamacpp was closed")
            if self._chat is None:
                self._chat = await asyncio.to_thread(self._loaded)
            return self._chat

    def _loaded(self) -> Chat:
        # 1 MB, which a satellite without this engine saves
        from servers.llm.chat.chat import Chat
        from servers.llm.llamacpp.client import LlamaCppClient
        from servers.llm.llamacpp.host import Host

        path = gguf_file(self._store.find(GGUF, self._options.model))
        host = Host(self._options, cores(), self._context.nice)
        host.load(path)
        self._host = host
        client = LlamaCppClient(host, self._options)
        return Chat(client, self._options, tools.installed(), self._context)


async def _warm_up(chat: Chat) -> None:
    """Compute the common beginning of all prompts."""
    try:
        await chat.warm_up()
    except EngineError as error:
        _LOGGER.warning("language model not warmed up: %s", error)


def _name(model: str) -> str:
    """Return a model's name in `describe`, without its folder."""
    return Path(model).stem if model.endswith(".gguf") and "/" in model else model
