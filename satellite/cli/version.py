"""`satellite --version`: the versions of the program, its engines and its models."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

import msgspec

from satellite.cli.flags import Invocation
from satellite.cli.screen import echo, print_json, print_table, print_text
from satellite.components import registry
from satellite.errors import PluginBroken, SatelliteError
from satellite.ports import ROLES
from satellite.requirements import Package, is_own, own_version
from servers.models.store import Store

ENGINES = tuple(role for role in ROLES if role not in ("mic", "speaker", "hook"))


class EngineVersion(msgspec.Struct, frozen=True):
    """A usable engine."""

    role: str
    name: str
    packages: dict[str, str]
    """Its packages with their versions."""


class ModelVersion(msgspec.Struct, frozen=True):
    """A model on this machine."""

    name: str
    bytes: int
    since: str


def version(invocation: Invocation) -> None:
    """Print the versions: the program's alone on the first line, for scripts."""
    facts: dict[str, Any] = {
        "satellite": own_version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "engines": engines(),
        "models": models(invocation),
    }
    if invocation.json:
        print_json(facts)
        return
    echo(facts["satellite"])
    echo(f"Python {facts['python']} on {facts['system']}")
    rows = [
        (engine.role, engine.name, ", ".join(f"{p} {v}" for p, v in engine.packages.items()))
        for engine in facts["engines"]
    ]
    rows += [("model", model.name, model.since[:10]) for model in facts["models"]]
    print_table(rows)


def engines() -> list[EngineVersion]:
    """Return the usable engines, in the order of the roles."""
    providers = metadata.packages_distributions()
    found = []
    for plugin in registry.installed(*ENGINES):
        try:
            needs = registry.requirements(plugin.load())
        except PluginBroken:
            continue  # `satellite plugins` prints the reason
        if any(need.missing() for need in needs):
            continue
        packages = {} if is_own(plugin.distribution) else {plugin.distribution: plugin.version}
        for need in needs:
            for name in providers.get(need.module, ()) if isinstance(need, Package) else ():
                packages[name] = metadata.version(name)
        found.append(EngineVersion(plugin.role, plugin.name, packages))
    return found


def models(invocation: Invocation) -> list[ModelVersion]:
    """Return the models in the folder of the settings; none, with a message, on an error."""
    try:
        store = Store.for_settings(invocation.configuration().settings.models)
        return [ModelVersion(str(m), m.bytes, m.when) for m in store.installed()]
    except (SatelliteError, OSError) as error:
        print_text(f"models are not listed: {error}", err=True)
        return []
