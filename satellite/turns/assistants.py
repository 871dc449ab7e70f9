"""The assistants that a satellite is: who answers to which wake word, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from satellite.ports import TURN_ROLES
from satellite.settings import AssistantSettings, Settings
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.values import Detection


class Assistant:
    """One assistant; `settings` are the satellite's with its own in place of some."""

    def __init__(self, settings: Settings, engines: Engines, *, local: bool = False) -> None:
        self.settings = settings
        self.engines = engines
        self.conversation = Conversation()
        self.local = local
        """Nobody else takes its turns."""


class Assistants:
    """The assistant of each wake word; any other word has the satellite's first one."""

    def __init__(self, first: Assistant, others: Mapping[str, Assistant] | None = None) -> None:
        """`others` by their names; `answer` says to which words."""
        self.first = first
        self._others = dict(others or {})
        self._called: dict[str, Assistant] = {}

    def answer(self, settings: Settings) -> None:
        """Let each assistant answer to its wake words of these settings."""
        others = self._others
        words = assistant_wake_words(settings)
        self._called = {word: others[name] for name, word in words if name in others}

    def of(self, detection: Detection | None) -> Assistant:
        """Who answers to a wake word, or to somebody who said none."""
        return self._called.get(detection.word, self.first) if detection else self.first


def assistant_wake_words(settings: Settings) -> Iterator[tuple[str, str]]:
    """The name of each assistant with each of its wake words."""
    for name, its in settings.assistants.items():
        yield from ((name, word) for word in its.wake or (name,))


def assistant_settings(its: AssistantSettings, settings: Settings) -> Settings:
    """The satellite's settings with those of an assistant in place of some."""
    fields = ("persona", "language", "voice", *TURN_ROLES)
    own = {field: value for field in fields if (value := getattr(its, field))}
    return msgspec.structs.replace(settings, **own)


def assistant_components(settings: Settings) -> dict[tuple[str, str], None]:
    """The component of each role, those of assistants included: each once, in order."""
    everybody = (
        settings,
        *(assistant_settings(its, settings) for its in settings.assistants.values()),
    )
    return dict.fromkeys((role, getattr(one, role)) for one in everybody for role in TURN_ROLES)


def build_assistants(settings: Settings, engines: Mapping[tuple[str, str], Any]) -> Assistants:
    """The assistants, each with the engines of its roles' components."""

    def with_engines(own: Settings) -> Engines:
        return Engines(*(engines[role, getattr(own, role)] for role in TURN_ROLES))

    others = {}
    for name, its in settings.assistants.items():
        own = assistant_settings(its, settings)
        others[name] = Assistant(own, with_engines(own), local=its.brain == "local")
    personas = Assistants(Assistant(settings, with_engines(settings)), others)
    personas.answer(settings)
    return personas
