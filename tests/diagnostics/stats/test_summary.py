"""The numbers of `satellite stats`."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from time import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.cli.stats import summary_lines
from satellite.diagnostics.stats.collector import CountedEvent, TurnRow
from satellite.diagnostics.stats.database import Database
from satellite.diagnostics.stats.summary import percentile, summary
from tests.cli.program import satellite

NOW = time()


@given(st.lists(st.floats(0, 100), min_size=1))
def test_a_percentile_is_the_value_that_a_share_does_not_exceed(values: list[float]) -> None:
    for share in (0.5, 0.95):
        found = percentile(values, share)
        assert found in values
        assert sum(value <= found for value in values) >= share * len(values)
        assert sum(value < found for value in values) < share * len(values)


def test_the_percentiles_of_the_first_hundred_numbers() -> None:
    assert [percentile(range(1, 101), share) for share in (0.5, 0.95, 1.0)] == [50, 95, 100]
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


TURNS = [
    *(TurnRow(id=str(n), at=NOW + n, outcome="answered", asr=n / 10) for n in range(1, 21)),
    TurnRow(id="x", at=NOW + 30, outcome="failed", stage="llm"),
]
ENDS = [
    *(TurnRow(id=f"w{n}", at=NOW + 40, endpoint=n / 10, extent="whole") for n in range(1, 4)),
    TurnRow(id="u", at=NOW + 41, endpoint=0.7, extent="unknown"),
]
EVENTS = [
    CountedEvent(NOW - 5, "start", "den", 1),
    CountedEvent(NOW, "wake", "okay_nabu", 0.8),
    CountedEvent(NOW, "wake", "okay_nabu", 0.6),
    CountedEvent(NOW, "near_miss", "okay_nabu", 0.3),
    CountedEvent(NOW, "near_miss", "hey_jarvis", 0.3),
    CountedEvent(NOW, "underrun", "", 3),
    CountedEvent(NOW, "underrun", "", 2),
    CountedEvent(NOW, "failover", "asr", 1),
]


def test_turns_and_events_are_counted() -> None:
    found = summary(TURNS, EVENTS)
    assert found.since == NOW - 5
    assert (found.turns, found.outcomes, found.failures) == (
        21,
        {"answered": 20, "failed": 1},
        {"llm": 1},
    )
    assert set(found.stages) == {"asr"}
    assert (found.stages["asr"].p50, found.stages["asr"].p95) == (1.0, 1.9)
    assert found.words["okay_nabu"].heard == 2
    assert found.words["okay_nabu"].score == pytest.approx(0.7)
    assert (found.words["okay_nabu"].nearly, found.words["hey_jarvis"].nearly) == (1, 1)
    assert (found.losses, found.failovers) == ({"underrun": 5}, {"asr": 1})


def test_the_time_of_the_end_is_shown_by_what_decided_it() -> None:
    found = summary([*TURNS, *ENDS], EVENTS)
    assert {extent: (end.turns, end.p50) for extent, end in found.ends.items()} == {
        "whole": (3, 0.2),
        "unknown": (1, 0.7),
    }
    lines = "\n".join(summary_lines(found, 100))
    assert "0.20 s       0.30 s       3      by a whole request" in lines
    assert "0.70 s       0.70 s       1      by silence alone" in lines


def test_the_command_shows_the_summary(tmp_path: Path) -> None:
    variables = {"STATE_DIRECTORY": str(tmp_path)}
    nothing = satellite("stats", "--name", "den", variables=variables)
    assert (nothing.code, nothing.output) == (0, "")
    assert "No statistics of the last 7 days" in nothing.errors
    with closing(Database(tmp_path / "stats-den.sqlite")) as stats:
        stats.write([*TURNS, *EVENTS])
    done = satellite("stats", "--name", "den", variables=variables)
    assert done.code == 0
    assert "21 turns: 20 answered, 1 failed\nfailures by stage: 1 llm" in done.output
    assert "asr    1.00 s       1.90 s" in done.output
    assert "okay_nabu   2      0.70        1" in done.output
    assert "gaps in playback                    5" in done.output
    numbers = json.loads(satellite("stats", "--name", "den", "--json", variables=variables).output)
    assert numbers["stages"]["asr"] == {"turns": 20, "p50": 1.0, "p95": 1.9}
    assert satellite("stats", "--name", "den", "--forget", variables=variables).code == 0
    assert not (tmp_path / "stats-den.sqlite").exists()
