"""The description of a service on the LAN."""

from __future__ import annotations

from typing import Any

import msgspec
from wyoming.event import Event

from satellite.languages import codes
from satellite.net import info as infos


class RemoteService(msgspec.Struct, frozen=True, kw_only=True):
    """A Wyoming service that was found and described itself."""

    name: str
    """Its instance name in multicast DNS."""
    uri: str
    roles: tuple[str, ...] = ()
    """Roles of its engines: asr, llm, tts, wake; none for a satellite."""
    models: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    """Names of its programs, such as `faster-whisper`."""
    languages: tuple[str, ...] = ()
    latency: float = 0.0
    """Seconds to connect and to describe itself."""
    ours: bool = False
    """Whether it belongs to this project."""
    judges: bool = False
    """Whether its llm knows how far a text is a request; see `satellite.ports.JudgesTexts`."""
    ahead: bool = False
    """Whether it answers ahead; see `satellite.ports.AnswersAhead`."""
    version: str = ""
    satellite: bool = False
    """Whether it is (also) a satellite."""
    load: float | None = None
    """Share of its capacity that is in use, 0 to 1; None if unknown."""
    suspect: bool = False
    """Whether a service of its machine has just failed, and it was not checked since."""
    since: float = 0.0
    """When it was found, or found again after a loss, on the clock of the event loop."""

    def speaks(self, language: str | None) -> bool:
        """Return whether it supports a language, such as `en` or `en-US`; True if it lists none."""
        if not language or not self.languages:
            return True
        return any(codes.same(language, name) for name in self.languages)


def read_service(name: str, uri: str, event: Event, latency: float) -> RemoteService:
    """Read the description of a service from its `info` event. Raises `BadFrame`."""
    info = infos.from_event(event)
    programs: list[Any] = [*info.asr, *info.handle, *info.intent, *info.tts, *info.wake]
    programs = [program for program in programs if program.installed]
    models = [
        model
        for program in programs
        for model in (program.voices if hasattr(program, "voices") else program.models)
        if model.installed
    ]
    artifacts = programs or ([info.satellite] if info.satellite else [])
    return RemoteService(
        name=name,
        uri=uri,
        roles=() if info.satellite else infos.roles(info),
        engines=tuple(dict.fromkeys(program.name for program in programs)),
        models=tuple(dict.fromkeys(model.name for model in models)),
        languages=tuple(sorted({language for model in models for language in model.languages})),
        latency=latency,
        ours=infos.is_ours(info),
        judges=infos.judges_texts(event),
        ahead=infos.answers_ahead(event),
        version=next((artifact.version for artifact in artifacts if artifact.version), ""),
        satellite=info.satellite is not None,
    )
