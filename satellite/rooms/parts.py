"""What `satellite.rooms.rooms` stands between."""

from __future__ import annotations

from typing import Protocol

from satellite.listening.utterance import Utterance
from satellite.values import Detection


class Listening(Protocol):
    """What is needed of `satellite.listening.listen.Listener`."""

    def recent(self, seconds: float) -> bytes: ...

    def begin(self, detection: Detection | None = None, preroll: float = 0.0) -> bool: ...


class Answering(Protocol):
    """What is needed of `satellite.turns.assistant.Assistant`."""

    @property
    def idle(self) -> bool: ...

    @property
    def talking(self) -> bool: ...

    def wants(self, utterance: Utterance) -> bool: ...

    def woken(self, utterance: Utterance) -> bool: ...

    def withdraw(self, utterance: Utterance) -> None: ...
