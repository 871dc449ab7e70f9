"""The engines that can be used here now: their models are installed, or a program serves them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec

import msgspec

from satellite.errors import SatelliteError
from satellite.lib.platform import system
from satellite.settings import Settings
from servers.http_api import ApiError
from servers.models.names import SHERPA, parse
from servers.models.ollama_models import OllamaModels
from servers.models.recommended import component_of, sherpa_models_for, sherpa_role
from servers.models.store import Store
from servers.openai.api import OpenAiApi

OPENAI = {
    "http://127.0.0.1:8080/v1": "llama.cpp's server or LocalAI",
    "http://127.0.0.1:1234/v1": "LM Studio",
    "http://127.0.0.1:8000/v1": "vLLM, MLC LLM or Speaches",
}
"""The usual addresses of servers of OpenAI's API on this machine."""

SOVITS = ("127.0.0.1", 9880)
"""The usual address of GPT-SoVITS's api_v2.py."""

PATIENCE = 1.0
"""Seconds for an answer of a program on this machine."""


class Offer(msgspec.Struct, frozen=True):
    """A component, and what it is."""

    role: str
    component: str
    text: str


async def offers(settings: Settings) -> tuple[Offer, ...]:
    """Return what can be used on this machine, by role. What does not answer is left out."""
    installed = asyncio.to_thread(_installed, settings)
    probes = [_openai(url, what) for url, what in OPENAI.items()]
    found = await asyncio.gather(installed, _sovits(), *probes)
    return tuple(offer for group in found for offer in group)


def lacking(settings: Settings) -> dict[str, str]:
    """Return a model to fetch for each role of sherpa-onnx that has none yet, where the engine is
    installed: without a model it does nothing."""
    if find_spec("sherpa_onnx") is None:
        return {}
    names = [parse(str(model)) for model in Store.for_settings(settings.models).installed()]
    here = {sherpa_role(name.name) for name in names if name.kind == SHERPA}
    wanted = sherpa_models_for(settings.language)
    return {role: model for role, model in wanted.items() if role not in here}


def _installed(settings: Settings) -> Sequence[Offer]:
    models = settings.models
    installed = Store.for_settings(models).installed()
    try:
        installed += OllamaModels(models.ollama, offline=models.offline).installed()
    except SatelliteError:  # its address is none, which the doctor reports
        pass
    found = [
        Offer(role, component, f"{model.kind} model, {round(model.bytes / 1e6)} MB")
        for model in installed
        if (used := component_of(parse(str(model)))) is not None
        for role, component in [used]
    ]
    if not system.is_linux():
        found.append(Offer("tts", "system", "the voices of this system"))
    return found


async def _openai(url: str, what: str) -> Sequence[Offer]:
    try:
        async with asyncio.timeout(PATIENCE), OpenAiApi(url, "", PATIENCE) as api:
            names = await api.models()
    except (ApiError, SatelliteError, OSError, TimeoutError):
        return ()
    listed = ", ".join(names[:3]) or "no models"
    return [Offer("llm", f"openai:{url}", f"{what}: {listed}")]


async def _sovits() -> Sequence[Offer]:
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(*SOVITS)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return ()
    return [Offer("tts", "gpt-sovits", "cloned voices: satellite voices add NAME clip.wav")]
