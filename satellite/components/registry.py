"""Plugins: found through entry points, loaded one by one, and reported when they are broken."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

import msgspec

from satellite import options
from satellite.errors import PackageMissing, PluginBroken, PluginUnknown
from satellite.lib.containment import is_foreign
from satellite.options import OptionInfo, OptionSet
from satellite.ports import (
    ROLES,
    EngineContext,
    HasRequirements,
    Licensed,
    TakesArgument,
    misspelled_offers,
)
from satellite.requirements import Requirement

_LOGGER = logging.getLogger(__name__)


class Plugin(msgspec.Struct, frozen=True):
    """An installed plugin, not yet imported."""

    role: str
    name: str
    distribution: str
    version: str
    entry: EntryPoint

    def load(self) -> type[Any]:
        """Import the plugin's class. Raises `PluginBroken`, saying why."""
        try:
            kind = self.entry.load()
        except BaseException as error:  # a plugin's module may raise anything
            if not is_foreign(error):
                raise
            raise PluginBroken(
                f"plugin {self.name} ({self.role}, from {self.distribution} {self.version}) "
                f"cannot be imported: {type(error).__name__}: {error}"
            ) from error
        options_class = getattr(kind, "Options", None)
        if not (isinstance(options_class, type) and issubclass(options_class, OptionSet)):
            raise PluginBroken(
                f"plugin {self.name} ({self.role}, from {self.distribution} {self.version}) is not "
                f"a class with an Options class beside it: {self.entry.value}"
            )
        return cast(type[Any], kind)

    def create(self, values: Any, context: EngineContext) -> Any:
        """Construct the plugin with its options, and the context where its constructor takes one.

        Raises `PackageMissing`, `PluginBroken`.
        """
        kind = self.load()
        for name, meant in misspelled_offers(kind, self.role).items():
            _LOGGER.warning(
                "%s plugin %s: its attribute %s is ignored; did you mean %s?",
                *(self.role, self.name, name, meant),
            )
        for requirement in requirements(kind):
            if hint := requirement.missing():
                raise PackageMissing(f"{self.role} plugin {self.name}: {hint}")
        try:
            return kind(values, context=context) if takes_context(kind) else kind(values)
        except BaseException as error:  # as above
            if not is_foreign(error):
                raise
            raise PluginBroken(
                f"plugin {self.name} ({self.role}) cannot be made: {type(error).__name__}: {error}"
            ) from error


class Report(msgspec.Struct, frozen=True):
    """The description of one plugin for `satellite plugins`."""

    role: str
    name: str
    distribution: str
    version: str
    summary: str = ""
    argument: str = ""
    options: tuple[OptionInfo, ...] = ()
    needs: tuple[str, ...] = ()
    license: str = ""
    """What of it is not Apache-2.0; empty where nothing is."""
    problem: str | None = None
    """The reason for which it cannot be used here; None if it can."""


def takes_context(function: Callable[..., Any]) -> bool:
    """Return whether a constructor, `auto` or a tool's `run` has a parameter named `context`."""
    try:
        return "context" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # some built-in functions have no signature
        return False


def requirements(kind: type[Any]) -> tuple[Requirement, ...]:
    """Return the requirements of a plugin class."""
    return kind.requires if isinstance(kind, HasRequirements) else ()


def argument_of(kind: type[Any]) -> str:
    """Return the name of the option that `PLUGIN:ARGUMENT` sets; empty without one."""
    return kind.argument if isinstance(kind, TakesArgument) else ""


def installed(*roles: str) -> Iterator[Plugin]:
    """Yield the installed plugins of the roles; of all roles if none is named.

    A plugin that two distributions name alike is yielded once: an environment may hold the name
    that a package had before beside the one that it has now.
    """
    for role in roles or ROLES:
        entries = {(e.name, e.value): e for e in entry_points(group=f"satellite.{role}")}
        for _, entry in sorted(entries.items()):
            source = entry.dist
            yield Plugin(
                role=role,
                name=entry.name,
                distribution=source.name if source else "?",
                version=source.version if source else "?",
                entry=entry,
            )


def find(role: str, name: str) -> Plugin:
    """Find a plugin by name. Raises `PluginUnknown`, with the nearest name."""
    known = {plugin.name: plugin for plugin in installed(role)}
    if name not in known:
        raise PluginUnknown(f"{role} plugin {options.unknown_name(name, known)}")
    return known[name]


def report(plugin: Plugin) -> Report:
    """Describe a plugin, broken or not."""
    facts = Report(plugin.role, plugin.name, plugin.distribution, plugin.version)
    try:
        kind = plugin.load()
    except PluginBroken as error:
        return msgspec.structs.replace(facts, problem=str(error))
    needs = requirements(kind)
    return msgspec.structs.replace(
        facts,
        summary=(kind.__doc__ or "").strip().partition("\n")[0],
        argument=argument_of(kind),
        options=options.describe(kind.Options),
        needs=tuple(map(str, needs)),
        license=kind.license if isinstance(kind, Licensed) else "",
        problem="; ".join(hint for need in needs if (hint := need.missing())) or None,
    )
