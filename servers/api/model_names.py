"""The names by which OpenAI's clients choose among a server's engines, and `GET /v1/models`."""

from __future__ import annotations

import time

import msgspec
from aiohttp import web

from satellite.http.api.engines import EngineAccess
from satellite.http.api.route import JSON, ApiRoute, json_answer
from satellite.http.route import Handler
from satellite.options import unknown_name
from satellite.values import EngineInfo
from servers.api.openai_errors import ApiErrorAnswer, ModelUnknown, answering, refusal

OWNER = "satellite"

USUAL = {
    "asr": ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"),
    "llm": (),
    "tts": ("tts-1", "tts-1-hd", "gpt-4o-mini-tts"),
}
"""OpenAI's names that clients send without being asked: each means this server's own choice."""

USUAL_VOICES = (
    *("alloy", "ash", "ballad", "coral", "echo", "fable", "nova"),
    *("onyx", "sage", "shimmer", "verse", "marin", "cedar"),
)
"""OpenAI's voices: each means this server's own choice."""

DEFAULT = "default"

TASKS = {
    "asr": "automatic-speech-recognition",
    "llm": "text-generation",
    "tts": "text-to-speech",
}
"""What a model does, by the names that Speaches uses."""


class Model(msgspec.Struct, frozen=True):
    """A model; `task` says what it does."""

    id: str
    created: int
    task: str
    object: str = "model"
    owned_by: str = OWNER


class ModelsAnswer(msgspec.Struct, frozen=True):
    """The models of this server."""

    data: tuple[Model, ...]
    object: str = "list"


class Voice(msgspec.Struct, frozen=True):
    """A voice."""

    id: str
    name: str
    languages: tuple[str, ...] = ()


class VoicesAnswer(msgspec.Struct, frozen=True):
    """The voices of this server."""

    voices: tuple[Voice, ...]


def model_routes(engines: EngineAccess) -> list[ApiRoute]:
    """Return the routes that list models and voices."""
    lists = _Lists(engines)

    def route(path: str, summary: str, handler: Handler, gives: type) -> ApiRoute:
        return ApiRoute(
            method="GET",
            path=path,
            summary=summary,
            handler=answering(handler),
            gives={JSON: gives},
            fails=ApiErrorAnswer,
            refused=refusal,
        )

    return [
        route("/v1/models", "List the models", lists.models, ModelsAnswer),
        route("/v1/models/{model:.+}", "Describe a model", lists.model, Model),
        route("/v1/audio/voices", "List the voices", lists.voices, VoicesAnswer),
    ]


class _Lists:
    def __init__(self, engines: EngineAccess) -> None:
        self._engines = engines
        self._since = int(time.time())

    async def models(self, request: web.Request) -> web.StreamResponse:
        return json_answer(ModelsAnswer(tuple(self._every().values())))

    async def model(self, request: web.Request) -> web.StreamResponse:
        known, wanted = self._every(), request.match_info["model"][:200]
        if wanted not in known:
            raise ModelUnknown("model", f"model {unknown_name(wanted, known)}")
        return json_answer(known[wanted])

    async def voices(self, request: web.Request) -> web.StreamResponse:
        served = "tts" in self._engines.roles
        found = self._engines.describe("tts").models if served else ()
        listed = tuple(
            Voice(voice.name, voice.description or voice.name, voice.languages) for voice in found
        )
        return json_answer(VoicesAnswer(listed))

    def _every(self) -> dict[str, Model]:
        """Return the models by name; the first role has it, where two engines share one."""
        found: dict[str, Model] = {}
        for role, task in TASKS.items():
            if role in self._engines.roles:
                for name in names_of(role, self._engines.describe(role)):
                    found.setdefault(name, Model(name, self._since, task))
        return found


def names_of(role: str, info: EngineInfo) -> tuple[str, ...]:
    """Return the names of an engine's models; its own where it has none to choose from.

    The models of text-to-speech are its voices, and those of a grammar its languages.
    """
    models = tuple(model.name for model in info.models if model.installed)
    return models if models and role != "tts" and not info.judges else (info.name,)


def chosen_model(engines: EngineAccess, role: str, name: str) -> str | None:
    """Return the model that a request names; None for the engine's own choice.

    Raises `ModelUnknown`.
    """
    info = engines.describe(role)
    if name in ("", DEFAULT, role, info.name, *USUAL[role]):
        return None
    known = names_of(role, info)
    if name in known:
        return name
    raise ModelUnknown("model", f"model {unknown_name(name[:200], dict.fromkeys(known))}")


def chosen_voice(engines: EngineAccess, name: str) -> str | None:
    """Return the voice that a request names; None for the engine's own choice.

    Raises `ModelUnknown`.
    """
    known = dict.fromkeys(voice.name for voice in engines.describe("tts").models)
    if name in known:
        return name
    if name in ("", DEFAULT, *USUAL_VOICES):
        return None
    raise ModelUnknown("voice", f"voice {unknown_name(name[:200], known)}")
