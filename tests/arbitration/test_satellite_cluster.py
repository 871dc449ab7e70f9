"""A whole satellite, with Home Assistant or without, that leaves a wake word to another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from satellite import events
from satellite.arbitration import group
from satellite.arbitration.arbiter import Arbiter
from satellite.arbitration.election import Announcement
from satellite.arbitration.group import Group
from satellite.arbitration.protocol import Claim, Rank
from satellite.settings import Settings
from tests.arbitration.simulated_group import settings
from tests.arbitration.test_multicast import LOOP
from tests.support.scripted_home_assistant import connected_home_assistant
from tests.support.scripted_satellite import QUIET, ScriptedSatellite


class Better:
    """A satellite that hears every word better, and says so when it likes."""

    def __init__(self, its: Settings) -> None:
        self.heard: list[Claim] = []
        self.company = Group(its, lambda: False, self._claimed)
        self.answers_claims = False
        self.answers_answers = False

    def answer(self, claim: Claim) -> None:
        rank = Rank(False, 400, 999, self.company.id)
        mine = Claim(claim.event, claim.word, claim.age, rank)
        self.company.tell(Announcement("answer", mine))

    def _claimed(self, claim: Claim, answered: bool) -> None:
        self.heard.append(claim)
        if self.answers_answers if answered else self.answers_claims:
            self.answer(claim)


@asynccontextmanager
async def two(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[tuple[ScriptedSatellite, Better], None]:
    """A kitchen and a better placed satellite, which know each other."""
    monkeypatch.setattr(group, "interfaces", lambda: [LOOP])
    its = settings()
    kitchen = ScriptedSatellite(msgspec.structs.replace(QUIET, rooms=its.rooms))
    rooms = Arbiter(
        msgspec.structs.replace(kitchen.settings, zeroconf=True),
        kitchen.assistant,
        kitchen.listener,
        kitchen.happened.append,
        on_yield=kitchen.role.wake.over,
    )
    kitchen.accept = rooms.accept
    better = Better(msgspec.structs.replace(its, name="hall"))
    async with kitchen.open(), asyncio.TaskGroup() as tasks:
        running = (
            tasks.create_task(rooms.run()),
            tasks.create_task(better.company.run()),
        )
        try:
            await kitchen.until(lambda: rooms.others == 1 and len(better.company.others()) == 1)
            yield kitchen, better
        finally:
            for task in running:
                task.cancel()


def yielded(kitchen: ScriptedSatellite) -> Callable[[], bool]:
    return lambda: bool(kitchen.of(events.Yielded)) and kitchen.room.silent


async def test_field_21_no_cue_no_turn_and_no_event_of_a_word_that_another_answers(
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


async def test_no_word_is_lost_while_it_is_agreed_and_it_listens_again_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with two(monkeypatch) as (kitchen, better):
        better.answers_claims = True
        kitchen.room.ask()
        await kitchen.until(yielded(kitchen))
        better.answers_claims = False
        await asyncio.sleep(2.1)  # until then it would be the same word
        kitchen.room.ask()
        await kitchen.ended()
        assert kitchen.outcomes() == ["answered"]
        (chosen,) = kitchen.of(events.Chosen)
        assert 0.05 < chosen.waited < 1.0
        assert len(kitchen.of(events.Transcript)) > 0


async def test_one_that_has_decided_goes_back_to_sleep_for_a_better_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both have decided, as all that the better one said was lost until then."""
    async with two(monkeypatch) as (kitchen, better):
        better.answers_answers = True
        kitchen.room.say((b"\x03\x00", 0.03))
        await kitchen.until(lambda: bool(kitchen.of(events.Yielded)))
        await kitchen.ended()
        assert kitchen.outcomes() == ["cancelled"]
        assert kitchen.of(events.Transcript) == []


@pytest.mark.parametrize("left", [False, True])
async def test_only_the_one_that_answers_asks_home_assistant(
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
