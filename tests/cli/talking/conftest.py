"""A sound server for every test that asks for `pulse`."""

from tests.support.pulse import pulse

__all__ = ["pulse"]
