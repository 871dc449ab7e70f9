"""An hour in a home: the server is restarted, and the satellite's machine suspended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.home import live

pytestmark = pytest.mark.timeout(240)


def test_an_hour_in_a_home_ends_with_a_satellite_that_listens(tmp_path: Path) -> None:
    day = live(1, tmp_path)
    assert day.problems() == []
    assert day.by_server >= 2
