"""A sound server of the tests' own, for every test that asks for `pulse`."""

from tests.support.pulse import pulse

__all__ = ["pulse"]
