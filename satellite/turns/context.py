"""What the stages of a turn need: engines, the satellite around them, and their failures."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from satellite.errors import EngineFailed, SatelliteError
from satellite.events import Event, PhaseName
from satellite.lib.containment import describe, is_foreign
from satellite.ports import Asr, Engine, Labeled, Llm, Tts
from satellite.values import Action, AudioChunk, Situation

_LOGGER = logging.getLogger(__name__)


class Engines(msgspec.Struct, frozen=True):
    """The engines of a turn."""

    asr: Asr
    llm: Llm
    tts: Tts


class TurnContext(Protocol):
    """The satellite, as a turn sees it."""

    @property
    def heard_seconds(self) -> float:
        """Seconds of the newest sound that were heard."""

    def publish(self, event: Event) -> None: ...

    def enter(self, phase: PhaseName) -> None:
        """Change the phase."""

    def situation(self) -> Situation:
        """Describe this satellite to the language model."""

    def execute(self, action: Action) -> Callable[[], None] | None:
        """Execute an action of the language model; return what undoes it, if anything."""

    async def play(
        self, audio: AsyncGenerator[AudioChunk, None], on_first: Callable[[], None]
    ) -> None:
        """Play speech and return when it has been heard. Raises `DeviceError`."""

    async def apologise(
        self, reason: str, error: SatelliteError | None = None, language: str | None = None
    ) -> None:
        """Say or signal that `asr`, `llm`, `tts`, `speaker` or `understand` failed, and why.

        `language` is that of the turn's assistant; the satellite's by default. Raises
        `DeviceError`.
        """


class StageFailure(Exception):
    """A stage of a turn failed."""

    def __init__(self, stage: str, error: SatelliteError) -> None:
        super().__init__(f"{stage}: {error}")
        self.stage = stage
        self.error = error


@contextmanager
def failing_as(stage: str) -> Iterator[None]:
    """Turn every error in this block into a `StageFailure`; log an unexpected one as a bug."""
    try:
        yield
    except SatelliteError as error:
        raise StageFailure(stage, error) from error
    except BaseException as error:
        if not is_foreign(error):
            raise
        _LOGGER.exception("unexpected error in stage %s", stage)
        raise StageFailure(stage, EngineFailed(describe(error))) from error


def label(engine: Engine) -> str:
    """Return the name of an engine in the event log: its plugin's name, or its server's URI."""
    try:
        name = engine.label if isinstance(engine, Labeled) else engine.describe().name
    except Exception:  # a plugin may raise anything, and its name is not worth a turn
        _LOGGER.debug("an engine cannot be described", exc_info=True)
        return type(engine).__name__
    return name if isinstance(name, str) else type(engine).__name__
