"""GPT4All as `Chat` uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

from servers.llm.chat.client import AnswerPiece, ChatMessage, ModelCard
from servers.llm.gpt4all.host import Host


class Gpt4AllClient:
    """Asks the model of a host."""

    name: ClassVar[str] = "gpt4all"

    def __init__(self, host: Host) -> None:
        self._host = host

    async def show(self, model: str) -> ModelCard:
        """Describe the model as one that does not reason: its models are older than that."""
        return ModelCard(capabilities=("completion",), family="gguf")

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
        async with aclosing(self._host.answer(messages, longest)) as texts:
            async for text in texts:
                yield AnswerPiece(text=text)
        yield AnswerPiece(whole=True)
