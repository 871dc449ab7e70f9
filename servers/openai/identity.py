"""The program behind a server of OpenAI's API, by what else it answers.

`satellite --server` names itself in its models. llama.cpp does so, too, and describes itself at
`/props`, vLLM names itself in its models and its version at `/version`, LM Studio has an API of its
own at `/api/v0`, LiteLLM answers `/health/liveliness`, Kokoro-FastAPI `/test`, LocalAI `/readyz`,
and Speaches `/health`.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from satellite.lib.decoding import Undecodable, from_json
from satellite.values import ProgramInfo
from servers import http_api
from servers.http_api import Answer, HttpApi
from servers.openai.api import OpenAiApi

PATIENCE = 5.0
"""Seconds for one of these answers, which take a server no work."""
MOST = 200
"""Models and voices that are listed; others are left out."""

_ALL = ("asr", "llm", "tts")
_TASKS = {"automatic-speech-recognition": "asr", "text-to-speech": "tts"}
"""Speaches's names of what a model does."""
_PATHS = (
    *("/props", "/version", "/api/v0/models", "/api/version", "/health/liveliness"),
    *("/test", "/readyz", "/health"),
)


class _Model(msgspec.Struct, frozen=True):
    id: str = ""
    owned_by: str = ""
    task: str = ""
    max_model_len: int | None = None


class _Models(Answer, frozen=True):
    data: tuple[_Model, ...] = ()


class _Voices(Answer, frozen=True):
    voices: tuple[Any, ...] = ()


async def identify(api: OpenAiApi) -> ProgramInfo:
    """Return the program at an address, its models, and its voices.

    Raises `ApiError`, `TimeoutError`."""
    async with asyncio.timeout(PATIENCE):
        models = (await api.ask("GET", "/models", None, _Models)).data[:MOST]
    root = urlunsplit(urlsplit(api.url)._replace(path="", query="", fragment=""))
    async with HttpApi(root, PATIENCE) as other, asyncio.TaskGroup() as tasks:
        asked = {path: tasks.create_task(_content(other, path)) for path in _PATHS}
        voices = tasks.create_task(_voices(api))
    answers = {path: task.result() for path, task in asked.items()}
    found = _program(_Facts(urlsplit(api.url).hostname or "", models, answers))
    return msgspec.structs.replace(
        found,
        url=api.url,
        models=tuple(model.id for model in models if model.id),
        voices=voices.result() if "tts" in found.roles else (),
    )


class _Facts(msgspec.Struct, frozen=True):
    """The answers of a server."""

    host: str
    models: tuple[_Model, ...]
    answers: dict[str, bytes | None]
    """By path; None for an error."""

    @property
    def owners(self) -> set[str]:
        return {model.owned_by.lower() for model in self.models}

    def json(self, path: str) -> dict[str, Any]:
        """Return the JSON object of a path; an empty one for anything else."""
        try:
            return from_json(self.answers[path] or b"{}", dict[str, Any])
        except Undecodable:
            return {}


def _llama_cpp(facts: _Facts) -> ProgramInfo | None:
    props = facts.json("/props")
    settings = props.get("default_generation_settings")
    context = settings.get("n_ctx") if isinstance(settings, dict) else None
    if "llamacpp" not in facts.owners and not isinstance(settings, dict):
        return None
    return ProgramInfo(
        name="llama.cpp",
        version=_text(props, "build_info"),
        roles=("llm",),
        context=context if isinstance(context, int) else None,
    )


def _for_many_users(facts: _Facts) -> ProgramInfo | None:
    if "vllm" in facts.owners:
        lengths = [model.max_model_len for model in facts.models if model.max_model_len]
        version, context = _text(facts.json("/version"), "version"), min(lengths, default=None)
        return ProgramInfo(name="vLLM", version=version, roles=("llm",), context=context)
    if b"alive" in (facts.answers["/health/liveliness"] or b""):
        return ProgramInfo(name="LiteLLM", roles=_ALL)
    return None


def _satellite(facts: _Facts) -> ProgramInfo | None:
    if "satellite" not in facts.owners:
        return None
    names = {"text-generation": "llm", **_TASKS}
    roles = {names[model.task] for model in facts.models if model.task in names}
    return ProgramInfo(name="Satellite", roles=tuple(sorted(roles)))


def _for_one_user(facts: _Facts) -> ProgramInfo | None:
    if "mlc-llm" in facts.owners:
        return ProgramInfo(name="MLC LLM", roles=("llm",))
    if _text(_first(facts.json("/api/v0/models")), "publisher"):
        return ProgramInfo(name="LM Studio", roles=("llm",))
    if version := _text(facts.json("/api/version"), "version"):
        return ProgramInfo(name="Ollama", version=version, roles=("llm",))
    return None


def _for_speech(facts: _Facts) -> ProgramInfo | None:
    if _text(facts.json("/test"), "status") == "ok":
        return ProgramInfo(name="Kokoro-FastAPI", roles=("tts",))
    if roles := {_TASKS[model.task] for model in facts.models if model.task in _TASKS}:
        return ProgramInfo(name="Speaches", roles=tuple(sorted(roles)))
    if facts.answers["/readyz"] is not None:
        return ProgramInfo(name="LocalAI", roles=_ALL)
    if (facts.answers["/health"] or b"").strip(b'"\n ') == b"OK":
        return ProgramInfo(name="Speaches", roles=("asr", "tts"))
    return None


def _program(facts: _Facts) -> ProgramInfo:
    for recognize in (_satellite, _llama_cpp, _for_many_users, _for_one_user, _for_speech):
        if (found := recognize(facts)) is not None:
            return found
    official = facts.host == "api.openai.com"
    return ProgramInfo(name="OpenAI" if official else "a server of OpenAI's API", roles=_ALL)


async def _content(api: HttpApi, path: str) -> bytes | None:
    """Return what a path answers; None for an error."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await api.content(path)
    except (http_api.ApiError, TimeoutError):
        return None


async def _voices(api: OpenAiApi) -> tuple[str, ...]:
    """Return the names of a server's voices, as far as it lists them."""
    try:
        async with asyncio.timeout(PATIENCE):
            listed = (await api.ask("GET", "/audio/voices", None, _Voices)).voices
    except (http_api.ApiError, TimeoutError):
        return ()
    names = (
        (_text(voice, "id") or _text(voice, "name")) if isinstance(voice, dict) else voice
        for voice in listed[:MOST]
    )
    return tuple(name for name in names if isinstance(name, str) and name)


def _first(listed: dict[str, Any]) -> dict[str, Any]:
    data = listed.get("data")
    return data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value[:100] if isinstance(value, str) else ""
