"""The server or library behind a model that chats, as `Chat` uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import msgspec

from satellite.errors import EngineFailed
from satellite.lib.decoding import Undecodable, from_json

ChatMessage = dict[str, Any]
"""A message of Ollama's API: `role`, `content`, and the fields of tools. The client of another API
rewrites it."""


MOST_CALLS = 32
"""Tool calls of one answer that are collected; more are a mistake of the model."""


class Unsupported(EngineFailed):
    """The model lacks a feature; `what` is `tools` or `thinking`."""

    def __init__(self, what: str, text: str) -> None:
        super().__init__(text)
        self.what = what


class ToolCall(msgspec.Struct, frozen=True):
    """A tool that the model wants to be called."""

    name: str
    arguments: Mapping[str, Any]


class AnswerPiece(msgspec.Struct, frozen=True):
    """A piece of an answer."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    reasoning: bool = False
    """Whether it has reasoning in a field of its own, which the text then lacks."""
    prompt_tokens: int | None = None
    """Tokens of the prompt; in the last piece only."""
    whole: bool = False
    """Whether the model ended the answer by itself; in the last piece only."""
    cut: bool = False
    """Whether its last tool call was ended in the middle, and is left out; in the last piece
    only."""


class ModelCard(msgspec.Struct, frozen=True):
    """A model as its server describes it; some servers leave out much of it."""

    capabilities: tuple[str, ...] | None = None
    """`completion`, `tools`, `thinking`, …; None where they are unknown."""
    template: str = ""
    family: str = ""


class ChatOptions(Protocol):
    """The options of an engine that `Chat` uses."""

    context_option: ClassVar[str]
    """The option behind `num_ctx` as its users set it, in messages: `ctx_size`."""

    @property
    def model(self) -> str:
        """The model of requests that name none."""
        ...

    @property
    def system(self) -> str:
        """The system prompt; empty for the default one."""
        ...

    @property
    def tool_rounds(self) -> int:
        """Most rounds of tool calls for one answer; 0 offers no tools."""
        ...

    @property
    def num_ctx(self) -> int:
        """Tokens of a model's context."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Tokens of the context that a prompt may have."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the model."""
        ...


class ChatClient(Protocol):
    """Asks models. Every method raises `EngineError`s."""

    name: ClassVar[str]
    """The engine, in messages: `ollama`."""

    async def show(self, model: str) -> ModelCard:
        """Return the description of a model."""
        ...

    async def load(self, model: str) -> None:
        """Load a model into memory, without any other work for it."""
        ...

    def chat(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        longest: int | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Yield an answer as it is written; closing the generator makes the model stop.

        `longest` limits its tokens further than the options do. Raises `Unsupported` for a model
        that takes no tools.
        """
        ...


def call_arguments(written: Any) -> Mapping[str, Any]:
    """Return a call's arguments; servers of OpenAI's kind write the object as JSON text.

    What is no object becomes an argument that no tool has: the model learns that it was wrong.
    """
    if isinstance(written, str):
        try:
            written = from_json(written or "{}")
        except Undecodable:
            pass
    if written is None or written == []:
        return {}
    if isinstance(written, dict) and list(written) == ["arguments"] and not written["arguments"]:
        return {}  # Qwen2.5-Coder 1.5B writes {"arguments": []} inside the arguments
    return written if isinstance(written, dict) else {"arguments": written}
