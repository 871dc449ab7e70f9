"""Ollama as `Chat` uses it: requests with the options of the engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, ClassVar

from servers.llm.chat.client import AnswerPiece, ChatMessage, ModelCard
from servers.llm.ollama.client import OllamaClient
from servers.llm.ollama.options import OllamaOptions


class OllamaChatClient:
    """Sends requests to Ollama with the same parameters each."""

    name: ClassVar[str] = "ollama"

    def __init__(self, client: OllamaClient, options: OllamaOptions) -> None:
        self._client = client
        self._options = options

    async def show(self, model: str) -> ModelCard:
        return await self._client.show(model)

    async def load(self, model: str) -> None:
        options = self._options
        await self._client.load(
            model, parameters=options.parameters(), keep_alive=options.model_lifetime
        )

    def chat(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        longest: int | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        limit = {} if longest is None else {"num_predict": longest}
        return self._client.chat(
            model,
            messages,
            tools=tools,
            parameters={**self._options.parameters(), **limit},
            keep_alive=self._options.model_lifetime,
            think=self._options.thinking,
        )
