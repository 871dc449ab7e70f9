"""Every built-in engine keeps its role's promises, here and served at the other end of a wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from satellite.components import registry, spec
from satellite.conformance import (
    CHECKS,
    AsrSample,
    Check,
    LlmSample,
    Make,
    TtsSample,
    VadSample,
    WakeSample,
    fresh,
)
from satellite.errors import PackageMissing
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import ENGINE_ROLES
from satellite.requirements import is_own
from servers.serve.server import serving
from tests.support import recordings
from tests.support.speech import silence, speak
from tests.support.whisper_model import made_whisper, saying

OTHERS = ("piper", "homeassistant", "llamacpp", "gpt4all", "openai", "gpt-sovits", "sherpa-onnx")
"""Held to them beside their other tests, which have voices, homes and models."""

BUILTINS = [
    (plugin.role, plugin.name)
    for plugin in registry.installed(*ENGINE_ROLES)
    if is_own(plugin.distribution) and plugin.name not in OTHERS
]

VADS = [plugin.name for plugin in registry.installed("vad") if plugin.name not in OTHERS]


def sample_of(role: str, name: str) -> Any:
    if role == "asr":
        return AsrSample(audio=speak("what time is it"), text="what time is it")
    if role == "llm":
        return LlmSample(text="what time is it", other="what day is it")
    if role == "tts":
        return TtsSample(text="One.", longer="The lamp in the living room is on, I believe.")
    if (
        name == "openwakeword-onnx"
    ):  # its package's models do not know the words eSpeak NG says well
        return WakeSample(
            audio=silence(1.0) + recordings.samples("hey_jarvis"),
            word="hey_jarvis",
            other=speak("the weather will be fine"),
        )
    return WakeSample(
        audio=silence(1.0) + speak("okay nabu", voice="en-us+m3"),
        word="okay_nabu",
        other=speak("the weather will be fine"),
    )


def component_of(name: str) -> str:
    """The plugin, with a model made here where it needs one."""
    if name == "faster-whisper":
        return f"{name}:{made_whisper(saying('what time is it'))}"
    return name


def here(role: str, name: str) -> Make:
    return fresh(lambda: spec.create(role, component_of(name)))


def there(role: str, name: str) -> Make:
    @asynccontextmanager
    async def make() -> AsyncGenerator[Any, None]:
        async with here(role, name)() as engine:
            await engine.load()
            async with (
                serving(role, engine, "tcp://127.0.0.1:0") as uri,
                fresh(lambda: remote(uri, role, pairing=Pairing()))() as far,
            ):
                yield far

    return make


@pytest.mark.parametrize("place", [here, there], ids=["here", "wire"])
@pytest.mark.parametrize(
    ("role", "name", "check"),
    [(role, name, check) for role, name in BUILTINS for check in CHECKS[role]],
    ids=[f"{role}-{name}-{check.name}" for role, name in BUILTINS for check in CHECKS[role]],
)
async def test_builtin_engine_conforms(role: str, name: str, check: Check, place: Any) -> None:
    try:
        spec.create(role, name)
    except PackageMissing as missing:
        pytest.skip(str(missing))
    await check.run(place(role, name), sample_of(role, name))


@pytest.mark.parametrize(
    ("name", "check"),
    [(name, check) for name in VADS for check in CHECKS["vad"]],
    ids=[f"{name}-{check.name}" for name in VADS for check in CHECKS["vad"]],
)
async def test_builtin_vad_conforms(name: str, check: Check) -> None:
    await check.run(fresh(lambda: spec.create("vad", name)), VadSample(speak("how are you")))
