"""Turns under attack: the short form of `python -m tests.attack.turns`."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.attack.turns import PatientLoop, soak


@pytest.mark.timeout(180)
def test_every_turn_has_one_outcome_and_the_satellite_listens_after_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        satellite = runner.run(soak(20, 3))
    assert satellite.faults == []
    assert satellite.counted.total() >= 20
    assert satellite.did_strangers.total() > 50
