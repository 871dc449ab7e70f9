"""The stages of a turn: what they need of the satellite around them, and how they fail."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from satellite.errors import EngineFailed, SatelliteError
from satellite.events import Event, PhaseName
from satellite.ports import Asr, Engine, Labeled, Llm, Tts
from satellite.values import Action, AudioChunk, Situation

_LOGGER = logging.getLogger(__name__)


class Engines(msgspec.Struct, frozen=True):
    """The engines of a turn."""

    asr: Asr
    llm: Llm
    tts: Tts


class TurnContext(Protocol):
    """What a turn needs of the satellite around it."""

    @property
    def heard(self) -> float:
        """Seconds that were heard of what was played last."""

    def publish(self, event: Event) -> None: ...

    def enter(self, phase: PhaseName) -> None:
        """Announce what the satellite does now."""

    def situation(self) -> Situation: ...

    def act(self, action: Action) -> None:
        """Do what the brain asks for."""

    async def play(
        self, audio: AsyncGenerator[AudioChunk, None], on_first: Callable[[], None]
    ) -> None:
        """Play speech and return when it has been heard. Raises `DeviceError`."""

    async def apologise(self, reason: str, error: SatelliteError | None = None) -> None:
        """Let a person hear that it did not work (`asr`, `llm`, `tts`, `speaker`, `understand`),
        and why."""


class StageFailure(Exception):
    """A stage of the turn failed, and why."""

    def __init__(self, stage: str, error: SatelliteError) -> None:
        super().__init__(f"{stage}: {error}")
        self.stage = stage
        self.error = error


@contextmanager
def failing_as(stage: str) -> Iterator[None]:
    """Turn every error inside into a `StageFailure`; an unexpected one is logged as a bug."""
    try:
        yield
    except SatelliteError as error:
        raise StageFailure(stage, error) from error
    except Exception as error:
        _LOGGER.exception("unexpected error in stage %s", stage)
        raise StageFailure(stage, EngineFailed(f"{type(error).__name__}: {error}")) from error


def label(engine: Engine) -> str:
    """What the event log calls an engine: its plugin's name, or the URI of its server."""
    return engine.label if isinstance(engine, Labeled) else engine.describe().name
