"""Clocks that are wrong, set forward and back, or stopped while the machine is off."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.timers.alarm import Alarm, with_date
from satellite.timers.schedule import SETTLES, STEP, Schedule, Timer, next_ring
from satellite.timers.wall_clock import read_clocks
from tests.timers.clocks import BERLIN, Clocks, RunningTimers, berlin


def alarm(time: str, **more: object) -> Alarm:
    hour, _, minute = time.partition(":")
    return Alarm(id="a", hour=int(hour), minute=int(minute), **more)  # type: ignore[arg-type]


@given(
    seconds=st.floats(1, 1e6),
    events=st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e8, 1e8)), max_size=8),
)
def test_setting_the_clock_moves_no_timer(
    seconds: float, events: list[tuple[float, float]]
) -> None:
    clocks = Clocks()
    due = clocks.boot + seconds
    schedule = Schedule(moment=clocks(), timers=(Timer(id="t", total=seconds, due=due),))
    for passes, step in events:
        clocks.pass_(passes)
        clocks.wall += step
        schedule = schedule.adjusted(clocks())
        rings = [late.late for late in schedule.due(clocks())]
        assert rings == ([clocks.boot - due] if clocks.boot >= due else [])


@given(
    seconds=st.floats(1, 1e6),
    off=st.floats(0, 1e5),
    behind=st.floats(0, 1e6),
    noticed=st.floats(0, SETTLES - 1),
    later=st.floats(-1e6, 1e6),
)
def test_after_a_restart_a_timer_follows_only_the_clock_corrections_of_the_first_minutes(
    seconds: float, off: float, behind: float, noticed: float, later: float
) -> None:
    """The machine's clock stopped or fell behind, and the network corrects it after a while."""
    clocks = Clocks()
    schedule = Schedule(
        moment=clocks(), timers=(Timer(id="t", total=seconds, due=clocks.boot + seconds),)
    )
    right = clocks.wall + seconds
    clocks.restart(off=off)
    clocks.wall -= behind
    schedule = schedule.adjusted(clocks())
    clocks.pass_(noticed)
    clocks.wall += behind
    schedule = schedule.adjusted(clocks())
    true = clocks.wall
    assert schedule.timers[0].due - clocks.boot == pytest.approx(right - true, abs=2 * STEP)
    clocks.pass_(SETTLES)
    clocks.wall += later
    schedule = schedule.adjusted(clocks())
    left = schedule.timers[0].due - clocks.boot
    assert left == pytest.approx(right - true - SETTLES, abs=2 * STEP)


def test_without_a_correction_a_timer_is_late_by_the_time_off_at_most() -> None:
    clocks = Clocks()
    schedule = Schedule(moment=clocks(), timers=(Timer(id="t", total=60, due=clocks.boot + 60),))
    clocks.restart(off=0)
    clocks.set("1970-01-02 00:00")
    assert schedule.adjusted(clocks()).timers[0].due == clocks.boot + 60


async def test_a_timer_of_a_suspended_machine_rings_when_it_resumes() -> None:
    home = RunningTimers()
    async with home.running():
        home.timers.start(600, "tea")
        home.clocks.pass_(900)
        await home.settle()
        assert home.bell.rings[0].words == "The tea timer ended 5 minutes ago."


def test_an_alarm_without_a_day_rings_at_the_next_such_time() -> None:
    noon = berlin("2026-11-20 12:00")
    assert with_date(alarm("12:01"), noon, BERLIN).on == "2026-11-20"
    assert with_date(alarm("12:00"), noon, BERLIN).on == "2026-11-21"
    assert with_date(alarm("7:00"), noon, BERLIN).on == "2026-11-21"


def test_an_alarm_in_the_skipped_hour_rings_once_an_hour_later() -> None:
    daily = alarm("2:30", days=tuple(range(7)))
    night = berlin("2026-03-29 00:00")
    first = daily.next_time(night, BERLIN)
    assert first == berlin("2026-03-29 03:30")
    assert daily.next_time(first, BERLIN) == berlin("2026-03-30 02:30")


def test_an_alarm_in_the_repeated_hour_rings_the_first_time_only() -> None:
    daily = alarm("2:30", days=tuple(range(7)))
    first = daily.next_time(berlin("2026-10-25 00:00"), BERLIN)
    assert first == berlin("2026-10-25 02:30", fold=0)
    assert daily.next_time(first, BERLIN) == berlin("2026-10-26 02:30")


@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.floats(berlin("2026-01-01 00:00"), berlin("2027-12-31 00:00")),
)
def test_a_repeated_alarm_rings_once_on_each_of_its_days(
    hour: int, minute: int, days: set[int], start: float
) -> None:
    repeated = Alarm(id="a", hour=hour, minute=minute, days=tuple(days))
    moment, dates = start, []
    for _ in range(2 * len(days)):
        following = repeated.next_time(moment, BERLIN)
        assert following is not None
        assert following > moment
        local, moment = datetime.fromtimestamp(following, BERLIN), following
        assert local.weekday() in days
        assert (local.hour, local.minute) == (hour, minute) or hour == 2  # the gap is from 2 to 3
        dates.append(local.date())
    assert len(set(dates)) == len(dates)
    assert (dates[-1] - dates[0]).days < 14


async def test_an_alarm_follows_the_wall_clock_forward_and_back() -> None:
    home = RunningTimers(Clocks("2026-11-20 05:50"))
    async with home.running():
        home.timers.set_alarm(7, days=(0, 1, 2, 3, 4))
        home.clocks.set("2026-11-20 07:00")
        await home.settle()
        assert home.timers.ringing
        home.timers.dismiss()
        home.clocks.pass_(10)
        home.clocks.wall -= 20.0
        await home.settle()
        assert not home.timers.ringing  # a small correction: it has rung
        home.clocks.set("2026-11-20 06:10")
        await home.settle()
        home.clocks.pass_(50 * 60)
        await home.settle()
        assert home.timers.ringing  # an hour back: it is seven o'clock again
        home.timers.dismiss()
        (pending,) = home.timers.alarms()
        assert pending.at == "2026-11-23T07:00:00+01:00"  # Monday


def test_a_repeated_alarm_catches_up_on_the_last_hour_only() -> None:
    clocks = Clocks("2026-11-20 09:30")
    daily = alarm("7:00", days=tuple(range(7)), last=berlin("2026-11-10 07:00"))
    assert next_ring(daily, clocks(), BERLIN) == berlin("2026-11-21 07:00")
    clocks.set("2026-11-20 07:45")
    assert next_ring(daily, clocks(), BERLIN) == berlin("2026-11-20 07:00")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_the_system_time_zone_follows_the_same_rules(zone: str) -> None:
    """Without `zone` the rules of the system apply, as they do for every program on it."""
    code = (
        "import sys; from satellite.timers.alarm import Alarm; from zoneinfo import ZoneInfo\n"
        "for minute in range(0, 60, 10):\n"
        "    for hour in (0, 1, 2, 3, 12):\n"
        "        daily = Alarm(id='a', hour=hour, minute=minute, days=tuple(range(7)))\n"
        "        a = b = 1767225600.0\n"
        "        for _ in range(366):\n"
        f"            a, b = daily.next_time(a), daily.next_time(b, ZoneInfo({zone!r}))\n"
        "            assert a == b, (hour, minute, a, b)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=60, env={**os.environ, "TZ": zone}
    )


def test_the_real_clocks_advance_and_a_stored_schedule_is_unchanged() -> None:
    first, second = read_clocks(), read_clocks()
    assert second.follows(first)
    schedule = Schedule(
        moment=first, timers=(Timer(id="t", total=1, due=2),), alarms=(alarm("7:00"),)
    )
    assert msgspec.json.decode(msgspec.json.encode(schedule), type=Schedule) == schedule
