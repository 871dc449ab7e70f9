"""`satellite --version`: the version, and those of the engines and models that are here."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

import click
import msgspec

from satellite.cli.flags import State
from satellite.cli.screen import print_json, table
from satellite.components import registry
from satellite.engines import context as in_force
from satellite.errors import PluginBroken, SatelliteError
from satellite.requirements import Package
from servers.models.store import Store

ROLES = ("wake", "vad", "asr", "llm", "tts")


class EngineVersion(msgspec.Struct, frozen=True):
    """An engine that can be used here."""

    role: str
    name: str
    packages: dict[str, str]
    """The packages that do its work, with their versions."""


class ModelVersion(msgspec.Struct, frozen=True):
    """A model that is here."""

    name: str
    bytes: int
    since: str


def version(state: State) -> None:
    """Print it: the bare version on the first line, for scripts."""
    told: dict[str, Any] = {
        "satellite": metadata.version("satellite"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "engines": engines(),
        "models": models(state),
    }
    if state.json:
        print_json(told)
        return
    click.echo(told["satellite"])
    click.echo(f"Python {told['python']} on {told['system']}")
    rows = [
        (engine.role, engine.name, ", ".join(f"{p} {v}" for p, v in engine.packages.items()))
        for engine in told["engines"]
    ]
    rows += [("model", model.name, model.since[:10]) for model in told["models"]]
    click.echo(table(rows))


def engines() -> list[EngineVersion]:
    """The engines that can be used here, in the order of the roles."""
    providers = metadata.packages_distributions()
    found = []
    for plugin in registry.installed(*ROLES):
        try:
            needs = registry.requirements(plugin.load())
        except PluginBroken:
            continue  # `satellite plugins` tells why
        if any(need.missing() for need in needs):
            continue
        packages = (
            {} if plugin.distribution == "satellite" else {plugin.distribution: plugin.version}
        )
        for need in needs:
            for name in providers.get(need.module, ()) if isinstance(need, Package) else ():
                packages[name] = metadata.version(name)
        found.append(EngineVersion(plugin.role, plugin.name, packages))
    return found


def models(state: State) -> list[ModelVersion]:
    """The models in the folder that is set; none where that cannot be told."""
    try:
        in_force.use(state.configuration().settings.models)
        return [ModelVersion(str(m), m.bytes, m.when) for m in Store().installed()]
    except (SatelliteError, OSError) as error:
        click.echo(f"models are not told: {error}", err=True)
        return []
