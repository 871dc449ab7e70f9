"""A satellite among others: which one answers, when, and that the others stay silent."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from satellite import events
from satellite.settings import RoomsSettings
from tests.arbitration.simulated_group import WORD, SimulatedSatellite, home, settings, until, word


def decided(rooms: list[SimulatedSatellite]) -> bool:
    return any(room.answered for room in rooms) and all(
        room.open is None or room.answered for room in rooms
    )


async def test_a_single_satellite_answers_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    async with home(monkeypatch, "kitchen") as (kitchen,):
        await until(lambda: kitchen.arbiter.joined)
        assert kitchen.wake()
        assert len(kitchen.answered) == 1
        assert kitchen.published == []


@pytest.mark.parametrize("setting", ["zeroconf", "enabled"])
async def test_disabled_arbitration_causes_no_delay(setting: str) -> None:
    shared = settings()
    if setting == "zeroconf":
        shared = msgspec.structs.replace(shared, zeroconf=False)
    else:
        shared = msgspec.structs.replace(shared, rooms=RoomsSettings(enabled=False))
    kitchen = SimulatedSatellite(shared, "kitchen")
    await kitchen.arbiter.run()
    assert not kitchen.arbiter.joined
    assert kitchen.wake()
    assert len(kitchen.answered) == 1


async def test_field_21_no_satellite_makes_a_sound_before_the_decision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with home(monkeypatch, "kitchen", "hall", "study") as rooms:
        for room, level in zip(rooms, (-34, -22, -28), strict=True):
            room.recorded = word(level)
        began = time.monotonic()
        for room in rooms:
            assert room.wake()
        assert [room.answered for room in rooms] == [[], [], []]
        await until(lambda: decided(rooms))
        assert time.monotonic() - began < 1.0
        assert [len(room.answered) for room in rooms] == [0, 1, 0]
        for room in (rooms[0], rooms[2]):
            (yielded,) = room.published
            assert isinstance(yielded, events.Yielded)
            assert (yielded.to, yielded.word) == ("hall", WORD)
            assert len(room.closed) == 1
        (chosen,) = rooms[1].events_of(events.Chosen)
        assert isinstance(chosen, events.Chosen)
        assert 0.03 < chosen.waited < 1.0


async def test_field_20_the_best_placed_satellite_answers_before_its_detector_fires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It hears the same sound better, and so takes part before its own detector fires."""
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.recorded, hall.recorded = word(-38), word(-20, late=0.14)
        assert kitchen.wake()
        await until(lambda: decided([kitchen, hall]))
        assert (len(kitchen.answered), len(hall.answered)) == (0, 1)
        assert not hall.wake()  # its detector fires late: the utterance is captured already
        hall.open = None
        assert not hall.wake()  # also after a short utterance
        assert len(hall.answered) == 1


async def test_a_satellite_that_hears_another_sound_does_not_take_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.recorded, hall.recorded = word(-38), word(-20, late=1.5)
        assert kitchen.wake()
        await until(lambda: decided([kitchen, hall]))
        assert (len(kitchen.answered), len(hall.answered)) == (1, 0)


async def test_a_satellite_whose_detector_fires_late_stays_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.recorded = word(-38)
        assert kitchen.wake()
        await until(lambda: bool(kitchen.answered))
        await asyncio.sleep(0.02)
        hall.recorded = word(-10)
        assert not hall.wake()
        assert hall.answered == []
        assert len(hall.events_of(events.Yielded)) == 1


async def test_a_busy_satellite_answers_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A satellite in a turn, or with a ringing timer, answers at once, however badly it hears."""
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.busy = True
        kitchen.recorded, hall.recorded = word(-40), word(-10)
        assert hall.wake()
        assert kitchen.wake()
        assert len(kitchen.answered) == 1
        await until(lambda: bool(hall.closed))
        assert hall.answered == []


async def test_a_muted_satellite_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, hall):
        kitchen.recorded, hall.recorded = word(-30), word(-10)
        hall.muted = True
        assert not hall.wake()
        assert kitchen.wake()
        await until(lambda: bool(kitchen.answered))
        assert (hall.answered, hall.published) == ([], [])


async def test_another_home_on_the_same_network_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = settings()
    other = msgspec.structs.replace(
        shared, rooms=msgspec.structs.replace(shared.rooms, group="other")
    )
    async with (
        home(monkeypatch, "ours", home_settings=shared) as (ours,),
        home(monkeypatch, "theirs", home_settings=other) as (theirs,),
    ):
        await asyncio.sleep(0.05)
        assert ours.wake()
        assert theirs.wake()
        assert (len(ours.answered), len(theirs.answered)) == (1, 1)


async def test_a_satellite_that_left_causes_no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = settings()
    async with home(monkeypatch, "kitchen", home_settings=shared) as (kitchen,):
        hall = SimulatedSatellite(shared, "hall")
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(hall.arbiter.run())
            await until(lambda: kitchen.arbiter.others == 1)
            running.cancel()
        await until(lambda: kitchen.arbiter.others == 0)
        assert kitchen.wake()
        assert len(kitchen.answered) == 1


async def test_an_utterance_without_wake_word_needs_no_election(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with home(monkeypatch, "kitchen", "hall") as (kitchen, _):
        assert kitchen.listen_now(None)
        assert len(kitchen.answered) == 1
