"""Three satellites hear one person: one answers, and the others stay silent.

In short; `python -m tests.soak.rooms --runs 100 --loss 20` is the long form.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.satellite_cluster import satellite_cluster

pytestmark = pytest.mark.timeout(300)

GAINS = (0.0, -8.0, -16.0)
"""Gains in dB at the three microphones, shuffled for each word."""


@pytest.mark.parametrize(
    ("wake", "loss", "runs"), [("openwakeword:okay_nabu", 20, 4), ("microwakeword:okay_nabu", 0, 2)]
)
def test_fields_20_and_21_only_the_best_placed_satellite_answers(
    tmp_path: Path, wake: str, loss: int, runs: int
) -> None:
    """20 % of packets are lost, detectors are up to 80 ms apart, and a clock is an hour off."""
    with satellite_cluster(tmp_path, wake, loss=loss) as cluster:
        outcomes = [cluster.ask(GAINS) for _ in range(runs)]
    for outcome in outcomes:
        assert len(outcome.took) == 1, outcome.log
        assert outcome.heard == outcome.took, outcome.log
    # on a busy machine, a microphone may lose sound, or a satellite may wait for the processor for
    # as long as the window; then a worse placed one answers
    wrong = [outcome for outcome in outcomes if not outcome.fine]
    assert len(wrong) <= 1, wrong[0].log


def test_a_lone_satellite_does_not_wait(tmp_path: Path) -> None:
    with satellite_cluster(
        tmp_path, "openwakeword:okay_nabu", count=1, late_clock=False
    ) as cluster:
        outcome = cluster.ask((0.0,))
        assert outcome.answered == outcome.heard == (0,), outcome.log
        assert "'chosen'" not in outcome.log
