"""llama.cpp as `Chat` uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

from servers.llm.chat.client import AnswerPiece, ChatMessage, ModelCard
from servers.llm.chat.openai_format import AnswerReader, messages_of
from servers.llm.llamacpp.host import Host
from servers.llm.llamacpp.options import LlamaCppOptions


class LlamaCppClient:
    """Asks the model of a host."""

    name: ClassVar[str] = "llamacpp"

    def __init__(self, host: Host, options: LlamaCppOptions) -> None:
        self._host = host
        self._options = options

    async def show(self, model: str) -> ModelCard:
        """Describe the model as one whose reasoning llama.cpp itself takes out of the text."""
        return ModelCard(family="gguf")

    async def load(self, model: str) -> None:
        """Do nothing: the host has loaded the model."""

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
            "messages": list(messages_of(messages)),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            body["tools"] = list(tools)
        if longest is not None:
            body["max_tokens"] = longest
        reader = AnswerReader()
        async with aclosing(self._host.stream(body)) as chunks:
            async for chunk in chunks:
                if (piece := reader.read(chunk)) is not None:
                    yield piece
        yield reader.last()
