"""Places in the patterns of language packs."""

from __future__ import annotations

import pytest

from satellite.text.fill import fill


def test_places_are_filled() -> None:
    assert fill("{hour}:{minute:02} {half}", hour=7, minute=5, half="") == "7:05 "
    assert fill("{count:d} x {count}", count=1.5) == "1.5 x 1.5"


@pytest.mark.parametrize(
    "pattern", ["{other}", "{name.x}", "{name!r}", "{0}", "{", "}", "{name:>99999999}", "{name[0]}"]
)
def test_a_place_for_anything_else_remains(pattern: str) -> None:
    assert fill(pattern, name="lamp") == pattern
