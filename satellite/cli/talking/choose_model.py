"""The language models to choose from in a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from satellite.components import registry, spec
from satellite.components.spec import AUTO
from satellite.errors import ConfigError
from satellite.settings import Settings
from satellite.text.quoted import quoted
from servers.models.names import GGUF
from servers.models.offers import offers

_LLAMACPP = "llamacpp"
"""The engine of GGUF models."""


def component_of(name: str, component: str, label: str) -> str:
    """Return the component that a name stands for: itself one, or a model of the present engine.

    `component` is the present one, and `label` the engine that it has become. Raises `ConfigError`.
    """
    kind, colon, model = name.partition(":")
    if colon and kind == GGUF:
        return f"{_LLAMACPP}:{model}"
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
    """Return the components of the language models that can be used here now."""
    return [offer.component for offer in await offers(settings) if offer.role == "llm"]
