"""Sound handed on is counted against the clock."""

from __future__ import annotations

import pytest

from satellite.audio.lead import Lead


def test_grows_with_sound_shrinks_with_time_and_waits_when_dry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    lead = Lead()
    assert lead.seconds == 0
    now = 103.0
    lead.add(2.0)
    assert (lead.seconds, lead.dry) == (2.0, 105.0)
    now = 104.0
    assert lead.seconds == 1.0
    now = 110.0
    assert lead.seconds == 0
    lead.add(1.0)
    assert lead.dry == 111.0
    assert Lead(3.0).seconds == 3.0
