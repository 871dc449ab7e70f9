"""Roles whose engine does not know the language that is spoken, and the remedy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from satellite.components import spec
from satellite.components.auto import BUILT_IN, language_remedy
from satellite.components.spec import AUTO
from satellite.languages import codes
from satellite.ports import TURN_ROLES, Engine
from satellite.settings import Settings
from satellite.turns.assistants import EngineKey, assistant_settings, engine_key
from satellite.turns.context import label

_LOGGER = logging.getLogger(__name__)

_EFFECTS = {
    "asr": "Speech in it is not recognized.",
    "llm": "Requests in it are not understood.",
    "tts": "eSpeak speaks it instead.",
}
"""What follows, by role."""

_UNSPOKEN = "Speech in it cannot be understood."
"""What follows where eSpeak itself cannot read a language."""


class LanguageGap(msgspec.Struct, frozen=True, kw_only=True):
    """A role of the satellite or of an assistant whose engine does not know the language."""

    role: str
    language: str
    engine: str
    """Label of the engine."""
    known: tuple[str, ...]
    """Languages of the engine."""
    remedy: str
    automatic: bool = False
    """Whether servers of the LAN are asked, too."""
    assistant: str = ""
    """Name of the assistant; empty for the satellite's first one."""

    @property
    def where(self) -> str:
        """The setting: `asr`, or `assistants.alexa.asr`."""
        return f"assistants.{self.assistant}.{self.role}" if self.assistant else self.role

    @property
    def fact(self) -> str:
        """What the engine lacks."""
        known = ", ".join(self.known[:3]) + (", ..." if len(self.known) > 3 else "")
        return f"{self.engine} does not know the language {self.language} (only {known})"

    @property
    def effect(self) -> str:
        """What that means for a person."""
        unspoken = self.role == "tts" and self.engine == BUILT_IN["tts"]
        return _UNSPOKEN if unspoken else _EFFECTS[self.role]

    def __str__(self) -> str:
        return f"{self.where}: {self.fact}: {self.remedy}"


def language_gaps(
    settings: Settings,
    engines: Mapping[EngineKey, Sequence[Any]],
    served: Callable[[str, str], bool] = lambda role, language: False,
) -> Iterator[LanguageGap]:
    """Yield the gaps of the satellite and its assistants, each once.

    `engines` are the loaded ones of each chain, on this machine or set by their address; `served`
    returns whether a server of the LAN serves a role in a language.
    """
    seen: set[tuple[str, str, str]] = set()
    for name, own in assistants_of(settings):
        for role in TURN_ROLES:
            key = engine_key(role, own)
            component = key[1]
            automatic = AUTO in spec.chain(role, component)
            if (role, component, own.language) in seen:
                continue
            seen.add((role, component, own.language))
            links = engines.get(key, ())
            known = [languages_of(role, engine) for engine in links]
            if not links or any(knows(own.language, languages) for languages in known):
                continue
            if automatic and served(role, own.language):
                continue
            yield LanguageGap(
                role=role,
                language=own.language,
                engine=label(links[-1]),
                known=known[-1],
                remedy=_remedy(role, own.language, automatic=automatic),
                automatic=automatic,
                assistant=name,
            )


def assistants_of(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """Yield the first assistant, under an empty name, and the others, with their settings."""
    yield "", settings
    for name, assistant in settings.assistants.items():
        yield name, assistant_settings(assistant, settings)


def languages_of(role: str, engine: Engine) -> tuple[str, ...]:
    """Return the languages of an engine; empty if it does not name them, or knows any.

    Speech is recognized by the first model, the configured one. Of voices, each request takes one.
    """
    try:
        described = engine.describe().models
    except Exception:  # a plugin may raise anything
        _LOGGER.debug("an engine cannot be described", exc_info=True)
        return ()
    models = described[:1] if role == "asr" else described
    if not all(model.languages for model in models):
        return ()
    return tuple(dict.fromkeys(code for model in models for code in model.languages))


def knows(language: str, languages: Sequence[str]) -> bool:
    """Return whether a language is among those of an engine; True if it names none."""
    return not languages or any(codes.same(language, code) for code in languages)


def _remedy(role: str, language: str, *, automatic: bool) -> str:
    """Return the command, and the setting, that give a role an engine of the language."""
    command = language_remedy(role, language)
    return command if automatic else f"{command}, and set {role} to auto"
