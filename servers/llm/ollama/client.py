"""The calls of Ollama's API that a language model needs, with errors that say what to do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from satellite.errors import EngineFailed
from servers.http_api import CONNECT, Answer
from servers.llm.chat.client import AnswerPiece, ChatMessage, ModelCard, ToolCall, call_arguments
from servers.llm.ollama.errors import broken_answer, closed_error, engine_errors
from servers.models.ollama_api import PORT, OllamaApi

ASKING = 5.0
"""Seconds for an answer that takes Ollama no work."""


async def may_be_running(host: str) -> bool:
    """Return whether an Ollama may answer: its address is set, or something listens on its port.

    Quicker than asking, for which aiohttp has to be imported.
    """
    if host or os.environ.get("OLLAMA_HOST"):
        return True
    try:
        async with asyncio.timeout(CONNECT):
            _, writer = await asyncio.open_connection("127.0.0.1", PORT)
    except OSError:
        return False
    writer.close()
    return True


A = TypeVar("A", bound=Answer)


class OllamaClient:
    """A client of one Ollama. Every method raises `EngineError`s, `EngineClosed` after `close`."""

    def __init__(self, host: str, timeout: float) -> None:
        """`host` as OLLAMA_HOST; `timeout` is the longest silence in seconds."""
        self._host = host
        self._timeout = timeout
        self._api: OllamaApi | None = None
        self._closed = False

    async def models(self) -> tuple[str, ...]:
        """Return the names of the models that Ollama has, the newest first."""
        listed = await self._ask("", "GET", "/api/tags", None, _Models)
        return tuple(model.model for model in listed.models if model.model)

    async def can_chat(self, model: str) -> bool:
        """Return whether a model answers in words; others only turn texts into numbers."""
        return "completion" in ((await self.show(model)).capabilities or ("completion",))

    async def show(self, model: str) -> ModelCard:
        """Return the description of a model."""
        shown = await self._ask(model, "POST", "/api/show", {"model": model}, _Model)
        family = shown.details.family if shown.details else None
        return ModelCard(shown.capabilities, shown.template or "", family or "")

    async def load(
        self, model: str, *, parameters: Mapping[str, Any], keep_alive: str | int
    ) -> None:
        """Make Ollama load a model, without any work for it (docs/api.md, Load a model)."""
        body = {"model": model, "options": parameters, "keep_alive": keep_alive, "stream": False}
        api = self._opened()
        with engine_errors(model, api.url, self._timeout):
            await api.ask("POST", "/api/generate", body, Answer)

    async def chat(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        parameters: Mapping[str, Any],
        keep_alive: str | int,
        think: bool | str = False,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Yield an answer as it is written. Closing the generator makes Ollama stop.

        `schema` is a JSON schema that the text has to follow.
        """
        body: dict[str, Any] = {
            "model": model,
            "messages": messages,
            "options": parameters,
            "keep_alive": keep_alive,
            "think": think,
            "stream": True,
        }
        if tools:
            body["tools"] = tools
        if schema is not None:
            body["format"] = schema
        api, done = self._opened(), False
        with engine_errors(model, api.url, self._timeout):
            async with aclosing(api.stream("/api/chat", body, _ChatLine)) as lines:
                async for line in lines:
                    done = done or line.done
                    yield AnswerPiece(
                        line.message.content or "",
                        tuple(call.function.call() for call in line.message.tool_calls or ()),
                        bool(line.message.thinking),
                        line.prompt_eval_count if line.done else None,
                        line.done and line.done_reason != "length",
                    )
            if not done:
                raise broken_answer(model, "it ended without its last line")

    async def has_blob(self, digest: str) -> bool:
        """Return whether Ollama has the file with this `sha256:` digest."""
        api = self._opened()
        with engine_errors("", api.url, self._timeout):
            return await api.has_blob(digest)

    async def send_blob(self, digest: str, path: Path) -> None:
        """Upload a file under its `sha256:` digest."""
        api = self._opened()
        with engine_errors("", api.url, self._timeout):
            await api.send_blob(digest, path)

    async def create(self, model: str, recipe: Mapping[str, Any]) -> None:
        """Create a model from another one or from uploaded files (docs/api.md, Create a Model)."""
        api = self._opened()
        body = {"model": model, "stream": True, **recipe}
        with engine_errors(model, api.url, self._timeout):
            async with aclosing(api.stream("/api/create", body, Answer)) as steps:
                async for _ in steps:
                    pass  # an error among them is raised

    async def close(self) -> None:
        """Close every connection; answers on their way raise `EngineClosed`. Idempotent."""
        self._closed = True
        if self._api is not None:
            await self._api.close()

    async def _ask(
        self, model: str, method: str, path: str, body: Mapping[str, Any] | None, kind: type[A]
    ) -> A:
        api = self._opened()
        with engine_errors(model, api.url, ASKING):
            async with asyncio.timeout(ASKING):
                return await api.ask(method, path, body, kind)

    def _opened(self) -> OllamaApi:
        if self._closed:
            raise closed_error()
        if self._api is None:
            try:
                self._api = OllamaApi(self._host, self._timeout)
            except ValueError as error:
                raise EngineFailed(
                    f"host = {self._host}: is no address of an Ollama ({error})"
                ) from error
        return self._api


class _Details(msgspec.Struct, frozen=True):
    family: str | None = None


class _Model(Answer, frozen=True):
    model: str = ""
    capabilities: tuple[str, ...] | None = None
    template: str | None = None
    details: _Details | None = None


class _Models(Answer, frozen=True):
    models: tuple[_Model, ...] = ()


class _Function(msgspec.Struct, frozen=True):
    name: str = ""
    arguments: Any = None

    def call(self) -> ToolCall:
        return ToolCall(self.name, call_arguments(self.arguments))


class _RawToolCall(msgspec.Struct, frozen=True):
    function: _Function = _Function()


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None
    thinking: str | None = None
    tool_calls: tuple[_RawToolCall, ...] | None = None


class _ChatLine(Answer, frozen=True):
    message: _Message = _Message()
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None
