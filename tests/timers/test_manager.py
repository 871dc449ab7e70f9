"""Timers and alarms run, ring together and are dismissed, on adjustable clocks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from satellite import events
from satellite.lib.persistence import StoredValue
from satellite.timers import MOST, timer_store
from satellite.timers.schedule import LATEST, Schedule
from tests.timers.clocks import Clocks, RunningTimers


async def test_a_timer_rings_until_it_is_dismissed_complaint_47_timers_silent() -> None:
    home = RunningTimers()
    async with home.running():
        home.timers.start(600, "pizza")
        home.clocks.pass_(599)
        await home.settle()
        assert not home.timers.ringing
        home.clocks.pass_(1)
        await home.settle()
        assert home.timers.ringing
        assert home.bell.rings
        assert home.timers.states() == ()
        assert home.timers.dismiss()
        assert not home.timers.ringing
        assert not home.timers.dismiss()
    assert home.states() == ["started", "finished", "dismissed"]


async def test_ringing_that_is_not_dismissed_ends_by_itself() -> None:
    home = RunningTimers(longest=900)
    async with home.running():
        home.timers.start(0)
        await home.settle()
        home.clocks.pass_(899)
        await home.settle()
        assert home.timers.ringing
        home.clocks.pass_(1)
        await home.settle()
        assert not home.timers.ringing
    assert home.states() == ["started", "finished", "dismissed"]


async def test_timers_due_at_once_ring_together_and_are_dismissed_together() -> None:
    home = RunningTimers()
    async with home.running():
        for name in ("egg", "tea"):
            home.timers.start(60, name)
        home.timers.set_alarm(12, 1, name="lunch")
        home.clocks.pass_(60)
        await home.settle()
        home.timers.dismiss()
        await home.settle()
        assert not home.timers.ringing
    assert home.states()[-6:] == ["finished"] * 3 + ["dismissed"] * 3


async def test_timers_are_listed_soonest_first_and_cancelled_one_by_one() -> None:
    home = RunningTimers()
    async with home.running():
        home.timers.start(3600, "late")
        home.timers.start(1800, "soon")
        home.clocks.pass_(100)
        soon, late = home.timers.states()
        assert (soon.name, soon.remaining, late.name, late.remaining) == (
            "soon",
            1700,
            "late",
            3500,
        )
        home.timers.cancel(soon.id)
        assert [timer.name for timer in home.timers.states()] == ["late"]
        home.timers.cancel()
        assert home.timers.states() == ()
    assert home.states() == ["started", "started", "cancelled", "cancelled"]
    assert not home.bell.rings


async def test_a_timer_can_be_extended_paused_and_resumed() -> None:
    home = RunningTimers()
    async with home.running():
        home.timers.start(60, "egg")
        (egg,) = home.timers.states()
        home.timers.add(egg.id, 300)
        home.clocks.pass_(120)
        home.timers.pause(egg.id)
        home.timers.pause(egg.id)
        home.clocks.pass_(5000)
        await home.settle()
        (egg,) = home.timers.states()
        assert (egg.remaining, egg.paused, egg.total) == (240, True, 60)
        home.timers.add(egg.id, -60)
        assert home.timers.states()[0].remaining == 180
        home.timers.pause(egg.id, False)
        home.clocks.pass_(180)
        await home.settle()
        assert home.timers.ringing
    assert home.states() == ["started", "changed", "paused", "changed", "changed", "finished"]


async def test_the_first_ring_is_soft() -> None:
    home = RunningTimers(longest=900)
    async with home.running():
        home.timers.start(0)
        await home.settle()
        assert home.bell.rings[0].loudness == pytest.approx(0.2)


async def test_a_snoozed_alarm_rings_again_under_the_same_name() -> None:
    home = RunningTimers()
    async with home.running():
        home.timers.set_alarm(12, 30, name="nap")
        home.clocks.pass_(1800)
        await home.settle()
        home.timers.snooze(540)
        assert [(t.name, t.remaining) for t in home.timers.states()] == [("nap", 540)]
        home.clocks.pass_(540)
        await home.settle()
        assert home.timers.ringing


async def test_timers_and_alarms_beyond_the_limits_are_refused_with_an_event() -> None:
    home = RunningTimers()
    for _ in range(MOST + 1):
        home.timers.start(60)
        home.timers.set_alarm(7)
    assert len(home.timers.states()) == len(home.timers.alarms()) == MOST
    assert [event.kind for event in home.events[-2:]] == ["error", "error"]
    home = RunningTimers()
    home.timers.set_alarm(7, day=date(2019, 1, 1))
    home.timers.set_alarm(7, day=date(2199, 1, 1))
    assert home.timers.alarms() == ()
    assert all(isinstance(event, events.Error) for event in home.events)


async def test_after_a_restart_timers_run_on_and_late_ones_announce_how_late(
    tmp_path: Path,
) -> None:
    file = StoredValue("timers", Schedule, Schedule(), tmp_path)
    clocks = Clocks()
    before = RunningTimers(clocks, store=file)
    async with before.running():
        before.timers.start(60, "egg")
        before.timers.start(7200, "roast")
        before.timers.set_alarm(12, 10, name="lunch", text="Reminder: eat.")
        before.timers.set_alarm(7, days=(0, 1, 2, 3, 4))
    clocks.restart(off=900)
    after = RunningTimers(clocks, store=file)
    async with after.running():
        assert [(t.name, t.remaining) for t in after.timers.states()] == [("roast", 6300)]
        assert after.bell.rings[0].words == (
            "The egg timer ended 14 minutes ago. The lunch alarm was for 12:10 PM. Reminder: eat."
        )
        after.timers.dismiss()
        assert [alarm.days for alarm in after.timers.alarms()] == [(0, 1, 2, 3, 4)]


async def test_a_timer_that_rang_when_the_program_died_rings_again(tmp_path: Path) -> None:
    file = StoredValue("timers", Schedule, Schedule(), tmp_path)
    clocks = Clocks()
    for _ in range(2):
        home = RunningTimers(clocks, store=file)
        async with home.running():
            if not home.timers.ringing:
                home.timers.start(0, "egg")
                await home.settle()
            assert home.timers.ringing
    home = RunningTimers(clocks, store=file)
    async with home.running():
        home.timers.dismiss()
    assert file.read().timers == ()


async def test_a_timer_missed_by_an_hour_is_reported_and_does_not_ring(tmp_path: Path) -> None:
    file = StoredValue("timers", Schedule, Schedule(), tmp_path)
    clocks = Clocks()
    before = RunningTimers(clocks, store=file)
    async with before.running():
        before.timers.start(60, "egg")
    clocks.restart(off=60 + LATEST)
    after = RunningTimers(clocks, store=file)
    async with after.running():
        assert not after.timers.ringing
    assert after.states() == ["missed"]
    assert file.read().timers == ()


def test_each_satellite_of_a_machine_has_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    timer_store("the kitchen/../x").write(Schedule())
    timer_store("bath").write(Schedule())
    timer_store("").write(Schedule())
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["timers-bath.json", "timers-the_kitchen_x.json", "timers.json"]
