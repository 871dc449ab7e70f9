"""Components: PLUGIN[:ARGUMENT][?option=value&…], a Wyoming URI, or auto."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from satellite import options
from satellite.components import registry
from satellite.errors import ConfigError
from satellite.ports import ChecksOptions, EngineContext
from satellite.text.quoted import quoted

AUTO = "auto"
CHAINED = "llm"
"""The role in which several components may be chained."""
_URI = re.compile(r"^(tcp|tls|unix|stdio)://")
_OPTIONS = re.compile(r"\?(?=\w+=)")
_PLUGIN = re.compile(r"^[A-Za-z0-9_.-]+$")


class Component(msgspec.Struct, frozen=True):
    """A plugin's name, argument and options, as written."""

    plugin: str
    argument: str = ""
    options: dict[str, str] = {}


def chain(role: str, text: str) -> tuple[str, ...]:
    """Return the components of a chain, each of which answers what those before it declined.

    They are written with commas: `intents,homeassistant,ollama:llama3.2`. Only commas
    before the name of an installed llm plugin, a URI or `auto` separate, as arguments may contain
    commas.
    """
    if role != CHAINED or "," not in text:
        return (text,)
    known = {AUTO, *(plugin.name for plugin in registry.installed(role))}
    links: list[str] = []
    for piece in text.split(","):
        bare = piece.strip()
        begins = is_uri(bare) or re.split(r"[:?]", bare, maxsplit=1)[0] in known
        if links and not begins:
            links[-1] += f",{piece}"
        else:
            links.append(bare)
    return tuple(links)


def is_uri(text: str) -> bool:
    """Return whether a component is the URI of a Wyoming service."""
    return _URI.match(text) is not None


def parse(text: str) -> Component:
    """Parse a component. Raises `ConfigError` for other texts.

    The options begin at the last `?` that a name and `=` follow, so that an argument (a shell
    command, a URL) may hold question marks; in option values `%26` stands for `&`.
    """
    starts = [match.start() for match in _OPTIONS.finditer(text)]
    head, tail = (text[: starts[-1]], text[starts[-1] + 1 :]) if starts else (text, "")
    name, _, argument = head.partition(":")
    if not _PLUGIN.match(name):
        raise ConfigError([f"{quoted(text)} is not PLUGIN[:ARGUMENT][?option=value&…]"])
    pairs = [part.partition("=") for part in tail.split("&") if part]
    return Component(name, argument, {unquote(key): unquote(value) for key, _, value in pairs})


def create(role: str, text: str, context: EngineContext | None = None) -> Any:
    """Create the plugin of a component, in a context, which only engines need.

    Raises `ConfigError` with all problems, `PluginUnknown`, `PluginBroken`,
    `PackageMissing`.
    """
    plugin = registry.find(role, parse(text).plugin)
    return plugin.create(read_options(role, text), context or EngineContext())


def read_options(role: str, text: str) -> options.OptionSet:
    """Check a component's options against its plugin's. Raises as `create`."""
    component = parse(text)
    kind: Any = registry.find(role, component.plugin).load()
    chosen: options.OptionSet | None
    values: dict[str, Any] = dict(component.options)
    problems = []
    if component.argument:
        if name := registry.argument_of(kind):
            values[name] = component.argument
        else:
            problems.append(f"takes no argument after the colon (got {quoted(component.argument)})")
    kind_of_options: type[options.OptionSet] = kind.Options
    chosen, found = options.convert(kind_of_options, values)
    problems.extend(found)
    if chosen is not None and isinstance(kind, ChecksOptions):
        problems.extend(kind.problems(chosen))
    if problems or chosen is None:
        raise ConfigError([f"{role} {component.plugin}: {problem}" for problem in problems])
    return chosen
