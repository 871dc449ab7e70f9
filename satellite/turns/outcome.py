"""The outcomes of a turn, of which it has exactly one."""

from __future__ import annotations

import msgspec

from satellite.events import OutcomeName


class Answered(msgspec.Struct, frozen=True):
    """The reply was spoken, or the request carried out."""

    text: str
    reply: str


class NothingHeard(msgspec.Struct, frozen=True):
    """The utterance had no speech, or none that could be understood."""


class Cancelled(msgspec.Struct, frozen=True):
    """Another turn, or the end of the program, came first."""


class Failed(msgspec.Struct, frozen=True):
    """A stage (asr, llm, tts, speaker) failed."""

    stage: str
    error: str


Outcome = Answered | NothingHeard | Cancelled | Failed

NAMES: dict[type, OutcomeName] = {
    Answered: "answered",
    NothingHeard: "nothing_heard",
    Cancelled: "cancelled",
    Failed: "failed",
}
"""Their names in the event log."""
