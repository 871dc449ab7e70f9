"""Timers and alarms run, ring together, and are dismissed; on clocks that the test turns."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from satellite import events
from satellite.lib.persistence import StoredValue
from satellite.timers import MOST, timer_store
from satellite.timers.schedule import LATEST, Schedule
from tests.timers.clocks import Clocks, Kitchen


async def test_a_timer_rings_until_it_is_dismissed_complaint_47_timers_silent() -> None:
    kitchen = Kitchen()
    async with kitchen.running():
        kitchen.timers.start(600, "pizza")
        kitchen.clocks.pass_(599)
        await kitchen.settle()
        assert not kitchen.timers.ringing
        kitchen.clocks.pass_(1)
        await kitchen.settle()
        assert kitchen.timers.ringing
        assert kitchen.bell.rings
        assert kitchen.timers.states() == ()
        assert kitchen.timers.dismiss()
        assert not kitchen.timers.ringing
        assert not kitchen.timers.dismiss()
    assert kitchen.states() == ["started", "finished", "dismissed"]


async def test_nobody_comes_and_the_ringing_ends_by_itself() -> None:
    kitchen = Kitchen(longest=900)
    async with kitchen.running():
        kitchen.timers.start(0)
        await kitchen.settle()
        kitchen.clocks.pass_(899)
        await kitchen.settle()
        assert kitchen.timers.ringing
        kitchen.clocks.pass_(1)
        await kitchen.settle()
        assert not kitchen.timers.ringing
    assert kitchen.states() == ["started", "finished", "dismissed"]


async def test_what_is_due_at_once_rings_together_and_one_word_stops_it() -> None:
    kitchen = Kitchen()
    async with kitchen.running():
        for name in ("egg", "tea"):
            kitchen.timers.start(60, name)
        kitchen.timers.set_alarm(12, 1, name="lunch")
        kitchen.clocks.pass_(60)
        await kitchen.settle()
        kitchen.timers.dismiss()
        await kitchen.settle()
        assert not kitchen.timers.ringing
    assert kitchen.states()[-6:] == ["finished"] * 3 + ["dismissed"] * 3


async def test_several_are_told_soonest_first_and_cancelled_one_by_one() -> None:
    kitchen = Kitchen()
    async with kitchen.running():
        kitchen.timers.start(3600, "late")
        kitchen.timers.start(1800, "soon")
        kitchen.clocks.pass_(100)
        soon, late = kitchen.timers.states()
        assert (soon.name, soon.remaining, late.name, late.remaining) == (
            "soon",
            1700,
            "late",
            3500,
        )
        kitchen.timers.cancel(soon.id)
        assert [timer.name for timer in kitchen.timers.states()] == ["late"]
        kitchen.timers.cancel()
        assert kitchen.timers.states() == ()
    assert kitchen.states() == ["started", "started", "cancelled", "cancelled"]
    assert not kitchen.bell.rings


async def test_a_timer_is_given_more_time_halted_and_let_go_on() -> None:
    kitchen = Kitchen()
    async with kitchen.running():
        kitchen.timers.start(60, "egg")
        (egg,) = kitchen.timers.states()
        kitchen.timers.add(egg.id, 300)
        kitchen.clocks.pass_(120)
        kitchen.timers.pause(egg.id)
        kitchen.timers.pause(egg.id)
        kitchen.clocks.pass_(5000)
        await kitchen.settle()
        (egg,) = kitchen.timers.states()
        assert (egg.remaining, egg.paused, egg.total) == (240, True, 60)
        kitchen.timers.add(egg.id, -60)
        assert kitchen.timers.states()[0].remaining == 180
        kitchen.timers.pause(egg.id, False)
        kitchen.clocks.pass_(180)
        await kitchen.settle()
        assert kitchen.timers.ringing
    assert kitchen.states() == ["started", "changed", "paused", "changed", "changed", "finished"]


async def test_it_rings_louder_and_louder() -> None:
    kitchen = Kitchen(longest=900)
    async with kitchen.running():
        kitchen.timers.start(0)
        await kitchen.settle()
        assert kitchen.bell.rings[0].loudness == pytest.approx(0.2)


async def test_snoozed_it_rings_again_by_the_same_name() -> None:
    kitchen = Kitchen()
    async with kitchen.running():
        kitchen.timers.set_alarm(12, 30, name="nap")
        kitchen.clocks.pass_(1800)
        await kitchen.settle()
        kitchen.timers.snooze(540)
        assert [(t.name, t.remaining) for t in kitchen.timers.states()] == [("nap", 540)]
        kitchen.clocks.pass_(540)
        await kitchen.settle()
        assert kitchen.timers.ringing


async def test_too_many_are_refused_aloud() -> None:
    kitchen = Kitchen()
    for _ in range(MOST + 1):
        kitchen.timers.start(60)
        kitchen.timers.set_alarm(7)
    assert len(kitchen.timers.states()) == len(kitchen.timers.alarms()) == MOST
    assert [event.kind for event in kitchen.told[-2:]] == ["error", "error"]
    kitchen = Kitchen()
    kitchen.timers.set_alarm(7, day=date(2019, 1, 1))
    kitchen.timers.set_alarm(7, day=date(2199, 1, 1))
    assert kitchen.timers.alarms() == ()
    assert all(isinstance(event, events.Error) for event in kitchen.told)


async def test_over_a_restart_timers_run_on_and_late_ones_say_how_late(tmp_path: Path) -> None:
    file = StoredValue("timers", Schedule, Schedule(), tmp_path)
    clocks = Clocks()
    before = Kitchen(clocks, kept=file)
    async with before.running():
        before.timers.start(60, "egg")
        before.timers.start(7200, "roast")
        before.timers.set_alarm(12, 10, name="lunch")
        before.timers.set_alarm(7, days=(0, 1, 2, 3, 4))
    clocks.restart(off=900)
    after = Kitchen(clocks, kept=file)
    async with after.running():
        assert [(t.name, t.remaining) for t in after.timers.states()] == [("roast", 6300)]
        assert after.bell.rings[0].words == (
            "The egg timer ended 14 minutes ago. The lunch alarm was for 12:10 PM."
        )
        after.timers.dismiss()
        assert [alarm.days for alarm in after.timers.alarms()] == [(0, 1, 2, 3, 4)]


async def test_what_rings_when_the_program_dies_rings_again(tmp_path: Path) -> None:
    file = StoredValue("timers", Schedule, Schedule(), tmp_path)
    clocks = Clocks()
    for _ in range(2):
        kitchen = Kitchen(clocks, kept=file)
        async with kitchen.running():
            if not kitchen.timers.ringing:
                kitchen.timers.start(0, "egg")
                await kitchen.settle()
            assert kitchen.timers.ringing
    kitchen = Kitchen(clocks, kept=file)
    async with kitchen.running():
        kitchen.timers.dismiss()
    assert file.read().timers == ()


async def test_what_is_over_since_an_hour_is_told_and_not_rung(tmp_path: Path) -> None:
    file = StoredValue("timers", Schedule, Schedule(), tmp_path)
    clocks = Clocks()
    before = Kitchen(clocks, kept=file)
    async with before.running():
        before.timers.start(60, "egg")
    clocks.restart(off=60 + LATEST)
    after = Kitchen(clocks, kept=file)
    async with after.running():
        assert not after.timers.ringing
    assert after.states() == ["missed"]
    assert file.read().timers == ()


def test_each_satellite_of_a_machine_has_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    timer_store("the kitchen/../x").write(Schedule())
    timer_store("bath").write(Schedule())
    timer_store("").write(Schedule())
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["timers-bath.json", "timers-the_kitchen_x.json", "timers.json"]
