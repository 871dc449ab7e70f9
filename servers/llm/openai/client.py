"""A server of OpenAI's API as `Chat` uses it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

from servers import http_api
from servers.llm.chat.client import AnswerPiece, ChatMessage, ModelCard, Unsupported
from servers.llm.chat.openai_format import AnswerReader, Chunk, messages_of
from servers.llm.openai.options import OpenAiOptions
from servers.openai.api import OpenAiApi, Unended, engine_errors

_WITHOUT_TOOLS = (400, 404, 422, 500, 501)
"""Statuses with which servers answer a request that has tools when they cannot call any: llama.cpp
500 without --jinja, vLLM 400 without --enable-auto-tool-choice."""


class OpenAiClient:
    """Asks the models of one server."""

    name: ClassVar[str] = "openai"

    def __init__(self, api: OpenAiApi, options: OpenAiOptions) -> None:
        self._api = api
        self._options = options

    async def show(self, model: str) -> ModelCard:
        """Return an empty description: the API has none."""
        return ModelCard()

    async def load(self, model: str) -> None:
        """Do nothing: such servers load their models themselves."""

    async def chat(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        longest: int | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        body: dict[str, Any] = {
            **self._options.parameters(),
            "model": model,
            "messages": list(messages_of(messages)),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            body["tools"] = list(tools)
        if longest is not None:
            body["max_tokens"] = longest
        reader, url = AnswerReader(), self._api.url
        with engine_errors(self.name, url, model, self._options.timeout):
            try:
                async with aclosing(self._pieces(body, reader)) as pieces:
                    async for piece in pieces:
                        yield piece
            except http_api.Refused as error:
                if tools and error.status in _WITHOUT_TOOLS:
                    raise Unsupported("tools", f"{url} with {model}: {error.text}") from error
                raise
        yield reader.last()

    async def _pieces(
        self, body: Mapping[str, Any], reader: AnswerReader
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Yield the pieces of an answer that have content. Raises `ApiError`."""
        latest = time.monotonic()
        try:
            async with aclosing(self._api.events("/chat/completions", body, Chunk)) as events:
                async for event in events:
                    if (piece := reader.read(event)) is not None:
                        yield piece
                        latest = time.monotonic()
                    elif reader.calling(event):
                        latest = time.monotonic()
                    elif time.monotonic() - latest > self._options.timeout:
                        raise http_api.Silent("its pieces have no content")
        except Unended:
            if reader.finish_reason is None:
                raise
        if not reader.answered:
            raise http_api.Interrupted("it has no choices")
