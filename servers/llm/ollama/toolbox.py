"""The tools of one request: offered to a model, called for it, their errors told to it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from satellite import options, tools
from satellite.errors import SatelliteError
from satellite.tools import Tool
from satellite.values import Action, ReplyRequest

_LOGGER = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds for one tool: somebody is waiting for the answer."""

LONGEST = 2000
"""Characters of a result that the model is told: half of a small context at most."""


class Result(msgspec.Struct, frozen=True):
    """What came of a call."""

    text: str
    """For the model."""
    actions: tuple[Action, ...] = ()
    failed: bool = False


class Toolbox:
    """The tools that may be used in a situation."""

    def __init__(self, known: Sequence[Tool], *, home: bool) -> None:
        self._tools = {tool.name: tool for tool in known if home or not tool.home}

    def definitions(self) -> list[dict[str, Any]]:
        """The tools as Ollama wants them, always in the same order."""
        return [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.doc,
                    "parameters": tools.schema(tool.arguments),
                },
            }
            for tool in self._tools.values()
        ]

    async def call(self, name: str, arguments: Mapping[str, Any], request: ReplyRequest) -> Result:
        """Call a tool. Whatever is wrong with that becomes a result that says so."""
        tool = self._tools.get(name)
        if tool is None:
            return _failure(f"tool {options.unknown_name(name, self._tools)}")
        # models write null and "" for what they leave out
        given = {key: value for key, value in arguments.items() if value not in (None, "")}
        chosen, problems = options.convert(tool.arguments, given)
        if chosen is None:
            return _failure(f"{name}: {'; '.join(problems)}")
        try:
            async with asyncio.timeout(PATIENCE):
                parts = await tool.run(chosen, request)
        except TimeoutError:
            return _failure(f"{name} did not end within {PATIENCE:g} s")
        except SatelliteError as error:
            return _failure(f"{name}: {error}")
        except Exception as error:
            _LOGGER.exception("tool %s failed", name)
            return _failure(f"{name}: {type(error).__name__}: {error}")
        text = " ".join(part for part in parts if isinstance(part, str))
        actions = tuple(part for part in parts if isinstance(part, Action))
        return Result(text[:LONGEST] or "Done.", actions)


def _failure(text: str) -> Result:
    _LOGGER.info("a tool could not be used: %s", text)
    return Result(f"Error: {text}"[:LONGEST], failed=True)


def shown(arguments: Mapping[str, Any]) -> str:
    """Arguments as a line for the log."""
    return json.dumps(arguments, default=str)[:200]
