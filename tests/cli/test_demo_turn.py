"""The demonstration is answered on a machine that is slower than its own voice."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from satellite import events
from satellite.builtin.wake import engine
from satellite.builtin.wake.idle_gate import AudioPiece
from satellite.cli import demo_turn
from satellite.lib.bus import Bus
from satellite.settings import Settings
from satellite.values import Detection

LATE = 5.0
"""Seconds that the wake engine takes for the first piece of sound that it judges: all that the
demonstration says has been said by then."""


async def test_a_wake_engine_that_is_late_hears_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attend = engine._attend  # noqa: SLF001  where every engine works
    waits = [LATE]

    def late(stream: engine.Stream, pieces: list[AudioPiece]) -> list[Detection]:
        time.sleep(waits.pop() if waits else 0.0)
        return attend(stream, pieces)

    monkeypatch.setattr(engine, "_attend", late)
    async with asyncio.timeout(60):
        shown = await demo_turn.run(Settings(), Bus(), tmp_path / "answer.wav")
    assert shown.answered
    assert not [event for event in shown.happened if isinstance(event, events.AudioLoss)]
    assert (tmp_path / "answer.wav").stat().st_size > 10_000
