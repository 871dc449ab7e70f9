"""A PulseAudio for the tests of this folder."""

from tests.support.pulse import pulse

__all__ = ["pulse"]
