"""What a model answered, and what became of a request."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from servers.llm.chat.client import MOST_CALLS, ChatMessage, ToolCall
from servers.llm.chat.tool_names import canonical
from servers.llm.chat.toolbox import ToolResult

_ECHO = 14
"""Characters by which an answer is known to repeat an error: "Error: tool X…"."""


class Outcome:
    """What became of a request."""

    def __init__(self) -> None:
        self.results: list[ToolResult] = []
        self.cut = False
        """Whether the newest answer was ended in the middle of a call."""

    async def without_echoes(self, texts: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
        """Yield the texts of an answer; none of one that only repeats the error of a tool, which
        is for the model."""
        errors: set[str] | None = {result.text[:_ECHO] for result in self.results if result.failed}
        begun = ""
        async with aclosing(texts):
            async for text in texts:
                if errors is None:
                    yield text
                    continue
                begun += text
                if not any(error.startswith(begun[:_ECHO]) for error in errors):
                    yield begun
                    errors = None
        if errors is not None and begun and begun[:_ECHO] not in errors:
            yield begun

    @property
    def summary(self) -> str:
        """The distinct results of tools that succeeded."""
        return " ".join(dict.fromkeys(result.text for result in self.results if not result.failed))


class Answer:
    """One answer of the model."""

    def __init__(self) -> None:
        self.text = ""
        self.calls: tuple[ToolCall, ...] = ()
        self.cut = False
        """Whether a call was left out that was ended in the middle."""

    def add_calls(self, calls: Sequence[ToolCall]) -> None:
        """Add calls, as many as are collected at most."""
        self.calls += tuple(calls[: MOST_CALLS - len(self.calls)])

    def add_written(self, calls: Sequence[ToolCall]) -> None:
        """Add calls that were written as text, unless the server read them from it already."""
        native = [(canonical(call.name), dict(call.arguments)) for call in self.calls]
        self.add_calls(
            [call for call in calls if (canonical(call.name), dict(call.arguments)) not in native]
        )

    def message(self) -> ChatMessage:
        """Return the answer as a message of the next prompt."""
        calls = [{"function": {"name": c.name, "arguments": dict(c.arguments)}} for c in self.calls]
        return {"role": "assistant", "content": self.text, "tool_calls": calls}
