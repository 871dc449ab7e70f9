"""An hour in a home: the server restarts, and the satellite's machine is suspended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.day_report import DayReport
from tests.soak.home import live
from tests.soak.process_state import ProcessState


@pytest.mark.timeout(240)
def test_an_hour_in_a_home_ends_with_a_satellite_that_listens(tmp_path: Path) -> None:
    day = live(1, tmp_path)
    assert day.problems() == []
    assert day.by_server >= 2


def hours(rss: float = 0.0, descriptors: int = 0) -> DayReport:
    """Return a day whose resources grow by these amounts each hour."""
    return DayReport(
        held=[
            ProcessState(
                rss=100.0 + rss * hour,
                tasks=20,
                threads=10,
                descriptors=30 + descriptors * hour,
                busy=0.0,
            )
            for hour in range(24)
        ]
    )


def test_a_day_reports_leftover_resources() -> None:
    assert hours().problems() == []
    assert hours(descriptors=1).problems() == ["descriptors: 42 in the morning, 49 in the evening"]
    assert hours(rss=1.0).problems() == ["memory grew by 11.0 MB"]
