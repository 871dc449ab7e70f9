"""Calls of tools of other programs: their arguments, their results, their effects."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from satellite.errors import AnswerBroken, EngineError, EngineTimeout
from satellite.ports import ExternalTool
from satellite.values import TOOL_USED, Action
from servers.llm.chat import marks

_LOGGER = logging.getLogger(__name__)

SHARE = 0.4
"""Share of a prompt that these tools may take, by the length of their definitions."""
_CHARACTERS = 3.0
"""Characters per token, before a model was measured."""

_FRAMES = tuple(
    mark
    for opening, closing in (
        *marks.REASONING.items(),
        *marks.CALLS.items(),
        *marks.HEADERS.items(),
    )
    for mark in (opening, closing)
    if mark.strip()
)
_MARK = re.compile(
    r"<[|｜][^<>|｜]{0,60}[|｜]>|"
    + "|".join(
        re.escape(mark)
        for mark in sorted({*_FRAMES, *marks.MESSAGE_ENDS, *marks.DROPPED}, key=len, reverse=True)
    )
)
"""The marks of templates, with which a result could pass for another message."""


def definition(tool: ExternalTool) -> dict[str, Any]:
    """Return a tool in the form of Ollama's API."""
    function = {"name": tool.name, "description": tool.doc, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def fitting(tools: Sequence[ExternalTool], tokens: int) -> tuple[ExternalTool, ...]:
    """Return the first tools that fit into their share of a prompt of this many tokens."""
    room = SHARE * tokens * _CHARACTERS
    found = []
    for tool in tools:
        room -= len(json.dumps(definition(tool)))
        if room < 0:
            break
        found.append(tool)
    return tuple(found)


def used(name: str) -> Action:
    """Return the action that goes before a call with an effect."""
    return Action(name=TOOL_USED, data={"tool": name})


def without_marks(text: str) -> str:
    """Return a text of others without the marks of templates."""
    before = None
    while before != text:  # removing a mark may join the parts of another one
        before, text = text, _MARK.sub("", text)
    return text


def filled(tool: ExternalTool, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the arguments for a call, and the problem with them, if there is one.

    Models write null and "" for omitted arguments, and numbers as texts. The server checks the
    rest.
    """
    known = tool.parameters.get("properties", {})
    required = tool.parameters.get("required", ())
    found = {}
    for name, value in arguments.items():
        if name not in known:
            listed = ", ".join(known) or "none"
            return {}, f"{name} is unknown (known: {listed})"
        if value is None or (value == "" and name not in required):
            continue
        found[name] = _typed(value, known[name].get("type"))
    missing = [name for name in required if name not in found]
    return found, f"{', '.join(missing)} missing" if missing else ""


def _typed(value: Any, kind: str | None) -> Any:
    """Return a text as the number or the truth that it stands for."""
    if not isinstance(value, str):
        return value
    try:
        if kind == "integer":
            return int(value)
        if kind == "number":
            return float(value)
    except ValueError:
        return value
    if kind == "boolean" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def is_unsure(error: EngineError) -> bool:
    """Return whether a call that failed so may have been carried out."""
    return isinstance(error, EngineTimeout | AnswerBroken)
