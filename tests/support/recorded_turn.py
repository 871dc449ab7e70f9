"""A turn's context that records everything the turn does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from satellite.errors import SatelliteError
from satellite.events import Event, PhaseName
from satellite.listening.listener import Utterance
from satellite.values import SPEECH, Action, AudioChunk, Detection, Situation

EventT = TypeVar("EventT", bound=Event)


class RecordedTurn:
    """A `satellite.turns.context.TurnContext`; `error` is raised after the first chunk played."""

    def __init__(self, error: SatelliteError | None = None) -> None:
        self.events: list[Event] = []
        self.phases: list[PhaseName] = []
        self.actions: list[Action] = []
        self.apologies: list[str] = []
        self.causes: list[SatelliteError | None] = []
        self.languages: list[str | None] = []
        """The languages of the apologies."""
        self.played = b""
        self.error = error
        self.on_chunk: Callable[[], None] = lambda: None

    @property
    def heard_seconds(self) -> float:
        return SPEECH.seconds(self.played)

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def enter(self, phase: PhaseName) -> None:
        self.phases.append(phase)

    def situation(self) -> Situation:
        return Situation(satellite="test")

    def execute(self, action: Action) -> Callable[[], None] | None:
        self.actions.append(action)
        return None

    async def play(
        self, audio: AsyncGenerator[AudioChunk, None], on_first: Callable[[], None]
    ) -> None:
        first = True
        async for chunk in audio:
            if first:
                on_first()
            first = False
            self.played += chunk.audio
            self.on_chunk()
            if self.error is not None:
                raise self.error

    async def apologise(
        self, reason: str, error: SatelliteError | None = None, language: str | None = None
    ) -> None:
        self.apologies.append(reason)
        self.languages.append(language)
        self.causes.append(error)

    def of(self, kind: type[EventT]) -> list[EventT]:
        """Return the events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


def utterance(audio: bytes = bytes(3200), heard: bool = True) -> Utterance:
    """Return a complete utterance."""
    complete = Utterance(Detection(word="okay_nabu", score=0.9, sample=0), limit=30.0)
    for start in range(0, len(audio), SPEECH.bytes_of(0.032)):
        complete.audio.put(audio[start : start + SPEECH.bytes_of(0.032)])
    complete.has_speech = heard
    complete.audio.end()
    return complete
