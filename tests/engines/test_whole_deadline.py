"""The only server of a role has a stage's whole deadline, and the built-in engine time after it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from satellite.engines.chain import FallbackChain
from satellite.engines.selection import FALLBACK, SHARE
from satellite.lib.deadline import fallback_seconds
from satellite.settings import DeadlineSettings, Settings
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.outcome import Answered
from satellite.turns.turn import Turn
from satellite.values import Declined
from tests.engines.test_failover import Scene, scene
from tests.support.engines import Scripted, ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn, utterance

DEADLINE = 2.0
"""Seconds of each stage."""
KINDS: dict[str, type[Any]] = {"asr": ScriptedAsr, "llm": ScriptedLlm, "tts": ScriptedTts}


class Late:
    """Opens its gate after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.gate = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, self.gate.set)


@pytest.fixture
async def stack() -> Any:
    async with AsyncExitStack() as entered:
        yield entered


async def take_turn(role: str, made: Scene) -> None:
    """Take a turn with quick engines but for one role; it must be answered."""
    engines = {name: kind() for name, kind in KINDS.items()} | {role: made.engine}
    deadlines = DeadlineSettings(asr=DEADLINE, llm=DEADLINE, tts=DEADLINE)
    settings = Settings(deadlines=deadlines)
    stage = RecordedTurn()
    turn = Turn(utterance(), Engines(**engines), Conversation(), settings, stage)
    async with asyncio.timeout(10):
        outcome = await turn.run()
    assert isinstance(outcome, Answered), outcome
    assert stage.apologies == []


@pytest.mark.parametrize("role", KINDS)
async def test_an_only_server_that_needs_nearly_all_of_the_deadline_answers(
    stack: AsyncExitStack, role: str
) -> None:
    served: Scripted = KINDS[role](gate=Late(0.93 * DEADLINE).gate)
    made = await scene(stack, role, KINDS[role](), served, deadline=SHARE * DEADLINE)
    await take_turn(role, made)
    assert (len(served.requests), len(made.built_in.requests)) == (1, 0)
    assert made.moves == []


@pytest.mark.parametrize("role", KINDS)
async def test_after_a_hung_only_server_the_built_in_engine_has_time_of_its_own(
    stack: AsyncExitStack, role: str
) -> None:
    built_in: Scripted = KINDS[role](gate=Late(DEADLINE + 0.5).gate)
    hung = {"words": 0} if role == "tts" else {}
    served: Scripted = KINDS[role](hang=True, **hung)
    if isinstance(served, ScriptedLlm):
        served.replies = [()]
    made = await scene(stack, role, built_in, served, deadline=SHARE * DEADLINE)
    await take_turn(role, made)
    assert len(built_in.requests) == 1


async def test_a_chain_has_the_time_of_its_slowest_link(stack: AsyncExitStack) -> None:
    made = await scene(stack, "llm", ScriptedLlm())
    first = ScriptedLlm([(Declined(text="no"),)])
    assert fallback_seconds(first) == 0.0
    assert fallback_seconds(FallbackChain([first, made.engine])) == FALLBACK["llm"]
