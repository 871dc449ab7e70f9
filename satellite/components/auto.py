"""The engine for `auto` on this machine: the preferred one if it is usable, or the built-in one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import msgspec

from satellite.components import registry
from satellite.components.spec import AUTO
from satellite.errors import EngineError, PluginError, PluginUnknown
from satellite.languages import codes
from satellite.languages.pack import ENGLISH, find
from satellite.lib.platform import system
from satellite.ports import EngineContext

_LOGGER = logging.getLogger(__name__)

BUILT_IN = {
    "wake": "two-stage",
    "vad": "silero",
    "asr": "pocketsphinx",
    "llm": "intents",
    "tts": "espeak",
}
"""The engines that need only this package."""

REAL = {
    "asr": ("sherpa-onnx", "faster-whisper"),
    "llm": ("ollama", "llamacpp"),
    "tts": ("sherpa-onnx", "piper"),
}
"""The preferred engines, the best first, which need a package and a model of their own. The last
one needs no other program: its model is what a remedy fetches."""

WAKE_STAND_IN = "openwakeword"
"""The wake engine of machines for which the built-in one lacks a package."""

OF_SYSTEM = {("tts", "darwin"): "system", ("tts", "win32"): "system"}
"""By role and `system.name()`, the engine of an operating system that speaks better than the
built-in one. It needs no model, and precedes the built-in one."""


def wake_engine(setting: str) -> str:
    """Return the wake engine of a setting: for `auto` the built-in one, if it is usable here."""
    if setting != AUTO:
        return setting
    return WAKE_STAND_IN if _missing("wake", BUILT_IN["wake"]) else BUILT_IN["wake"]


class Preference(msgspec.Struct, frozen=True):
    """The engine to use for a role."""

    component: str
    remedy: str = ""
    """The command that installs the preferred engine if this is another one; empty otherwise."""


async def preference(role: str, context: EngineContext) -> Preference:
    """Return the engine for `auto` and `context.language` now; another one once a model is
    installed or removed.

    A plugin decides by its class method `auto`; see `satellite.ports.ChosenByAuto`.
    """
    remedy = ""
    for name in REAL.get(role, ()):
        try:
            argument, remedy = await _usable(role, name, context)
        except (PluginUnknown, PluginError, EngineError) as error:
            argument, remedy = None, str(error)
        if argument is not None:
            return Preference(f"{name}:{argument}" if argument else name)
    return Preference(_without_model(role), remedy)


def _without_model(role: str) -> str:
    """Return the engine for a role that needs no model."""
    if role == "wake":
        if lacks := _missing(role, BUILT_IN[role]):
            _LOGGER.info("%s detects wake words, not %s: %s", WAKE_STAND_IN, BUILT_IN[role], lacks)
        return wake_engine(AUTO)
    name = OF_SYSTEM.get((role, system.name()))
    return BUILT_IN[role] if name is None or _missing(role, name) else name


def _missing(role: str, name: str) -> str:
    """Return what a plugin lacks on this machine, and how to get it; empty if it is usable."""
    needs = registry.requirements(_kind(role, name))
    return "; ".join(filter(None, (need.missing() for need in needs)))


async def _usable(role: str, name: str, context: EngineContext) -> tuple[str | None, str]:
    """Return the argument for a preferred engine, or None and how to make it usable."""
    kind = _kind(role, name)
    pull = language_remedy(role, context.language)
    for need in registry.requirements(kind):
        if hint := need.missing():
            return None, f"{hint} && {pull}"
    ask: Callable[..., Awaitable[str | None]] = kind.auto
    return await (ask(context=context) if registry.takes_context(ask) else ask()), pull


def language_remedy(role: str, language: str) -> str:
    """Return the command that fetches a model of a language for the preferred engine of a role, or
    what to do where the language's pack knows of no model."""
    model: str = _kind(role, REAL[role][-1]).model
    if not codes.same(language, ENGLISH):
        pack = find(language)
        if pack is not None:
            model = getattr(pack.about.models, role)
        else:
            model = f"piper:VOICE (one for {language})" if role == "tts" else _multilingual(model)
    if model:
        return f"satellite models pull {model}"
    return f"set {role} to a Wyoming server that knows {language}: tcp://HOST:PORT"


def _multilingual(model: str) -> str:
    """Return the model for all languages that is as large as an English-only one."""
    return model.removesuffix(".en")


def look_every(role: str) -> float | None:
    """Return the seconds after which `preference` may change; None if it does not."""
    found = []
    for name in REAL.get(role, ()):
        try:
            found.append(float(_kind(role, name).look_every))
        except (PluginUnknown, PluginError):
            continue
    return min(found, default=None)


@cache
def _kind(role: str, name: str) -> type[Any]:
    """Return the plugin's class; cached, as the search reads the files of every package."""
    return registry.find(role, name).load()
