"""Speed of the voice in words a minute, whichever way its engine counts."""

from __future__ import annotations

import typing
from urllib.parse import quote

import msgspec

from satellite.components import registry, spec
from satellite.components.auto import preference
from satellite.components.spec import AUTO
from satellite.errors import ConfigError
from satellite.options import describe
from satellite.ports import EngineContext
from satellite.settings import Settings

NORMAL = 165
"""Words a minute of a voice at speed 1: English Piper voices read aloud at 150 to 180."""

_WORDS = "words/min"
_OPTIONS = ("rate", "speed", "speed_factor")


async def with_voice_rate(settings: Settings, words: int | None) -> Settings:
    """Return the settings with a voice that speaks `words` a minute; unchanged for None.

    Raises `ConfigError` for an engine without such an option, as those of servers.
    """
    if words is None:
        return settings
    component = settings.tts
    if component == AUTO:
        context = EngineContext.for_settings(settings)
        component = (await preference("tts", context)).component
    if spec.is_uri(component):
        raise ConfigError(
            [
                f"--voice-rate: {component} has its own speed; name a voice of this machine "
                "with --tts"
            ]
        )
    named = spec.parse(component)
    kind: typing.Any = registry.find("tts", named.plugin).load()
    for info in describe(kind.Options):
        if info.name in _OPTIONS:
            value = str(words) if info.unit == _WORDS else f"{words / NORMAL:.3g}"
            return msgspec.structs.replace(settings, tts=_with(named, info.name, value))
    raise ConfigError([f"--voice-rate: tts {named.plugin} has no option for its speed"])


def _with(named: spec.Component, name: str, value: str) -> str:
    """Return a component with one more option."""
    options = {**named.options, name: value}
    head = f"{named.plugin}:{named.argument}" if named.argument else named.plugin
    return f"{head}?" + "&".join(f"{key}={quote(text)}" for key, text in options.items())
