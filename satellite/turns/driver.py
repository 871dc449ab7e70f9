"""Drivers, such as Home Assistant, which take a turn instead of the satellite."""

from __future__ import annotations

from typing import Protocol

import msgspec

from satellite.audio.replay import Recording
from satellite.errors import SatelliteError
from satellite.listening.utterance import Utterance
from satellite.turns.context import TurnContext
from satellite.turns.outcome import Outcome


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of a driver that was lost: the satellite finishes the turn itself."""

    cause: SatelliteError
    transcript: str | None = None
    reply: str | None = None
    """The answer, if one came and was not heard."""


class Driver(Protocol):
    """Takes one turn."""

    name: str
    """Its name in the event log."""

    async def drive(
        self, utterance: Utterance, recording: Recording, context: TurnContext
    ) -> Outcome | Handover:
        """Take the turn to its end. `recording` plays the utterance, again after a handover.

        Raises `StageFailure` for a turn that the satellite must not finish itself.
        """
