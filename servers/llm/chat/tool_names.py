"""The names of tools, and the keys at which models write them and their arguments."""

from __future__ import annotations

import re

USUAL_NAMES = ("name", "function", "tool", "tool_name", "function_name", "toolname", "action")
"""Keys of a tool's name that make an object a call, though of no tool that exists."""
NAMES = (
    *USUAL_NAMES,
    *("recipient_name", "method", "command", "call", "api", "api_name", "service", "intent"),
    *("operation", "skill"),
)
"""Keys of a tool's name."""
USUAL_ARGUMENTS = (
    *("arguments", "parameters", "args", "params", "input", "tool_input", "action_input"),
    *("tool_arguments", "kwargs"),
)
ARGUMENTS = (
    *USUAL_ARGUMENTS,
    *("tool_args", "tool_parameters", "function_arguments", "data", "slots"),
)
"""Keys of a tool's arguments."""
WRAPPERS = (
    *("tool_calls", "tool_call", "function_call", "function_calls", "calls", "tools"),
    *("tool_uses", "actions", "commands"),
)
"""Keys of one call or several, inside a larger object."""


def canonical(name: str) -> str:
    """Return a name without its prefix, case and separators: `functions.StartTimer` and
    `start-timer` are `starttimer`."""
    return re.sub(r"[\W_]", "", re.split(r"[./]", name.strip().strip("./"))[-1]).lower()


def is_distinct(name: str) -> bool:
    """Return whether a name is none of ordinary text, as it has an underscore or inner capitals."""
    return "_" in name.strip("_") or re.search(r"[a-z][A-Z]", name) is not None
