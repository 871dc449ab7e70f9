"""Twenty satellites return soon, one after another, after a restart of their server."""

from __future__ import annotations

from pathlib import Path

from tests.soak.fleet import run


async def test_a_fleet_comes_back_without_a_stampede(tmp_path: Path) -> None:
    report = await run(20, tmp_path)
    assert report.problems() == []
    assert report.idle < 100, "kilobytes of a connection that is idle"
