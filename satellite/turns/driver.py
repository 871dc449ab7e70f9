"""Drivers: somebody else who takes a turn in the satellite's place, as Home Assistant does."""

from __future__ import annotations

from typing import Protocol

import msgspec

from satellite.audio.replay import Recording
from satellite.errors import SatelliteError
from satellite.listening.utterance import Utterance
from satellite.turns.context import TurnContext
from satellite.turns.outcome import Outcome


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """A driver was lost, and how far it came: the satellite does the rest of the turn itself."""

    cause: SatelliteError
    transcript: str | None = None
    reply: str | None = None
    """The answer, where there is one that was not heard."""


class Driver(Protocol):
    """Takes one turn."""

    name: str
    """What the event log calls it."""

    async def drive(
        self, utterance: Utterance, record: Recording, stage: TurnContext
    ) -> Outcome | Handover:
        """Take the turn to its end. `record` plays the utterance, again after a handover.

        Raises `StageFailure` for a turn that nobody else may finish.
        """
