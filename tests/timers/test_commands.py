"""A timer with a command carries it out when it is due, and is otherwise like every timer."""

from __future__ import annotations

from pathlib import Path

from satellite import events
from satellite.lib.persistence import StoredValue
from satellite.timers import TimerManager
from satellite.timers.schedule import LATEST, Schedule
from satellite.turns.actions import StartTimer, parse
from satellite.values import Action
from tests.support.ring_words import english_rings
from tests.timers.clocks import Clocks, EndlessRing, RunningTimers

COMMAND = "turn off the lights"


def start(home: RunningTimers, seconds: float = 600) -> None:
    home.timers.start(seconds, COMMAND, command=COMMAND, language="en")


async def test_a_due_command_is_carried_out_once_and_does_not_ring() -> None:
    home = RunningTimers()
    async with home.running():
        start(home)
        home.clocks.pass_(599)
        await home.settle()
        assert not home.commands
        home.clocks.pass_(1)
        await home.settle()
        await home.settle()
        (due,) = home.commands
        assert (due.command, due.language) == (COMMAND, "en")
        assert not home.bell.rings
        assert home.timers.states() == ()
    assert home.states() == ["started", "finished", "dismissed"]


async def test_it_is_listed_changed_and_cancelled_as_a_timer() -> None:
    home = RunningTimers()
    async with home.running():
        start(home)
        (state,) = home.timers.states()
        assert (state.name, state.remaining) == (COMMAND, 600)
        home.timers.add(state.id, 60)
        home.timers.pause(state.id)
        home.clocks.pass_(1000)
        await home.settle()
        assert not home.commands
        home.timers.cancel(state.id)
        await home.settle()
        assert home.timers.states() == ()
    assert home.states()[-1] == "cancelled"
    assert not home.commands


async def test_it_survives_a_restart_which_delays_it_only(tmp_path: Path) -> None:
    store = StoredValue("timers", Schedule, Schedule(), tmp_path)
    before = RunningTimers(store=store)
    async with before.running():
        start(before)
    again = RunningTimers(before.clocks, store=store)
    again.clocks.pass_(900)
    async with again.running():
        await again.settle()
        (due,) = again.commands
    assert due.command == COMMAND


async def test_a_command_of_long_ago_is_not_carried_out() -> None:
    home = RunningTimers()
    async with home.running():
        start(home)
        home.clocks.pass_(600 + LATEST)
        await home.settle()
    assert not home.commands
    assert home.states() == ["started", "missed"]


async def test_without_a_carrier_it_rings() -> None:
    """As on a satellite that only knows the timer's name."""
    clocks, bell = Clocks(), EndlessRing()
    happened: list[events.Event] = []
    timers = TimerManager(happened.append, bell, 60, english_rings, clock=clocks)
    home = RunningTimers(clocks)
    home.timers, home.bell = timers, bell
    async with home.running():
        start(home, 0)
        await home.settle()
        assert timers.ringing


def test_the_action_of_a_brain_has_the_command() -> None:
    data = {"seconds": 60, "name": COMMAND, "command": COMMAND, "language": "en"}
    known = parse(Action(name="timer.start", data=data))
    assert isinstance(known, StartTimer)
    assert (known.command, known.language) == (COMMAND, "en")
