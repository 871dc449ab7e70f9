"""Errors on their way from a replica to the gateway."""

from __future__ import annotations

import msgspec

from satellite.errors import EngineError, SatelliteError, engine_error

SOUND_LOST = "sound-lost"
"""The code of a failure after which the request can begin again: its sound is stored."""


class ReplicaLost(Exception):
    """The replica of a request ended, or its sound; `str` says how."""


class Failure(msgspec.Struct, frozen=True):
    """The code and the text of an error.

    It is sent as a result: Ray would raise a class of its own for an error, with a traceback as
    its text.
    """

    code: str
    text: str

    @classmethod
    def of(cls, error: SatelliteError) -> Failure:
        """Return the failure of an error."""
        return cls(error.code, str(error))

    def error(self) -> EngineError | ReplicaLost:
        """Return the error to raise at the gateway."""
        if self.code == SOUND_LOST:
            return ReplicaLost(self.text)
        return engine_error(self.code, self.text)
