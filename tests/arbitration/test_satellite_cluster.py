"""A complete satellite, with or without Home Assistant, that leaves a wake word to another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from satellite import events
from satellite.arbitration import group
from satellite.arbitration.arbiter import Arbiter
from satellite.arbitration.election import BidAnnouncement
from satellite.arbitration.group import Group
from satellite.arbitration.protocol import Claim, Rank
from satellite.settings import Settings
from tests.arbitration.simulated_group import settings
from tests.arbitration.test_multicast import LOOP
from tests.support.scripted_home_assistant import connected_home_assistant
from tests.support.scripted_satellite import QUIET, ScriptedSatellite


class BetterPlaced:
    """A satellite that hears every word better, and answers as scripted."""

    def __init__(self, settings: Settings) -> None:
        self.claims: list[Claim] = []
        self.group = Group(settings, lambda: False, self._claimed)
        self.answers_claims = False
        self.answers_answers = False

    def answer(self, claim: Claim) -> None:
        rank = Rank(False, 400, 999, self.group.id)
        better = Claim(claim.event, claim.word, claim.age, rank)
        self.group.announce(BidAnnouncement("answer", better))

    def _claimed(self, claim: Claim, answered: bool) -> None:
        self.claims.append(claim)
        if self.answers_answers if answered else self.answers_claims:
            self.answer(claim)


@asynccontextmanager
async def two(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[tuple[ScriptedSatellite, BetterPlaced], None]:
    """Run a kitchen and a better placed satellite that know each other."""
    monkeypatch.setattr(group, "interfaces", lambda: [LOOP])
    shared = settings()
    kitchen = ScriptedSatellite(msgspec.structs.replace(QUIET, rooms=shared.rooms))
    rooms = Arbiter(
        msgspec.structs.replace(kitchen.settings, zeroconf=True),
        kitchen.turns,
        kitchen.listener,
        kitchen.happened.append,
        on_yield=kitchen.wake_stream.invalidate,
    )
    kitchen.accept = rooms.accept
    better = BetterPlaced(msgspec.structs.replace(shared, name="hall"))
    async with kitchen.open(), asyncio.TaskGroup() as tasks:
        running = (
            tasks.create_task(rooms.run()),
            tasks.create_task(better.group.run()),
        )
        try:
            await kitchen.until(lambda: rooms.others == 1 and len(better.group.others()) == 1)
            yield kitchen, better
        finally:
            for task in running:
                task.cancel()


def yielded(kitchen: ScriptedSatellite) -> Callable[[], bool]:
    return lambda: bool(kitchen.of(events.Yielded)) and kitchen.room.silent


async def test_field_21_a_word_that_another_answers_causes_no_cue_turn_or_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with two(monkeypatch) as (kitchen, better):
        better.answers_claims = True
        kitchen.room.ask()
        await kitchen.until(yielded(kitchen))
        assert kitchen.of(events.Wake) == kitchen.of(events.TurnEnd) == []
        assert kitchen.of(events.Phase) == []
        assert kitchen.speaker.heard == b""
        assert kitchen.of(events.Yielded)[0].to == "hall"


async def test_no_speech_is_lost_during_the_election_and_listening_resumes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with two(monkeypatch) as (kitchen, better):
        better.answers_claims = True
        kitchen.room.ask()
        await kitchen.until(yielded(kitchen))
        better.answers_claims = False
        await asyncio.sleep(2.1)  # within this time it would be the same word
        kitchen.room.ask()
        await kitchen.ended()
        assert kitchen.outcomes() == ["answered"]
        (chosen,) = kitchen.of(events.Chosen)
        assert 0.05 < chosen.waited < 1.0
        assert len(kitchen.of(events.Transcript)) > 0


async def test_a_decided_satellite_withdraws_for_a_better_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both have decided, because all earlier messages of the better one were lost."""
    async with two(monkeypatch) as (kitchen, better):
        better.answers_answers = True
        kitchen.room.say((b"\x03\x00", 0.03))
        await kitchen.until(lambda: bool(kitchen.of(events.Yielded)))
        await kitchen.ended()
        assert kitchen.outcomes() == ["cancelled"]
        assert kitchen.of(events.Transcript) == []


@pytest.mark.parametrize("left", [False, True])
async def test_only_the_answering_satellite_asks_home_assistant(
    monkeypatch: pytest.MonkeyPatch, left: bool
) -> None:
    async with two(monkeypatch) as (kitchen, better), connected_home_assistant(kitchen.uri) as home:
        better.answers_claims = left
        kitchen.room.ask()
        if left:
            await kitchen.until(yielded(kitchen))
            await asyncio.sleep(0.15)
            assert not {"detection", "run-pipeline", "audio-chunk"} & set(home.kinds())
        else:
            await home.expect("run-pipeline")
            await home.answer("what time is it", "Late.")
            await home.expect("played")
            await kitchen.ended()
            assert kitchen.outcomes() == ["answered"]
