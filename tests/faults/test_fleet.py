"""Twenty satellites are back soon after their server was restarted, and one after another."""

from __future__ import annotations

from pathlib import Path

from tests.soak.fleet import run


async def test_a_fleet_comes_back_without_a_stampede(tmp_path: Path) -> None:
    told = await run(20, tmp_path)
    assert told.problems() == []
    assert told.idle < 100, "kilobytes of a connection that is idle"
