"""What is known of a server on the LAN."""

from __future__ import annotations

from typing import Any

import msgspec
from wyoming.event import Event

from satellite.net import info as infos


class RemoteService(msgspec.Struct, frozen=True, kw_only=True):
    """A Wyoming service that was found and has said what it is."""

    name: str
    """Its instance name in multicast DNS."""
    uri: str
    roles: tuple[str, ...] = ()
    """What it does as an engine: asr, llm, tts, wake; nothing for a satellite."""
    models: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    """Names of its programs, such as `faster-whisper`."""
    languages: tuple[str, ...] = ()
    latency: float = 0.0
    """Seconds that connecting and describing took."""
    ours: bool = False
    """Made by this project, not by somebody else."""
    version: str = ""
    satellite: bool = False
    """It is (also) a satellite."""
    load: float | None = None
    """Share of its places that is taken, 0 to 1; None where it does not tell."""
    suspect: bool = False
    """Something on its machine did not answer just now, and it is being looked at."""
    since: float = 0.0
    """When it was found, or came back after having been lost, on the event loop's clock."""

    def speaks(self, language: str | None) -> bool:
        """Whether it knows a language, such as `en` or `en-US`; one that names none may."""
        if not language or not self.languages:
            return True
        wanted = _primary(language)
        return any(_primary(known) == wanted for known in self.languages)


def read_service(name: str, uri: str, event: Event, latency: float) -> RemoteService:
    """Read what a service says of itself in an `info` event. Raises `BadFrame`."""
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
        version=next((artifact.version for artifact in artifacts if artifact.version), ""),
        satellite=info.satellite is not None,
    )


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()
