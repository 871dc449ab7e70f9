"""What `auto` means on this machine: a real engine where it can be used, else the built-in one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import msgspec

from satellite.components import registry
from satellite.errors import EngineError, PluginError, PluginUnknown
from satellite.ports import EngineContext

BUILT_IN = {
    "wake": "openwakeword",
    "vad": "silero",
    "asr": "pocketsphinx",
    "llm": "intents",
    "tts": "espeak",
}
"""What works with nothing but this package."""

REAL = {"asr": "faster-whisper", "llm": "ollama", "tts": "piper"}
"""What is better, and needs a package and a model of its own."""


class Preference(msgspec.Struct, frozen=True):
    """What to use for a role."""

    component: str
    remedy: str = ""
    """What gets the real engine where this is a stand-in for it; else empty."""


async def preference(role: str, context: EngineContext) -> Preference:
    """What `auto` stands for now: it may be another component when a model has come or gone.

    A plugin is asked through its class method `auto`; see `satellite.components.registry`.
    """
    built_in = BUILT_IN[role]
    if (name := REAL.get(role)) is None:
        return Preference(built_in)
    try:
        kind = _kind(role, name)
        pull = f"satellite models pull {kind.model}"
        for need in registry.requirements(kind):
            if hint := need.missing():
                return Preference(built_in, f"{hint} && {pull}")
        ask: Callable[..., Awaitable[str | None]] = kind.auto
        argument = await (ask(context=context) if registry.takes_context(ask) else ask())
    except (PluginUnknown, PluginError, EngineError) as error:
        return Preference(built_in, str(error))
    if argument is None:
        return Preference(built_in, pull)
    return Preference(f"{name}:{argument}" if argument else name)


def look_every(role: str) -> float | None:
    """Seconds after which `preference` may be another; None where it stays the same."""
    try:
        return float(_kind(role, REAL[role]).look_every) if role in REAL else None
    except (PluginUnknown, PluginError):
        return None


@cache
def _kind(role: str, name: str) -> type[Any]:
    """The plugin's class. Looking for entry points reads every package's files: once will do."""
    return registry.find(role, name).load()
