"""The assistants of a satellite, each with its own wake words, settings and conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from satellite.components.spec import AUTO, chain
from satellite.languages import codes
from satellite.ports import TURN_ROLES
from satellite.settings import AssistantSettings, Settings
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.openings import Openings
from satellite.values import Detection


class Assistant:
    """One assistant; `settings` are the satellite's, overridden by the assistant's own."""

    def __init__(
        self,
        settings: Settings,
        engines: Engines,
        *,
        local: bool = False,
        conversation: Conversation | None = None,
    ) -> None:
        self.settings = settings
        self.engines = engines
        self.conversation = conversation or Conversation()
        self.openings = Openings()
        self.local = local
        """No driver takes its turns."""


class Assistants:
    """The assistant of each wake word; any other word belongs to the satellite's first one."""

    def __init__(self, first: Assistant, others: Mapping[str, Assistant] | None = None) -> None:
        """`others` by name; `set_wake_words` assigns their wake words."""
        self.first = first
        self._others = dict(others or {})
        self._by_word: dict[str, Assistant] = {}

    @property
    def settings(self) -> tuple[Settings, ...]:
        """Their settings, those of the satellite first."""
        return tuple(own.settings for own in (self.first, *self._others.values()))

    @property
    def languages(self) -> set[str]:
        """The languages that they speak."""
        return {own.language for own in self.settings}

    def set_wake_words(self, settings: Settings) -> None:
        """Assign each assistant its wake words of these settings."""
        others = self._others
        words = assistant_wake_words(settings)
        self._by_word = {word: others[name] for name, word in words if name in others}

    def find(self, detection: Detection | None) -> Assistant:
        """Return the assistant that a wake word calls; the first one for a request without."""
        return self._by_word.get(detection.word, self.first) if detection else self.first

    def for_language(self, language: str | None) -> Assistant:
        """Return the assistant that speaks a language, the first one if several or none do."""
        for assistant in (self.first, *self._others.values()):
            if language and codes.same(language, assistant.settings.language):
                return assistant
        return self.first


def assistant_wake_words(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the name of each assistant with each of its wake words."""
    for name, assistant in settings.assistants.items():
        yield from ((name, word) for word in assistant.wake or (name,))


def assistant_settings(assistant: AssistantSettings, settings: Settings) -> Settings:
    """Return the satellite's settings, overridden by those of an assistant."""
    fields = ("persona", "language", "voice", *TURN_ROLES)
    own = {field: value for field in fields if (value := getattr(assistant, field))}
    return msgspec.structs.replace(settings, **own)


EngineKey = tuple[str, str, str]
"""A role, the component of its engine, and the language that `auto` chooses for; empty where the
component has no `auto`, so that assistants of two languages share the engine."""


def engine_key(role: str, settings: Settings) -> EngineKey:
    """Return the key of the engine of a role with the settings of an assistant."""
    component = getattr(settings, role)
    by_language = AUTO in chain(role, component)
    return role, component, codes.group(settings.language) if by_language else ""


def assistant_components(settings: Settings) -> dict[EngineKey, None]:
    """Return the keys of the engines of every assistant, each once, in order."""
    everything = (
        settings,
        *(assistant_settings(assistant, settings) for assistant in settings.assistants.values()),
    )
    return dict.fromkeys(engine_key(role, own) for own in everything for role in TURN_ROLES)


def build_assistants(settings: Settings, engines: Mapping[EngineKey, Any]) -> Assistants:
    """Make the assistants, each with the engines of its roles' components and its language."""

    def with_engines(own: Settings) -> Engines:
        return Engines(*(engines[engine_key(role, own)] for role in TURN_ROLES))

    others = {}
    for name, assistant in settings.assistants.items():
        own = assistant_settings(assistant, settings)
        others[name] = Assistant(own, with_engines(own), local=assistant.brain == "local")
    assistants = Assistants(Assistant(settings, with_engines(settings)), others)
    assistants.set_wake_words(settings)
    return assistants
