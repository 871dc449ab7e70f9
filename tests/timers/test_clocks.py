"""Clocks that are set wrongly, put forward and back, or stand still while the machine is off."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.timers.alarm import Alarm, on_a_day
from satellite.timers.schedule import SETTLES, STEP, Schedule, Timer, next_ring
from satellite.timers.wall_clock import now
from tests.timers.clocks import BERLIN, Clocks, Kitchen, berlin


def alarm(time: str, **more: object) -> Alarm:
    hour, _, minute = time.partition(":")
    return Alarm(id="a", hour=int(hour), minute=int(minute), **more)  # type: ignore[arg-type]


@given(
    seconds=st.floats(1, 1e6),
    events=st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e8, 1e8)), max_size=8),
)
def test_a_clock_that_is_set_moves_no_timer(
    seconds: float, events: list[tuple[float, float]]
) -> None:
    clocks = Clocks()
    due = clocks.boot + seconds
    book = Schedule(moment=clocks(), timers=(Timer(id="t", total=seconds, due=due),))
    for passes, step in events:
        clocks.pass_(passes)
        clocks.wall += step
        book = book.brought(clocks())
        rings = [late.late for late in book.due(clocks())]
        assert rings == ([clocks.boot - due] if clocks.boot >= due else [])


@given(
    seconds=st.floats(1, 1e6),
    off=st.floats(0, 1e5),
    behind=st.floats(0, 1e6),
    noticed=st.floats(0, SETTLES - 1),
    later=st.floats(-1e6, 1e6),
)
def test_over_a_restart_a_timer_follows_the_corrections_of_the_first_minutes_and_no_later_ones(
    seconds: float, off: float, behind: float, noticed: float, later: float
) -> None:
    """The machine's clock stood still, or worse, and the network puts it right after a while."""
    clocks = Clocks()
    book = Schedule(
        moment=clocks(), timers=(Timer(id="t", total=seconds, due=clocks.boot + seconds),)
    )
    right = clocks.wall + seconds
    clocks.restart(off=off)
    clocks.wall -= behind
    book = book.brought(clocks())
    clocks.pass_(noticed)
    clocks.wall += behind
    book = book.brought(clocks())
    true = clocks.wall
    assert book.timers[0].due - clocks.boot == pytest.approx(right - true, abs=2 * STEP)
    clocks.pass_(SETTLES)
    clocks.wall += later
    book = book.brought(clocks())
    left = book.timers[0].due - clocks.boot
    assert left == pytest.approx(right - true - SETTLES, abs=2 * STEP)


def test_where_no_correction_comes_a_timer_is_late_by_the_time_off_at_most() -> None:
    clocks = Clocks()
    book = Schedule(moment=clocks(), timers=(Timer(id="t", total=60, due=clocks.boot + 60),))
    clocks.restart(off=0)
    clocks.set("1970-01-02 00:00")
    assert book.brought(clocks()).timers[0].due == clocks.boot + 60


async def test_a_machine_that_sleeps_rings_as_soon_as_it_wakes() -> None:
    kitchen = Kitchen()
    async with kitchen.running():
        kitchen.timers.start(600, "tea")
        kitchen.clocks.pass_(900)
        await kitchen.settle()
        assert kitchen.bell.rings[0].words == "The tea timer ended 5 minutes ago."


def test_an_alarm_without_a_day_is_for_the_next_time_that_it_is_that_late() -> None:
    noon = berlin("2026-11-20 12:00")
    assert on_a_day(alarm("12:01"), noon, BERLIN).on == "2026-11-20"
    assert on_a_day(alarm("12:00"), noon, BERLIN).on == "2026-11-21"
    assert on_a_day(alarm("7:00"), noon, BERLIN).on == "2026-11-21"


def test_in_the_hour_that_does_not_exist_an_alarm_rings_an_hour_on_and_once() -> None:
    daily = alarm("2:30", days=tuple(range(7)))
    night = berlin("2026-03-29 00:00")
    first = daily.following(night, BERLIN)
    assert first == berlin("2026-03-29 03:30")
    assert daily.following(first, BERLIN) == berlin("2026-03-30 02:30")


def test_in_the_hour_that_exists_twice_an_alarm_rings_the_first_time_alone() -> None:
    daily = alarm("2:30", days=tuple(range(7)))
    first = daily.following(berlin("2026-10-25 00:00"), BERLIN)
    assert first == berlin("2026-10-25 02:30", fold=0)
    assert daily.following(first, BERLIN) == berlin("2026-10-26 02:30")


@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.floats(berlin("2026-01-01 00:00"), berlin("2027-12-31 00:00")),
)
def test_a_repeated_alarm_rings_once_on_each_of_its_days(
    hour: int, minute: int, days: set[int], start: float
) -> None:
    it = Alarm(id="a", hour=hour, minute=minute, days=tuple(days))
    moment, dates = start, []
    for _ in range(2 * len(days)):
        following = it.following(moment, BERLIN)
        assert following is not None
        assert following > moment
        local, moment = datetime.fromtimestamp(following, BERLIN), following
        assert local.weekday() in days
        assert (local.hour, local.minute) == (hour, minute) or hour == 2  # the gap is from 2 to 3
        dates.append(local.date())
    assert len(set(dates)) == len(dates)
    assert (dates[-1] - dates[0]).days < 14


async def test_an_alarm_follows_the_clock_on_the_wall_forward_and_back() -> None:
    kitchen = Kitchen(Clocks("2026-11-20 05:50"))
    async with kitchen.running():
        kitchen.timers.set_alarm(7, days=(0, 1, 2, 3, 4))
        kitchen.clocks.set("2026-11-20 07:00")
        await kitchen.settle()
        assert kitchen.timers.ringing
        kitchen.timers.dismiss()
        kitchen.clocks.pass_(10)
        kitchen.clocks.wall -= 20.0
        await kitchen.settle()
        assert not kitchen.timers.ringing  # a small correction: it has rung
        kitchen.clocks.set("2026-11-20 06:10")
        await kitchen.settle()
        kitchen.clocks.pass_(50 * 60)
        await kitchen.settle()
        assert kitchen.timers.ringing  # an hour back: it is seven o'clock anew
        kitchen.timers.dismiss()
        (told,) = kitchen.timers.alarms()
        assert told.at == "2026-11-23T07:00:00+01:00"  # Monday


def test_of_a_repeated_alarm_only_the_last_hour_is_made_up_for() -> None:
    clocks = Clocks("2026-11-20 09:30")
    daily = alarm("7:00", days=tuple(range(7)), last=berlin("2026-11-10 07:00"))
    assert next_ring(daily, clocks(), BERLIN) == berlin("2026-11-21 07:00")
    clocks.set("2026-11-20 07:45")
    assert next_ring(daily, clocks(), BERLIN) == berlin("2026-11-20 07:00")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_the_machines_own_zone_follows_the_same_rules(zone: str) -> None:
    """Without a zone of its own the system's rules count, as they do for every program here."""
    code = (
        "import sys; from satellite.timers.alarm import Alarm; from zoneinfo import ZoneInfo\n"
        "for minute in range(0, 60, 10):\n"
        "    for hour in (0, 1, 2, 3, 12):\n"
        "        it = Alarm(id='a', hour=hour, minute=minute, days=tuple(range(7)))\n"
        "        a = b = 1767225600.0\n"
        "        for _ in range(366):\n"
        f"            a, b = it.following(a), it.following(b, ZoneInfo({zone!r}))\n"
        "            assert a == b, (hour, minute, a, b)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=60, env={**os.environ, "TZ": zone}
    )


def test_the_real_clocks_go_on_and_the_book_is_kept_as_it_is() -> None:
    first, second = now(), now()
    assert second.follows(first)
    book = Schedule(moment=first, timers=(Timer(id="t", total=1, due=2),), alarms=(alarm("7:00"),))
    assert msgspec.json.decode(msgspec.json.encode(book), type=Schedule) == book
