"""OpenAI's form of requests and answers, which llama.cpp and many other servers share.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from satellite.lib.decoding import Undecodable, from_json
from servers.http_api import Answer
from servers.llm.chat.client import (
    MOST_CALLS,
    AnswerPiece,
    ChatMessage,
    ToolCall,
    call_arguments,
)

LONGEST_ARGUMENTS = 1 << 16
"""Characters of the arguments of one call."""


class _Function(msgspec.Struct, frozen=True):
    name: str | None = None
    arguments: Any = None


class _CallPiece(msgspec.Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct, frozen=True):
    content: Any = None
    """A text, or as Mistral's servers write it, a list of parts."""
    reasoning_content: Any = None
    """Reasoning, as llama.cpp, SGLang and DeepSeek name it."""
    reasoning: Any = None
    """The same, as vLLM and OpenRouter name it."""
    tool_calls: tuple[_CallPiece, ...] | None = None
    function_call: _Function | None = None
    """A call in the form before tools, of old servers."""

    @property
    def calls(self) -> tuple[_CallPiece, ...]:
        """The pieces of calls, in either form."""
        if self.tool_calls or self.function_call is None:
            return self.tool_calls or ()
        return (_CallPiece(function=self.function_call),)

    @property
    def text(self) -> str:
        """The text of the content."""
        if isinstance(self.content, list):
            parts = [part.get("text") for part in self.content if isinstance(part, dict)]
            return "".join(part for part in parts if isinstance(part, str))
        return self.content if isinstance(self.content, str) else ""


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta | None = None
    message: _Delta | None = None
    """In place of `delta` in an answer that is not streamed."""
    finish_reason: str | None = None


class _Details(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None
    """Tokens of the prompt that were not computed again."""


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    details: _Details | None = msgspec.field(default=None, name="prompt_tokens_details")


class Chunk(Answer, frozen=True):
    """A piece of an answer, or an error in its place."""

    choices: tuple[_Choice, ...] | None = None
    usage: _Usage | None = None


class _Call:
    """A tool call whose pieces arrive one by one."""

    def __init__(self, ident: str | None = None) -> None:
        self.ident = ident
        self.name = ""
        self.arguments: Any = ""

    @property
    def whole(self) -> bool:
        """Whether the arguments are an object, or the text of one."""
        if not isinstance(self.arguments, str):
            return True
        try:
            from_json(self.arguments, dict[str, Any])
        except Undecodable:
            return False
        return True

    def add(self, piece: _Function) -> None:
        self.name = self.name or piece.name or ""
        if isinstance(piece.arguments, str) and isinstance(self.arguments, str):
            self.arguments = (self.arguments + piece.arguments)[:LONGEST_ARGUMENTS]
        elif piece.arguments is not None:
            self.arguments = piece.arguments


class AnswerReader:
    """Turns the chunks of one answer into its pieces; tool calls are whole in the last one."""

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}
        """By the number with which their pieces come; the newest of a number is the last one."""
        self._ended: list[_Call] = []
        """Calls whose number another one has taken."""
        self._prompt_tokens: int | None = None
        self.finish_reason: str | None = None
        """Why the answer ended; None before its end."""
        self.answered = False
        """Whether anything came that is an answer, and not an error or a ping."""

    def read(self, chunk: Chunk) -> AnswerPiece | None:
        """Return what a chunk adds to the text; None for nothing."""
        if chunk.usage is not None and chunk.usage.prompt_tokens is not None:
            self._prompt_tokens = chunk.usage.prompt_tokens
        text, reasoning = "", False
        for choice in (chunk.choices or ())[:1]:
            self.answered = True
            delta = choice.delta or choice.message or _Delta()
            text, reasoning = delta.text, bool(delta.reasoning_content or delta.reasoning)
            for number, piece in enumerate(delta.calls):
                self._add(number if piece.index is None else piece.index, piece)
            self.finish_reason = choice.finish_reason or self.finish_reason
        return AnswerPiece(text, reasoning=reasoning) if text or reasoning else None

    def calling(self, chunk: Chunk) -> bool:
        """Return whether a chunk has a piece of a call."""
        return any(choice.delta and choice.delta.calls for choice in chunk.choices or ())

    def _add(self, index: int, piece: _CallPiece) -> None:
        call = self._calls.get(index)
        # Gemini's servers and old Ollamas number all calls of an answer 0
        if call is not None and piece.id and call.ident and piece.id != call.ident:
            self._ended.append(call)
            call = None
        if call is None:
            if len(self._ended) + len(self._calls) >= MOST_CALLS:
                return
            call = self._calls[index] = _Call(piece.id)
        call.ident = call.ident or piece.id
        call.add(piece.function or _Function())

    def last(self) -> AnswerPiece:
        """Return the last piece: the calls, and the facts about the answer.

        The last call of an answer that became too long may be half of one, which is left out.
        """
        calls = [*self._ended, *(call for _, call in sorted(self._calls.items()))]
        cut = bool(calls) and self.finish_reason == "length" and not calls[-1].whole
        return AnswerPiece(
            calls=tuple(
                ToolCall(call.name, call_arguments(call.arguments))
                for call in (calls[:-1] if cut else calls)
            ),
            prompt_tokens=self._prompt_tokens,
            whole=self.finish_reason not in (None, "length"),
            cut=cut,
        )


def messages_of(messages: Iterable[ChatMessage]) -> Iterator[dict[str, Any]]:
    """Yield messages in OpenAI's form: calls have ids, which their results repeat in order."""
    open_calls: list[str] = []
    number = 0
    for message in messages:
        content = message.get("content") or ""
        if message["role"] == "tool":
            call = open_calls.pop(0) if open_calls else ""
            yield {"role": "tool", "tool_call_id": call, "content": content}
            continue
        written: dict[str, Any] = {"role": message["role"], "content": content}
        open_calls = []
        for call in message.get("tool_calls") or ():
            open_calls.append(f"call_{number}")
            number += 1
            function = call["function"]
            arguments = msgspec.json.encode(function["arguments"]).decode()
            written.setdefault("tool_calls", []).append(
                {
                    "id": open_calls[-1],
                    "type": "function",
                    "function": {"name": function["name"], "arguments": arguments},
                }
            )
        yield written
