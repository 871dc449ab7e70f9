"""Three satellites hear one person: one answers, and the others are as if nothing had been said.

In short; `python -m tests.soak.rooms --runs 100 --loss 20` is the long form.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.satellite_cluster import satellite_cluster

pytestmark = pytest.mark.timeout(300)

GAINS = (0.0, -8.0, -16.0)
"""Decibels at the three microphones, dealt anew for each word."""


@pytest.mark.parametrize(
    ("wake", "loss", "runs"), [("openwakeword:okay_nabu", 20, 4), ("microwakeword:okay_nabu", 0, 2)]
)
def test_fields_20_and_21_only_the_best_placed_satellite_answers(
    tmp_path: Path, wake: str, loss: int, runs: int
) -> None:
    """One of five packets lost, detectors up to 80 ms apart, and one clock an hour off."""
    with satellite_cluster(tmp_path, wake, loss=loss) as house:
        outcomes = [house.ask(GAINS) for _ in range(runs)]
    for outcome in outcomes:
        assert len(outcome.took) == 1, outcome.log
        assert outcome.heard == outcome.took, outcome.log
    # on a machine that does much else, a microphone may lose sound, and a satellite be kept from
    # the processor for as long as the window: a worse one answers then
    wrong = [outcome for outcome in outcomes if not outcome.fine]
    assert len(wrong) <= 1, wrong[0].log


def test_a_lone_satellite_does_not_wait(tmp_path: Path) -> None:
    with satellite_cluster(tmp_path, "openwakeword:okay_nabu", count=1, late_clock=False) as house:
        outcome = house.ask((0.0,))
        assert outcome.answered == outcome.heard == (0,), outcome.log
        assert "'chosen'" not in outcome.log
