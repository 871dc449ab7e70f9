"""Several brains as one."""

from __future__ import annotations

import pytest

from satellite.errors import EngineFailed
from satellite.values import Action, Declined, ReplyPart
from satellite.first import First
from tests.servers.llm.asking import ask
from tests.support.engines import ScriptedLlm

NO = (Declined(text="no"),)
STOP = Action(name="stop")


@pytest.mark.parametrize(
    ("replies", "answer", "asked"),
    [
        (((STOP, "a"), ("b",)), [STOP, "a"], (1, 0)),
        ((NO, ("b", "c")), ["b", "c"], (1, 1)),
        ((NO, (Declined(text="nor I"),)), [Declined(text="nor I")], (1, 1)),
        (((), ("b",)), [], (1, 0)),
    ],
    ids=["first", "second", "neither", "nothing"],
)
async def test_who_does_not_decline_answers(
    replies: tuple[tuple[ReplyPart, ...], ...],
    answer: list[ReplyPart],
    asked: tuple[int, ...],
) -> None:
    brains = [ScriptedLlm([parts]) for parts in replies]
    assert await ask(First(brains), "hello") == answer
    assert tuple(len(brain.requests) for brain in brains) == asked


async def test_a_failure_is_not_passed_on_to_the_next() -> None:
    """What it has done, nobody knows."""
    second = ScriptedLlm()
    brains = First((ScriptedLlm([()], error=EngineFailed("broken")), second))
    with pytest.raises(EngineFailed):
        await ask(brains, "hello")
    assert not second.requests


async def test_all_are_loaded_and_closed() -> None:
    brains = [ScriptedLlm(), ScriptedLlm()]
    first = First(brains)
    await first.load()
    await first.close()
    assert [(brain.loads, brain.closed) for brain in brains] == [(1, True)] * 2
