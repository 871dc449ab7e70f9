"""Home Assistant 2026.11 uses our brain as its conversation agent."""

from __future__ import annotations

import pytest

from tests.homeassistant.real import assist
from tests.homeassistant.real.assist import Run
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.services import FurnishedHome
from tests.homeassistant.real.wyoming_tap import HOME, OURS

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]

CONTROL = 1
"""Bit of an agent's `supported_features`: the agent can control the home."""


def ask(home: FurnishedHome, text: str, conversation: str | None = None) -> Run:
    work = assist.run(
        home.api, home.pipeline, "intent", "intent", text=text, conversation_id=conversation
    )
    return home.home_assistant.loop.run(work)


def test_the_agent_lists_its_language_and_claims_no_home(
    home: FurnishedHome,
) -> None:
    run, api = home.home_assistant.loop.run, home.api
    agent = home.entity("llm")
    assert agent is not None
    assert run(assist.offered(api, "conversation/agent/list", "agents", agent, "en")) == "en"
    state = run(api.state(agent))
    assert state is not None
    assert not state["attributes"]["supported_features"] & CONTROL


def test_every_answer_ends_with_handled(home: FurnishedHome) -> None:
    tap = home.taps["llm"]
    for text, part in (("what time is it", "is"), ("what can you do", "you can")):
        mark = len(tap.events)
        done = ask(home, text)
        assert done.error is None, done.events
        assert part in (done.response or "").lower()
        (handled,) = tap.since(mark, OURS, "handled")
        assert handled.data["text"] == done.response
        assert done.reply["response"]["response_type"] == "action_done"


def test_an_unknown_request_is_answered_as_not_understood(home: FurnishedHome) -> None:
    tap = home.taps["llm"]
    mark = len(tap.events)
    done = ask(home, "why do birds suddenly appear")
    assert done.reply["response"]["response_type"] == "error"
    assert (done.response or "").strip()
    assert tap.types(mark, OURS) == ["not-handled"]


def test_conversations_are_separate(home: FurnishedHome) -> None:
    """Two concurrent conversations each repeat only their own last answer."""
    first = ask(home, "what can you do")
    second = ask(home, "is there a timer running")
    names = [run.reply["conversation_id"] for run in (first, second)]
    assert names[0] != names[1]
    tap = home.taps["llm"]
    mark = len(tap.events)
    repeated = [ask(home, "say that again", name) for name in names]
    asked = tap.since(mark, HOME, "transcript")
    assert [event.data["context"]["conversation_id"] for event in asked] == names
    assert [run.reply["conversation_id"] for run in repeated] == names
    assert [run.response for run in repeated] == [first.response, second.response]


def test_concurrent_requests_are_answered(home: FurnishedHome) -> None:
    async def all_of_them() -> list[Run]:
        import asyncio

        texts = ["what time is it", "what can you do", "is there a timer running"] * 4
        return await asyncio.gather(
            *(assist.run(home.api, home.pipeline, "intent", "intent", text=text) for text in texts)
        )

    done = home.home_assistant.loop.run(all_of_them())
    assert [run.error for run in done] == [None] * 12
    assert len({run.reply["conversation_id"] for run in done}) == 12
    responses = [run.response for run in done]
    assert responses[1::3] == [responses[1]] * 4
    assert responses[2::3] == [responses[2]] * 4
