"""Strange clients of thirteen kinds: the short form of `python -m tests.attack.strangers`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attack.strangers import attack


@pytest.mark.timeout(180)
def test_strange_clients_leave_nothing_behind_and_others_are_answered(tmp_path: Path) -> None:
    """Memory and latency need half an hour, real models and a machine that does nothing else."""
    seen = attack(tmp_path, seconds=20, seed=1, warm=0, light=True)
    assert seen.unanswered == []
    assert seen.problem == ""
    assert {"descriptors", "threads", "tasks"}.isdisjoint(seen.uneven)
    assert seen.strangers.total() > 20
