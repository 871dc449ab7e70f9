"""The engine `ollama`: a language model that Ollama runs."""

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
from satellite.values import EngineInfo, Extent, ModelInfo, ReplyPart, ReplyRequest
from servers.llm.chat.local_first import answered_ahead, judged, local_first
from servers.llm.ollama import modelfile
from servers.llm.ollama.chat_client import OllamaChatClient
from servers.llm.ollama.client import ASKING, OllamaClient, may_be_running
from servers.llm.ollama.options import OllamaOptions
from servers.models.ollama_api import tagged

if TYPE_CHECKING:
    from servers.llm.chat.chat import Chat

_LOGGER = logging.getLogger(__name__)

NAME = "ollama"

CHECK_EVERY = 30.0
"""Seconds between two checks of Ollama: as often as Home Assistant asks for the models."""

WARM_UP_AFTER = 0.5
"""Seconds without a request before the model is warmed up: a program that asks one question asks it
at once, and computes the beginning of the prompt with it."""


class Ollama:
    """A language model in Ollama, for requests that no built-in sentence matches."""

    Options = OllamaOptions
    license: ClassVar[str] = "each model has its own: `ollama show --license NAME`"
    argument: ClassVar[str] = "model"
    model: ClassVar[str] = "ollama:llama3.2"
    look_every: ClassVar[float] = 10.0
    requires: ClassVar[tuple[Requirement, ...]] = (Package("aiohttp"),)

    @classmethod
    async def auto(cls, context: EngineContext) -> str | None:
        """Return the newest model of Ollama that can chat; None without one, or without Ollama."""
        if not await may_be_running(context.models.ollama):
            return None
        client = OllamaClient(context.models.ollama, ASKING)
        try:
            for name in await client.models():
                if await client.can_chat(name):
                    return name
        except EngineError as error:
            _LOGGER.debug("%s", error)
        finally:
            await client.close()
        return None

    def __init__(self, options: OllamaOptions, context: EngineContext | None = None) -> None:
        context = context or EngineContext()
        self._options = options
        self._home = context.home
        self._model = _OllamaModel(options, context)
        self._llm: Llm = local_first(self._model, options, context)

    async def load(self) -> None:
        """Load the sentences and check Ollama. A missing Ollama or model is logged: both may come
        later.

        Raises `EngineFailed` for sentences that cannot be used.
        """
        await self._llm.load()

    def describe(self) -> EngineInfo:
        """Describe the engine and the models of Ollama."""
        info = self._model.describe()
        able = self._options.local_first or self._options.tool_rounds > 0
        return msgspec.structs.replace(
            info,
            home_control=able and self._home is not None,
            judges=self._llm.describe().judges,
            ahead=self._llm.describe().ahead,
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer. Raises `EngineError`s that name the remedy."""
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


class _OllamaModel:
    """The model alone, loaded ahead of requests."""

    def __init__(self, options: OllamaOptions, context: EngineContext) -> None:
        self._options = options
        self._context = context
        self._client = OllamaClient(options.host or context.models.ollama, options.timeout)
        self._chat: Chat | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._known: tuple[str, ...] = ()
        self._problem = ""
        self._created = not options.modelfile
        self._creating = asyncio.Lock()
        self._closed = False
        self._requests = 0
        self._computing: asyncio.Task[None] | None = None
        """The part of a warm-up that a request ends."""

    async def load(self) -> None:
        if self._closed:
            raise EngineClosed("ollama was closed")
        if self._watcher is None:
            await self._ready()
            available = await self._check()
            # owned by this object, as it outlives every call; `close` ends it
            self._watcher = asyncio.create_task(self._watch(available), name="ollama")

    def describe(self) -> EngineInfo:
        chosen = tagged(self._options.model)
        others = [name for name in self._known if tagged(name) != chosen]
        installed = len(others) < len(self._known)
        languages = self._options.languages
        return EngineInfo(
            name=NAME,
            description="A language model that Ollama runs",
            author="Ollama",
            url="https://ollama.com",
            models=(
                ModelInfo(name=self._options.model, languages=languages, installed=installed),
                *(ModelInfo(name=name, languages=languages) for name in others),
            ),
            streaming=True,
            ahead=True,
        )

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._reply(request, ahead=False)

    def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._reply(request, ahead=True)

    async def _reply(self, request: ReplyRequest, ahead: bool) -> AsyncGenerator[ReplyPart, None]:
        if self._closed:
            raise EngineClosed("ollama was closed")
        if not request.text.strip():
            return
        if request.model == NAME:
            request = msgspec.structs.replace(request, model=None)
        self._requests += 1
        if self._computing is not None:
            self._computing.cancel()
        chat = await self._ready()
        await self._create()
        async with aclosing(chat.reply(request, ahead=ahead)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        self._closed = True
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
        await self._client.close()

    async def _ready(self) -> Chat:
        if self._chat is None:
            chat = await asyncio.to_thread(self._new_chat)
            self._chat = self._chat or chat
        return self._chat

    def _new_chat(self) -> Chat:
        from servers.llm.chat.chat import Chat  # 1 MB, which a satellite without Ollama saves

        client = OllamaChatClient(self._client, self._options)
        return Chat(client, self._options, tools.installed(), self._context)

    async def _create(self) -> None:
        """Create the model from its Modelfile, once."""
        if self._created:
            return
        async with self._creating:
            if not self._created:
                await modelfile.create(self._client, self._options.model, self._options.modelfile)
                self._created = True

    async def _watch(self, available: bool) -> None:
        """Warm the model up whenever it becomes available, and follow the models of Ollama."""
        warm, before = False, 0
        while True:
            if available and not warm:
                await self._warm_up(before)
            warm = available
            await asyncio.sleep(CHECK_EVERY)
            before = self._requests
            available = await self._check()

    async def _check(self) -> bool:
        """Return whether Ollama runs and has the model; log each problem once."""
        try:
            await self._create()
            self._known = await self._client.models()
            if tagged(self._options.model) not in map(tagged, self._known):
                name = self._options.model
                raise ModelMissing(f"{name} is not in Ollama: satellite models pull ollama:{name}")
        except EngineError as error:
            level = logging.DEBUG if str(error) == self._problem else logging.WARNING
            _LOGGER.log(level, "language model unavailable: %s", error)
            self._problem = str(error)
            if not isinstance(error, ModelMissing):
                self._known = ()
            return False
        if self._problem:
            _LOGGER.info("language model %s is available", self._options.model)
        self._problem = ""
        return True

    async def _warm_up(self, before: int) -> None:
        """Load the model and compute the beginning of its prompts, unless a request does so: one
        beside the `before` first ones.

        A request does not wait for this: it ends the computation, whose result up to then is in
        Ollama's cache. It does not end the loading of the model, which it needs itself. Measured by
        `tests.bench.warm_up` with SmolLM2 135M on a busy machine: first words after 50.6 s without
        a warm-up, 31.3 s at 20 % of one, 3.6 s at 80 % of one, 2.1 s after one.
        """
        await asyncio.sleep(WARM_UP_AFTER)
        if self._requests != before:
            return
        try:
            chat = await self._ready()
            await chat.load_model()
        except EngineError as error:
            _LOGGER.warning("language model not warmed up: %s", error)
            return
        if self._requests != before:
            return
        async with asyncio.TaskGroup() as tasks:
            self._computing = tasks.create_task(self._compute(chat), name="ollama warm-up")
        self._computing = None

    async def _compute(self, chat: Chat) -> None:
        try:
            await chat.warm_up()
        except EngineError as error:
            _LOGGER.warning("language model not warmed up: %s", error)
