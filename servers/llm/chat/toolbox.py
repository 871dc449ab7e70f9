"""The tools of one request: offered to the model and called for it; it receives their errors."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from satellite import options, tools
from satellite.errors import EngineError, SatelliteError
from satellite.lib.containment import describe, is_foreign
from satellite.options import OptionSet
from satellite.ports import EngineContext, ExternalTool
from satellite.tools import Tool
from satellite.values import Action, ReplyRequest
from servers.llm.chat import external_calls
from servers.llm.chat.tool_names import canonical

_LOGGER = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds for one tool: a person is waiting for the answer."""

LONGEST = 2000
"""Most characters of a result in the prompt: half of a small context."""


class ToolResult(msgspec.Struct, frozen=True):
    """The result of a call."""

    text: str
    """The text for the model."""
    actions: tuple[Action, ...] = ()
    failed: bool = False
    effect: bool = False
    """Whether it has changed something itself, or may have."""
    wrong: bool = False
    """Whether no tool has the name or the arguments of the call."""

    @property
    def final(self) -> bool:
        """Whether the same call must not be made again for the same request."""
        return self.effect or self.wrong or bool(self.actions)


class Toolbox:
    """The tools available for one request."""

    def __init__(
        self,
        known: Sequence[Tool],
        context: EngineContext,
        *,
        home: bool,
        external: Sequence[ExternalTool] = (),
    ) -> None:
        """`home`: whether the request may control the home; `external`: tools of other programs."""
        self._context = context
        self._external = {tool.name: tool for tool in external if home or not tool.home}
        ours = home and not any(tool.home for tool in self._external.values())
        self._tools = {tool.name: tool for tool in known if ours or not tool.home}

    def definitions(self) -> list[dict[str, Any]]:
        """Return the tools in the form of Ollama's API, always in the same order."""
        return [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.doc,
                    "parameters": _schema(tool.arguments),
                },
            }
            for tool in self._tools.values()
        ] + [external_calls.definition(tool) for tool in self._external.values()]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tools."""
        return (*self._tools, *self._external)

    def notes(self, name: str) -> tuple[Action, ...]:
        """Return the actions that go before a call: one for a tool that changes something."""
        tool = self._named(name)
        effect = isinstance(tool, ExternalTool) and tool.effect
        return (external_calls.used(tool.name),) if tool and effect else ()

    def _named(self, name: str) -> Tool | ExternalTool | None:
        """Return the tool of a name; models change its case, separators, prefix and number."""
        found = _match(name, self.names) or ""
        return self._tools.get(found) or self._external.get(found)

    async def call(
        self, name: str, arguments: Mapping[str, Any], request: ReplyRequest
    ) -> ToolResult:
        """Call a tool. A failure becomes a result that describes it to the model."""
        tool = self._named(name)
        if tool is None:
            return _wrong(f"tool {options.unknown_name(name, dict.fromkeys(self.names))}")
        name = tool.name
        if isinstance(tool, ExternalTool):
            return await _call_external(tool, arguments)
        fields = [field.encode_name for field in msgspec.structs.fields(tool.arguments)]
        # models write null and "" for omitted arguments
        filled = {
            _match(key, fields) or key: value
            for key, value in arguments.items()
            if value not in (None, "")
        }
        chosen, problems = options.convert(tool.arguments, filled)
        if chosen is None:
            return _wrong(f"{name}: {'; '.join(problems)}")
        try:
            async with asyncio.timeout(TIMEOUT):
                parts = [*await tool.call(chosen, request, self._context)]
        except TimeoutError:
            return _failure(f"{name} did not end within {TIMEOUT:g} s")
        except SatelliteError as error:
            return _failure(f"{name}: {error}")
        except BaseException as error:  # a plugin may raise anything
            if not is_foreign(error):
                raise
            _LOGGER.exception("tool %s failed", name)
            return _failure(f"{name}: {describe(error)}")
        text = " ".join(part for part in parts if isinstance(part, str))
        actions = tuple(part for part in parts if isinstance(part, Action))
        return ToolResult(text[:LONGEST] or "Done.", actions)


async def _call_external(tool: ExternalTool, arguments: Mapping[str, Any]) -> ToolResult:
    matched = {
        _match(key, tool.parameters["properties"]) or key: arguments[key] for key in arguments
    }
    chosen, problem = external_calls.filled(tool, matched)
    if problem:
        return _wrong(f"{tool.name}: {problem}")
    try:
        text = await tool.run(chosen)
    except EngineError as error:
        text = f"{tool.name}: {external_calls.without_marks(str(error))}"
        if not (tool.effect and external_calls.is_unsure(error)):
            return _failure(text)
        return _unsure(text)
    except BaseException as error:
        if not is_foreign(error):
            raise
        _LOGGER.exception("tool %s failed", tool.name)
        return _unsure(f"{tool.name}: {describe(error)}")
    text = external_calls.without_marks(text)
    return ToolResult(text[:LONGEST] or "Done.", effect=tool.effect)


def _unsure(text: str) -> ToolResult:
    failure = _failure(f"{text}. It may have been done: do not call it again, and say so.")
    return msgspec.structs.replace(failure, effect=True)


@cache
def _schema(arguments: type[OptionSet]) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments; do not change it.

    Cached, since 16 schemas take 4 ms on a PC, and every prompt needs them twice.
    """
    return tools.schema(arguments)


def _match(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is meant, if exactly one is."""
    names = list(known)
    if name in names:
        return name
    for form in (canonical, _singular):  # small models write check_timer for check_timers
        meant = [other for other in names if form(other) == form(name)]
        if meant:
            return meant[0] if len(meant) == 1 else None
    return None


def _singular(name: str) -> str:
    return canonical(name).rstrip("s")


def _failure(text: str) -> ToolResult:
    _LOGGER.info("tool call failed: %s", text)
    return ToolResult(f"Error: {text}"[:LONGEST], failed=True)


def _wrong(text: str) -> ToolResult:
    """Return the result of a call that no tool can do; it is wrong however often it is made."""
    return msgspec.structs.replace(_failure(text), wrong=True)


def log_text(arguments: Mapping[str, Any]) -> str:
    """Return arguments as one line of the log."""
    return json.dumps(arguments, default=str)[:200]
