"""The engine `openai`: a language model behind OpenAI's API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

import msgspec

from satellite import tools
from satellite.errors import EngineClosed, EngineError, ModelMissing
from satellite.ports import EngineContext, Llm
from satellite.requirements import Package, Requirement
from satellite.values import (
    EngineInfo,
    Extent,
    ModelInfo,
    ProgramInfo,
    ReplyPart,
    ReplyRequest,
)
from servers.llm.chat.local_first import judged, local_first
from servers.llm.openai.options import OpenAiOptions
from servers.openai.api import OpenAiApi, engine_errors
from servers.openai.identity import PATIENCE, identify

if TYPE_CHECKING:
    from servers.llm.chat.chat import Chat

_LOGGER = logging.getLogger(__name__)

NAME = "openai"

LISTING = 5.0
"""Seconds for the list of models, which takes a server no work."""


class OpenAi:
    """A language model of any server that speaks OpenAI's API."""

    Options = OpenAiOptions
    argument: ClassVar[str] = "url"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("aiohttp"),)

    def __init__(self, options: OpenAiOptions, context: EngineContext | None = None) -> None:
        context = context or EngineContext()
        self._options = options
        self._home = context.home
        self._model = _ServedModel(options, context)
        self._llm: Llm = local_first(self._model, options, context)

    async def load(self) -> None:
        """Look for the server and its model. A missing one is logged: it may come later.

        Raises `EngineFailed` for an address or a key that cannot be used.
        """
        await self._llm.load()

    async def served_by(self) -> ProgramInfo:
        """Ask the server which program it is. Raises `EngineError`s."""
        return await self._model.served_by()

    def describe(self) -> EngineInfo:
        """Describe the engine and the models of its server."""
        able = self._options.local_first or self._options.tool_rounds > 0
        info = self._model.describe()
        return msgspec.structs.replace(
            info,
            home_control=able and self._home is not None,
            judges=self._llm.describe().judges,
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer. Raises `EngineError`s that name the remedy."""
        async with aclosing(self._llm.reply(request)) as parts:
            async for part in parts:
                yield part

    def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the sentences know about a text; see `satellite.ports.JudgesTexts`."""
        return judged(self._llm, request)

    async def close(self) -> None:
        await self._llm.close()


class _ServedModel:
    """The model alone."""

    def __init__(self, options: OpenAiOptions, context: EngineContext) -> None:
        self._options = options
        self._context = context
        self._making = asyncio.Lock()
        self._api: OpenAiApi | None = None
        self._chat: Chat | None = None
        self._known: tuple[str, ...] = ()
        self._closed = False

    async def load(self) -> None:
        await self._ready()
        try:
            await self._list()
            self._chosen()
        except EngineError as error:
            _LOGGER.warning("language model unavailable: %s", error)

    async def served_by(self) -> ProgramInfo:
        await self._ready()
        assert self._api is not None  # made with the chat
        with engine_errors(NAME, self._api.url, self._options.model, PATIENCE):
            return await identify(self._api)

    def describe(self) -> EngineInfo:
        names = self._known or tuple(filter(None, (self._options.model,)))
        mine = self._options.model
        ordered = sorted(names, key=lambda name: name != mine)
        languages = self._options.languages
        return EngineInfo(
            name=NAME,
            description="A language model behind OpenAI's API",
            models=tuple(ModelInfo(name=name, languages=languages) for name in ordered),
            streaming=True,
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        if not request.text.strip():
            return
        chat = await self._ready()
        model = None if request.model == NAME else request.model
        if not (model or self._options.model or self._known):
            await self._list()
        request = msgspec.structs.replace(request, model=model or self._chosen())
        async with aclosing(chat.reply(request)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        self._closed = True
        if self._api is not None:
            await self._api.close()

    async def _ready(self) -> Chat:
        async with self._making:
            if self._closed:
                raise EngineClosed("openai was closed")
            if self._chat is None:
                self._chat = await asyncio.to_thread(self._made)
            return self._chat

    def _made(self) -> Chat:
        from servers.llm.chat.chat import Chat  # 1 MB, which a satellite without it saves
        from servers.llm.openai.client import OpenAiClient

        options = self._options
        self._api = OpenAiApi(options.url, options.key_file, options.timeout)
        client = OpenAiClient(self._api, options)
        return Chat(client, options, tools.installed(), self._context)

    async def _list(self) -> None:
        assert self._api is not None  # made with the chat
        with engine_errors(NAME, self._api.url, self._options.model, LISTING):
            async with asyncio.timeout(LISTING):
                self._known = await self._api.models()

    def _chosen(self) -> str:
        """Return the model of requests that name none. Raises `ModelMissing`."""
        if self._options.model:
            return self._options.model
        if len(self._known) == 1:
            return self._known[0]
        listed = ", ".join(self._known[:10]) or "none"
        raise ModelMissing(f"openai: set the option model to one of the server's models: {listed}")
