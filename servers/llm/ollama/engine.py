"""A language model behind Ollama."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import ClassVar

import msgspec

from satellite import tools
from satellite.engines.chain import FallbackChain
from satellite.errors import EngineClosed, EngineError, ModelMissing
from satellite.homeassistant.client.home import here
from satellite.ports import Llm
from satellite.requirements import Package, Requirement
from satellite.values import EngineInfo, ModelInfo, ReplyPart, ReplyRequest
from servers.llm.intents import Intents
from servers.llm.ollama import modelfile
from servers.llm.ollama.chat import Chat
from servers.llm.ollama.client import ASKING, OllamaClient, worth_asking
from servers.llm.ollama.options import OllamaOptions

_LOGGER = logging.getLogger(__name__)

NAME = "ollama"

LOOK = 30.0
"""Seconds between two looks at Ollama: as often as Home Assistant asks what there is."""


class Ollama:
    """A language model in Ollama, which answers what the built-in sentences do not foresee."""

    Options = OllamaOptions
    argument: ClassVar[str] = "model"
    model: ClassVar[str] = "ollama:llama3.2"
    look_every: ClassVar[float] = 10.0
    requires: ClassVar[tuple[Requirement, ...]] = (Package("aiohttp"),)

    @classmethod
    async def auto(cls) -> str | None:
        """The model that Ollama got last; None where it does not run or has none that talks."""
        if not await worth_asking():
            return None
        client = OllamaClient("", ASKING)
        try:
            for name in await client.models():
                if await client.can_chat(name):
                    return name
        except EngineError as error:
            _LOGGER.debug("%s", error)
        finally:
            await client.close()
        return None

    def __init__(self, options: OllamaOptions) -> None:
        self._options = options
        self._model = _Model(options)
        self._brain: Llm = self._model
        if options.local_first:
            language = options.languages[0] if options.languages else "en"
            self._brain = FallbackChain((Intents(Intents.Options(language=language)), self._model))

    async def load(self) -> None:
        """Make ready. Where Ollama does not run, or has no such model, it says so and goes on:
        both may come later.

        Raises `ModelMissing` where there are no sentences of the language, `EngineFailed`.
        """
        try:
            await self._brain.load()
        except ModelMissing as error:
            raise ModelMissing(f"{error}; or set local_first=false") from error

    def describe(self) -> EngineInfo:
        """Say what this is, with the models that Ollama has."""
        info = self._model.describe()
        able = self._options.local_first or self._options.tool_rounds > 0
        return msgspec.structs.replace(info, home_control=able and here() is not None)

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer. Raises `EngineError`s that name the command that mends them."""
        async with aclosing(self._brain.reply(request)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        await self._brain.close()


class _Model:
    """The model alone, kept ready."""

    def __init__(self, options: OllamaOptions) -> None:
        self._options = options
        self._client = OllamaClient(options.host, options.timeout)
        self._chat: Chat | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._known: tuple[str, ...] = ()
        self._trouble = ""
        self._created = not options.modelfile
        self._creating = asyncio.Lock()
        self._closed = False

    async def load(self) -> None:
        if self._closed:
            raise EngineClosed("ollama was closed")
        if self._keeper is None:
            await self._ready()
            here = await self._look()
            # owned by this object, as no call lasts as long; ended in `close`
            self._keeper = asyncio.create_task(self._keep(here), name="ollama")

    def describe(self) -> EngineInfo:
        chosen = tagged(self._options.model)
        others = [name for name in self._known if tagged(name) != chosen]
        there = len(others) < len(self._known)
        languages = self._options.languages
        return EngineInfo(
            name=NAME,
            description="A language model that Ollama runs",
            author="Ollama",
            url="https://ollama.com",
            models=(
                ModelInfo(name=self._options.model, languages=languages, installed=there),
                *(ModelInfo(name=name, languages=languages) for name in others),
            ),
            streaming=True,
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        if self._closed:
            raise EngineClosed("ollama was closed")
        if not request.text.strip():
            return
        if request.model == NAME:
            request = msgspec.structs.replace(request, model=None)
        chat = await self._ready()
        await self._create()
        async with aclosing(chat.reply(request)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        await self._client.close()

    async def _ready(self) -> Chat:
        if self._chat is None:
            offered = await asyncio.to_thread(tools.installed)
            self._chat = self._chat or Chat(self._client, self._options, offered)
        return self._chat

    async def _create(self) -> None:
        """Make the model of its Modelfile, once."""
        if self._created:
            return
        async with self._creating:
            if not self._created:
                await modelfile.create(self._client, self._options.model, self._options.modelfile)
                self._created = True

    async def _keep(self, here: bool) -> None:
        """Have the model ready as soon as it can be, and know what Ollama has."""
        warm = False
        while True:
            if here and not warm:
                await self._warm_up()
            warm = here
            await asyncio.sleep(LOOK)
            here = await self._look()

    async def _look(self) -> bool:
        """Whether Ollama runs and has the model; when it does not, that is said once."""
        try:
            await self._create()
            self._known = await self._client.models()
            if tagged(self._options.model) not in map(tagged, self._known):
                name = self._options.model
                raise ModelMissing(f"{name} is not in Ollama: satellite models pull ollama:{name}")
        except EngineError as error:
            level = logging.DEBUG if str(error) == self._trouble else logging.WARNING
            _LOGGER.log(level, "no language model yet: %s", error)
            self._trouble = str(error)
            if not isinstance(error, ModelMissing):
                self._known = ()
            return False
        if self._trouble:
            _LOGGER.info("the language model %s is there now", self._options.model)
        self._trouble = ""
        return True

    async def _warm_up(self) -> None:
        try:
            await (await self._ready()).warm_up()
        except EngineError as error:
            _LOGGER.warning("the language model could not be warmed up: %s", error)


def tagged(name: str) -> str:
    """A model's name with its tag, which is `latest` where it is left out."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
