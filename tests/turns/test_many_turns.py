"""A satellite with flaky engines and devices: the short form of `python -m tests.soak.turns`."""

from __future__ import annotations

import logging

import pytest

from tests.soak.turns import grown, soak
from tests.support import virtual_time


@pytest.mark.parametrize("seed", [3])
def test_every_turn_has_one_outcome_and_leaves_nothing_whatever_fails(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    satellite, states = virtual_time.run(soak(45, seed, 15))
    assert satellite.faults == []
    # memory is the soak's to judge, whose process does nothing else
    assert [line for line in grown(states) if not line.startswith("memory")] == []
    assert satellite.counted.total() >= 45
    assert set(satellite.counted) == {"answered", "nothing_heard", "cancelled", "failed"}
