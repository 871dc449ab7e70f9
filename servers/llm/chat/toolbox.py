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
from satellite.errors import SatelliteError
from satellite.lib.containment import describe, is_foreign
from satellite.options import OptionSet
from satellite.ports import EngineContext
from satellite.tools import Tool
from satellite.values import Action, ReplyRequest
from servers.llm.chat.call_bounds import canonical

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


class Toolbox:
    """The tools available for one request."""

    def __init__(self, known: Sequence[Tool], context: EngineContext, *, home: bool) -> None:
        """`home`: whether the request may control the home."""
        self._context = context
        self._tools = {tool.name: tool for tool in known if home or not tool.home}

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
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tools."""
        return tuple(self._tools)

    def _named(self, name: str) -> Tool | None:
        """Return the tool of a name; models change its case, separators, prefix and number."""
        return self._tools.get(_match(name, self._tools) or "")

    async def call(
        self, name: str, arguments: Mapping[str, Any], request: ReplyRequest
    ) -> ToolResult:
        """Call a tool. A failure becomes a result that describes it to the model."""
        tool = self._named(name)
        if tool is None:
            return _failure(f"tool {options.unknown_name(name, self._tools)}")
        name = tool.name
        fields = [field.encode_name for field in msgspec.structs.fields(tool.arguments)]
        # models write null and "" for omitted arguments
        filled = {
            _match(key, fields) or key: value
            for key, value in arguments.items()
            if value not in (None, "")
        }
        chosen, problems = options.convert(tool.arguments, filled)
        if chosen is None:
            return _failure(f"{name}: {'; '.join(problems)}")
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


def log_text(arguments: Mapping[str, Any]) -> str:
    """Return arguments as one line of the log."""
    return json.dumps(arguments, default=str)[:200]
