"""The language models to choose from in a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from satellite.components import registry, spec
from satellite.components.spec import AUTO
from satellite.errors import ConfigError, SatelliteError
from satellite.settings import Settings
from satellite.text.quoted import quoted
from servers.models.names import GGUF, OLLAMA
from servers.models.ollama_models import OllamaModels
from servers.models.store import Store

_ENGINES = {GGUF: "llamacpp", OLLAMA: "ollama"}
"""The engines that run the models of a kind."""


def component_of(name: str, component: str, label: str) -> str:
    """Return the component that a name stands for: itself one, or a model of the present engine.

    `component` is the present one, and `label` the engine that it has become. Raises `ConfigError`.
    """
    kind, colon, model = name.partition(":")
    if colon and kind == GGUF:
        return f"{_ENGINES[GGUF]}:{model}"
    known = {AUTO, *(plugin.name for plugin in registry.installed("llm"))}
    if spec.is_uri(name) or kind.partition("?")[0] in known or len(spec.chain("llm", name)) > 1:
        return name
    plain = not spec.is_uri(component) and len(spec.chain("llm", component)) == 1
    named = spec.parse(component).plugin if plain and component != AUTO else label
    if named in known and registry.argument_of(registry.find("llm", named).load()) == "model":
        return f"{named}:{name}"
    raise ConfigError(
        [f"{quoted(name)} names no engine: write ENGINE:MODEL, such as llamacpp:qwen2.5-1.5b"]
    )


async def choices(settings: Settings) -> Sequence[str]:
    """Return the components of the models on this machine and in Ollama."""
    return await asyncio.to_thread(_choices, settings)


def _choices(settings: Settings) -> list[str]:
    models = settings.models
    found = [
        f"{_ENGINES[kind]}:{rest}"
        for model in Store.for_settings(models).installed()
        for kind, _, rest in [str(model).partition(":")]
        if kind in _ENGINES
    ]
    try:
        ollama = OllamaModels(models.ollama, offline=models.offline).installed()
    except SatelliteError:  # it does not run, or its client is not installed
        ollama = ()
    return found + [f"ollama:{str(model).removeprefix('ollama:')}" for model in ollama]
