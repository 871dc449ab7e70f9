"""A satellite among others: who answers, when, and that the rest is silence."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from satellite import events
from satellite.settings import RoomsSettings
from tests.arbitration.simulated_group import WORD, Room, home, settings, until, word


def decided(rooms: list[Room]) -> bool:
    return any(room.answered for room in rooms) and all(
        room.open is None or room.answered for room in rooms
    )


async def test_alone_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with home(monkeypatch, "kitchen") as (kitchen,):
        await until(lambda: kitchen.rooms.joined)
        assert kitchen.wake()
        assert len(kitchen.answered) == 1
        assert kitchen.happened == []


@pytest.mark.parametrize("setting", ["zeroconf", "enabled"])
async def test_switched_off_it_costs_nothing(setting: str) -> None:
    its = settings()
    if setting == "zeroconf":
        its = msgspec.structs.replace(its, zeroconf=False)
    else:
        its = msgspec.structs.replace(its, rooms=RoomsSettings(enabled=False))
    kitchen = Room(its, "kitchen")
    await kitchen.rooms.run()
    assert not kitchen.rooms.joined
    assert kitchen.wake()
    assert len(kitchen.answered) == 1


async def test_field_21_nobody_makes_a_sound_before_it_is_agreed_who_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with home(monkeypatch, "kitchen", "hall", "study") as rooms:
        for room, level in zip(rooms, (-34, -22, -28), strict=True):
            room.heard = word(level)
        began = time.monotonic()
        for room in rooms:
            assert room.wake()
        assert [room.answered for room in rooms] == [[], [], []]
        await until(lambda: decided(rooms))
        assert time.monotonic() - began < 1.0
        assert [len(room.answered) for room in rooms] == [0, 1, 0]
        for room in (rooms[0], rooms[2]):
            (yielded,) = room.happened
            assert isinstance(yielded, events.Yielded)
            assert (yielded.to, yielded.word) == ("hall", WORD)
            assert len(room.closed) == 1
        (chosen,) = rooms[1].of(events.Chosen)
        assert isinstance(chosen, events.Chosen)
        assert 0.03 < chosen.waited < 1.0


async def test_field_20_the_best_placed_one_answers_whose_detector_has_not_fired_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It hears the same sound, and better: it takes part before its own detector is sure."""
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.heard, hall.heard = word(-38), word(-20, late=0.14)
        assert kitchen.wake()
        await until(lambda: decided([kitchen, hall]))
        assert (len(kitchen.answered), len(hall.answered)) == (0, 1)
        assert not hall.wake()  # its detector, at last: it is listening already
        hall.open = None
        assert not hall.wake()  # also when it was only a word or two
        assert len(hall.answered) == 1


async def test_who_hears_something_else_does_not_take_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.heard, hall.heard = word(-38), word(-20, late=1.5)
        assert kitchen.wake()
        await until(lambda: decided([kitchen, hall]))
        assert (len(kitchen.answered), len(hall.answered)) == (1, 0)


async def test_a_late_detector_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.heard = word(-38)
        assert kitchen.wake()
        await until(lambda: bool(kitchen.answered))
        await asyncio.sleep(0.02)
        hall.heard = word(-10)
        assert not hall.wake()
        assert hall.answered == []
        assert len(hall.of(events.Yielded)) == 1


async def test_a_busy_satellite_answers_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one whose turn is running, or whose timer rings, answers at once, however badly it
    hears."""
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.busy = True
        kitchen.heard, hall.heard = word(-40), word(-10)
        assert hall.wake()
        assert kitchen.wake()
        assert len(kitchen.answered) == 1
        await until(lambda: bool(hall.closed))
        assert hall.answered == []


async def test_who_is_muted_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.heard, hall.heard = word(-30), word(-10)
        hall.muted = True
        assert not hall.wake()
        assert kitchen.wake()
        await until(lambda: bool(kitchen.answered))
        assert (hall.answered, hall.happened) == ([], [])


async def test_another_home_on_the_same_network_is_not_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    its = settings()
    other = msgspec.structs.replace(its, rooms=msgspec.structs.replace(its.rooms, group="other"))
    async with (
        home(monkeypatch, "ours", its=its) as (ours,),
        home(monkeypatch, "theirs", its=other) as (theirs,),
    ):
        await asyncio.sleep(0.05)
        assert ours.wake()
        assert theirs.wake()
        assert (len(ours.answered), len(theirs.answered)) == (1, 1)


async def test_who_has_left_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    its = settings()
    async with home(monkeypatch, "kitchen", its=its) as (kitchen,):
        hall = Room(its, "hall")
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(hall.rooms.run())
            await until(lambda: kitchen.rooms.others == 1)
            running.cancel()
        await until(lambda: kitchen.rooms.others == 0)
        assert kitchen.wake()
        assert len(kitchen.answered) == 1


async def test_what_is_no_wake_word_is_not_agreed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, _):
        assert kitchen.listen_now(None)
        assert len(kitchen.answered) == 1
