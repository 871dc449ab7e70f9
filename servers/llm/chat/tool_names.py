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
TOOL_LABELS = frozenset(
    (
        *("tool", "toolcall", "calltool", "toolname", "tooluse", "usetool"),
        *("function", "functioncall", "callfunction", "functionname", "action"),
        *("工具", "工具调用", "调用工具", "函数调用", "调用函数"),
    )
)
"""Labels and headings, as `canonical` returns them, that the name of a tool follows."""
WRAPPERS = (
    *("tool_calls", "tool_call", "function_call", "function_calls", "calls", "tools"),
    *("tool_uses", "actions", "commands"),
)
"""Keys of one call or several, inside a larger object."""


CALLERS = (
    *("print", "pprint", "println", "printf", "str", "repr", "display", "alert", "log", "echo"),
    *("console.log", "console.info", "system.out.println", "system.out.print", "document.write"),
    *("fmt.println", "fmt.print", "logger.info", "logging.info", "json.dumps", "json.stringify"),
    *("asyncio.run", "tool", "invoke", "call", "run", "execute", "function"),
    *(
        f"{where}{verb}{between}tool"
        for where in ("", "client.", "session.", "mcp.")
        for verb in ("call", "use", "run", "invoke", "execute")
        for between in ("_", "")
    ),
)
"""Functions, in lower case, that models call with a call of a tool, or with a tool's name."""
METHODS = ("run", "call", "invoke", "execute", "apply")
"""Methods of a tool that call it."""


def canonical(name: str) -> str:
    """Return a name without its prefix, case and separators: `functions.StartTimer` and
    `start-timer` are `starttimer`."""
    return re.sub(r"[\W_]", "", re.split(r"[./]", name.strip().strip("./"))[-1]).lower()


def is_distinct(name: str) -> bool:
    """Return whether a name is none of ordinary text, as it has an underscore or inner capitals."""
    return "_" in name.strip("_") or re.search(r"[a-z][A-Z]", name) is not None
