"""Several brains as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satellite.components import spec
from satellite.config import checks
from satellite.engines import assembly
from satellite.engines.chain import FallbackChain
from satellite.errors import EngineDown, EngineFailed, HomeDown, PeerUnreachable
from satellite.settings import Settings
from satellite.values import Action, Declined, ReplyPart
from tests.servers.llm.asking import ask
from tests.support.connected_home import fake_home, furnished_home, token_file
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
    assert await ask(FallbackChain(brains), "hello") == answer
    assert tuple(len(brain.requests) for brain in brains) == asked


async def test_a_failure_is_not_passed_on_to_the_next() -> None:
    """What it has done, nobody knows."""
    second = ScriptedLlm()
    brains = FallbackChain((ScriptedLlm([()], error=EngineFailed("broken")), second))
    with pytest.raises(EngineFailed):
        await ask(brains, "hello")
    assert not second.requests


async def test_all_are_loaded_and_closed() -> None:
    brains = [ScriptedLlm(), ScriptedLlm()]
    first = FallbackChain(brains)
    await first.load()
    await first.close()
    assert [(brain.loads, brain.closed) for brain in brains] == [(1, True)] * 2


@pytest.mark.parametrize("away", [HomeDown("away"), EngineDown("away"), PeerUnreachable("away")])
async def test_who_cannot_be_reached_is_passed_over(away: Exception) -> None:
    assert await ask(
        FallbackChain((ScriptedLlm([()], error=away), ScriptedLlm([("b",)]))), "hello"
    ) == ["b"]


@pytest.mark.parametrize("last", [(NO,), ((Declined(text="nor I"),),)])
async def test_an_unreachable_llm_is_reported_if_no_other_has_an_answer(last: Any) -> None:
    """Not that nothing was understood: that may be wrong."""
    brains = FallbackChain(
        (ScriptedLlm([NO]), ScriptedLlm([()], error=HomeDown("away")), ScriptedLlm(last))
    )
    with pytest.raises(HomeDown):
        await ask(brains, "hello")


async def test_one_that_is_away_at_the_start_keeps_no_other_from_being_loaded() -> None:
    class Away(ScriptedLlm):
        async def load(self) -> None:
            raise PeerUnreachable("away")

    other = ScriptedLlm()
    with pytest.raises(PeerUnreachable):
        await FallbackChain((Away(), other)).load()
    assert other.loads == 1


async def test_a_chain_is_written_with_commas() -> None:
    """Commas within arguments stay; each part is checked as one."""
    text = "intents, homeassistant:http://ha:8123,ollama:a,b?stop=x,y,tcp://far:1,auto"
    assert spec.chain("llm", text) == (
        "intents", "homeassistant:http://ha:8123", "ollama:a,b?stop=x,y", "tcp://far:1", "auto",
    )  # fmt: skip
    assert spec.chain("wake", "openwakeword:a,b") == ("openwakeword:a,b",)
    assert list(checks.component("llm", "intents,homeassistant:http://ha:8123")) == []
    (problem,) = checks.component("llm", "intents,homeassistant?timeout=no")
    assert "timeout" in problem


async def test_a_chain_is_made_and_asked_in_its_order(tmp_path: Path) -> None:
    fake = furnished_home()
    fake.answers["play jazz"] = "Playing jazz."
    async with fake_home(fake):
        chosen = f"intents,homeassistant:{fake.url}?token_file={token_file(tmp_path)}"
        settings = Settings(zeroconf=False, llm=chosen)
        async with assembly.opened("llm", settings) as brain:
            assert await ask(brain, "thanks") == ["You are welcome."]
            assert not fake.asked
            assert await ask(brain, "play jazz") == ["Playing jazz."]
            (declined,) = await ask(brain, "frobnicate")
            assert isinstance(declined, Declined)
            await fake.stop()
            with pytest.raises(HomeDown):
                await ask(brain, "play jazz")
            assert await ask(brain, "thanks") == ["You are welcome."]
