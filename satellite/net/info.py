"""Conversion between an engine's description and Wyoming's `info` event."""

from __future__ import annotations

from typing import Any

from wyoming import info as wy
from wyoming.event import Event

from satellite.errors import EngineFailed
from satellite.net import messages
from satellite.values import EngineInfo, ModelInfo

OURS = "Satellite"
"""Attribution of every service of this project; other services name their own authors."""
_KEYS = {"asr": "asr", "llm": "handle", "tts": "tts", "wake": "wake"}
_MAKER = "maker"
"""Our own field of a program: the author of its engine, as `attribution` names this project."""
_STREAMING = "supports_streaming"
"""Our own field: whether the engine streams, in every role; Wyoming has none for wake words."""
_JUDGES = "judges_texts"
"""Our own field of an llm: whether it answers `judge-text`; see `satellite.net.judgement`."""
_AHEAD = "answers_ahead"
"""The same for `answer-ahead`."""
_STREAMING_FLAGS = (
    "supports_transcript_streaming",
    "supports_synthesize_streaming",
    "supports_handled_streaming",
)
_URL = "https://github.com/OHF-Voice/wyoming"


def to_event(role: str, info: EngineInfo) -> Event:
    """Return the `info` event of a service that offers one engine in one role."""
    event = wy.Info().event()
    event.data[_KEYS[role]] = [
        {
            **_program(role, info).to_dict(),
            _MAKER: {"name": info.author, "url": info.url},
            _STREAMING: info.streaming,
            **({_JUDGES: True} if info.judges else {}),
            **({_AHEAD: True} if info.ahead else {}),
        }
    ]
    return event


def from_event(event: Event) -> wy.Info:
    """Read an `info` event. Raises `BadFrame`, with the path of what is malformed."""
    data = messages.check_table(wy.Info, event.data, "info")
    return messages.read(wy.Info, Event(event.type, data))


def roles(info: wy.Info) -> tuple[str, ...]:
    """Return the roles in which a service has an installed program; an llm may also be an
    `intent`."""
    return tuple(role for role in _KEYS if _programs(role, info))


def engine_info(role: str, event: Event) -> EngineInfo:
    """Return the description of the first installed program that an `info` event has for a role.

    Raises:
        BadFrame: the event is malformed.
        EngineFailed: the service has no program for that role.
    """
    info = from_event(event)
    programs = _programs(role, info)
    if not programs:
        offered = ", ".join(roles(info)) or ("a satellite" if info.satellite else "nothing")
        raise EngineFailed(f"the service has no {role} (it has {offered})")
    program: Any = programs[0]
    maker, streaming = _own_fields(role, event, program)
    return EngineInfo(
        name=program.name,
        description=program.description or "",
        version=program.version or "",
        author=maker.get("name", ""),
        url=maker.get("url", ""),
        models=tuple(map(_model, program.voices if role == "tts" else program.models)),
        streaming=streaming,
        home_control=bool(getattr(program, "supports_home_control", False)),
        judges=role == "llm" and judges_texts(event),
        ahead=role == "llm" and answers_ahead(event),
    )


def judges_texts(event: Event) -> bool:
    """Return whether a service answers `judge-text`, by its `info` event."""
    return _has(event, _JUDGES)


def answers_ahead(event: Event) -> bool:
    """Return whether a service answers `answer-ahead`, by its `info` event."""
    return _has(event, _AHEAD)


def _has(event: Event, field: str) -> bool:
    programs = event.data.get(_KEYS["llm"]) or ()
    return any(isinstance(raw, dict) and raw.get(field) is True for raw in programs)


def is_ours(info: wy.Info) -> bool:
    """Return whether a service belongs to this project."""
    programs: list[Any] = [*info.asr, *info.handle, *info.tts, *info.wake]
    programs += [info.satellite] if info.satellite else []
    return any(program.attribution.name == OURS for program in programs)


def _program(role: str, info: EngineInfo) -> Any:
    facts: dict[str, Any] = {
        "name": info.name,
        "attribution": wy.Attribution(OURS, _URL),
        "installed": True,
        "description": info.description or None,
        "version": info.version or None,
    }
    if role == "asr":
        models = [wy.AsrModel(**_artifact(info, model)) for model in info.models]
        return wy.AsrProgram(**facts, models=models, supports_transcript_streaming=info.streaming)
    if role == "tts":
        voices = [
            wy.TtsVoice(
                **_artifact(info, model),
                speakers=[wy.TtsVoiceSpeaker(name) for name in model.speakers] or None,
            )
            for model in info.models
        ]
        # streamed text is split into sentences here, whatever the engine supports
        return wy.TtsProgram(**facts, voices=voices, supports_synthesize_streaming=True)
    if role == "wake":
        words = [
            wy.WakeModel(**_artifact(info, model), phrase=model.phrase) for model in info.models
        ]
        return wy.WakeProgram(**facts, models=words)
    return wy.HandleProgram(
        **facts,
        models=[wy.HandleModel(**_artifact(info, model)) for model in info.models],
        supports_handled_streaming=info.streaming,
        supports_home_control=info.home_control,
    )


def _artifact(info: EngineInfo, model: ModelInfo) -> dict[str, Any]:
    return {
        "name": model.name,
        "attribution": wy.Attribution(info.author or OURS, info.url or _URL),
        "installed": model.installed,
        "description": model.description or None,
        "version": model.version or None,
        "languages": list(model.languages),
    }


def _model(model: Any) -> ModelInfo:
    return ModelInfo(
        name=model.name,
        languages=tuple(model.languages),
        description=model.description or "",
        version=model.version or "",
        phrase=getattr(model, "phrase", None),
        speakers=tuple(speaker.name for speaker in getattr(model, "speakers", None) or ()),
        installed=model.installed,
    )


def _programs(role: str, info: wy.Info) -> list[Any]:
    offered: list[Any] = list(getattr(info, _KEYS[role]))
    if role == "llm":
        offered += info.intent
    return [program for program in offered if program.installed]


def _own_fields(role: str, event: Event, program: Any) -> tuple[dict[str, str], bool]:
    """Return the author, and whether the engine streams, by our own fields or else by Wyoming's."""
    for raw in event.data.get(_KEYS[role]) or ():
        maker = raw.get(_MAKER)
        if raw.get("name") == program.name and isinstance(maker, dict):
            texts = {key: value for key, value in maker.items() if isinstance(value, str)}
            return texts, raw.get(_STREAMING) is True
    streaming = any(getattr(program, flag, False) for flag in _STREAMING_FLAGS)
    return {"name": program.attribution.name, "url": program.attribution.url}, streaming
