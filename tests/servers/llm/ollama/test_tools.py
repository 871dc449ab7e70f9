"""Tool calls of a model: rounds, errors, limits, and the resulting actions."""

from __future__ import annotations

from typing import Any

import pytest

from satellite.errors import AnswerBroken, EngineFailed
from satellite.turns.own_sentences import own_sentences
from satellite.values import Action, Declined, ReplyRequest, Situation, TimerState
from servers.llm.chat.chat import CALLS
from servers.llm.chat.client import MOST_CALLS
from tests.servers.llm.asking import NOW, ask, brain, done, heard
from tests.support.ollama_fake import Script, calls, cut, failure, fake_ollama, words

TEA = ("start_timer", {"minutes": 5, "name": "tea"})
START = Action(name="timer.start", data={"seconds": 300.0, "name": "tea"})


def results(asked: dict[str, Any]) -> list[str]:
    """The results of tools in a prompt."""
    return [m["content"] for m in asked["messages"] if m["role"] == "tool"]


async def test_the_skills_are_offered_with_their_arguments() -> None:
    async with fake_ollama() as fake, brain(fake.host) as engine:
        await ask(engine, "hello")
        offered = {t["function"]["name"]: t["function"] for t in fake.asked[0]["tools"]}
    assert {"get_time", "start_timer", "check_timers", "cancel_timer", "set_volume"} <= set(offered)
    assert "switch_home" not in offered
    minutes = offered["start_timer"]["parameters"]["properties"]["minutes"]
    assert minutes == {"type": "number", "description": "Minutes"}
    assert offered["set_volume"]["parameters"]["required"] == ["percent"]


async def test_a_tool_is_called_and_the_model_receives_its_result() -> None:
    script = calls(TEA), words("Your tea timer runs.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert await ask(engine, "tea please") == [START, "Your tea timer runs."]
        asked = fake.asked[1]
    assert asked["messages"][-2]["tool_calls"][0]["function"]["name"] == "start_timer"
    assert asked["messages"][-1]["tool_name"] == "start_timer"
    assert results(asked) == ["The tea timer is set for 5 minutes."]
    assert asked["messages"][:2] == fake.asked[0]["messages"]


async def test_arguments_written_as_json_text_are_read() -> None:
    script = calls(("start_timer", '{"minutes": 5, "name": "tea"}')), words("Your tea timer runs.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert await ask(engine, "tea please") == [START, "Your tea timer runs."]


@pytest.mark.parametrize("name", ["check_timer", "CheckTimer", "functions.check-timers"])
async def test_a_tool_is_known_in_singular_and_plural(name: str) -> None:
    async with fake_ollama(calls((name, {})), words("None.")) as fake, brain(fake.host) as engine:
        assert await ask(engine, "are any timers running") == ["None."]
        assert results(fake.asked[1]) == ["No timer is running."]


@pytest.mark.parametrize("arguments", [[], "[]", None, "", {"arguments": []}, {"arguments": {}}])
async def test_empty_arguments_are_none_however_they_are_written(arguments: Any) -> None:
    script = calls(("get_time", arguments)), words("It is late.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert await ask(engine, "what time is it") == ["It is late."]
        (reported,) = results(fake.asked[1])
    assert not reported.startswith("Error")


@pytest.mark.parametrize("arguments", ["minutes=5", "[5]", 5])
async def test_the_model_receives_an_error_for_arguments_that_are_no_object(arguments: Any) -> None:
    script = calls(("start_timer", arguments)), words("I cannot.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert await ask(engine, "tea please") == ["I cannot."]
        (reported,) = results(fake.asked[1])
    assert reported.startswith("Error: start_timer: ")


async def test_an_empty_answer_after_a_tool_speaks_its_result() -> None:
    async with fake_ollama(calls(TEA), words()) as fake, brain(fake.host) as engine:
        assert await ask(engine, "tea") == [START, "The tea timer is set for 5 minutes."]


async def test_texts_before_and_after_a_tool_are_two_sentences() -> None:
    script = calls(TEA, before="One moment."), words("Done.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert heard(await ask(engine, "tea")) == "One moment. Done."


async def test_the_model_receives_the_errors_of_its_calls() -> None:
    wrong = calls(
        ("start_timr", {}),
        ("start_timer", {"minuts": 5}),
        ("set_volume", {"percent": 900}),
        ("set_volume", {}),
    )
    async with fake_ollama(wrong, words("I cannot.")) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "louder")
        reported = results(fake.asked[1])
    assert parts == ["I cannot."]
    assert all(text.startswith("Error: ") for text in reported)
    for text, part in zip(
        reported,
        ("did you mean start_timer?", "did you mean minutes?", "<= 100", "percent is missing"),
        strict=True,
    ):
        assert part in text


async def test_null_and_empty_arguments_count_as_omitted() -> None:
    script = calls(("cancel_timer", {"name": None, "all": ""})), words("Cancelled.")
    timer = TimerState(id="7", total=60.0, remaining=30.0)
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "end it", Situation(timers=(timer,)))
    assert done(parts) == [Action(name="timer.cancel", data={"id": "7"})]


async def test_a_connected_home_is_offered_as_a_tool() -> None:
    lamp = calls(("switch_home", {"action": "turn_on", "name": "lamp", "area": "den"}))
    there = Situation(home=True, names=("lamp",), areas=("den",))
    async with fake_ollama(lamp, words("On.")) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "it is dark", there)
        assert "lamp" in fake.asked[0]["messages"][0]["content"]
    (action,) = done(parts)
    assert action.name == "home.do"
    assert (action.data["deed"], action.data["area"]) == ("turn_on", "den")


async def test_rounds_are_limited_and_the_last_one_is_announced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server did what it was asked, so that the next request is not sent to another one."""
    script = [calls(("nothing", {"n": n})) for n in range(3)]
    async with fake_ollama(*script) as fake, brain(fake.host, tool_rounds=2) as engine:
        assert await ask(engine, "tea") == [Declined(text=own_sentences("en").no_answer)]
        assert len(fake.asked) == 3
        assert ["No more tools" in text for text in results(fake.asked[2])] == [False, True]
    assert "used tools 2 times and gave no answer" in caplog.text


async def test_a_call_of_wrong_arguments_is_not_made_again() -> None:
    """Qwen2.5-Coder 0.5B writes a tool's schema in place of its arguments, and repeats it."""
    wrong = calls(("start_timer", {"type": "object"}))
    async with fake_ollama(wrong) as fake, brain(fake.host, tool_rounds=8) as engine:
        assert await ask(engine, "tea") == [Declined(text=own_sentences("en").no_answer)]
        assert len(fake.asked) == 3
        assert ["No more tools" in text for text in results(fake.asked[2])] == [False, True]


@pytest.mark.parametrize("then", [calls(TEA), failure(500, "out of memory"), cut(words(), "short")])
async def test_the_results_of_tools_are_spoken_if_the_model_fails_afterwards(then: Script) -> None:
    async with fake_ollama(calls(TEA), then) as fake, brain(fake.host, tool_rounds=1) as engine:
        assert await ask(engine, "tea") == [START, "The tea timer is set for 5 minutes."]


async def test_an_answer_that_breaks_off_after_a_tool_is_a_failure() -> None:
    then = cut(words("Your ", "tea "), "broken")
    async with fake_ollama(calls(TEA), then) as fake, brain(fake.host) as engine:
        with pytest.raises(AnswerBroken):
            await ask(engine, "tea")


async def test_calls_at_once_are_limited() -> None:
    script = calls(*[TEA] * (CALLS + 2)), words("Done.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert len(done(await ask(engine, "tea"))) == CALLS
        assert "at most" in results(fake.asked[1])[-1]


async def test_of_thousands_of_calls_a_few_are_answered() -> None:
    """The others would make the next question too long, and take seconds."""
    many = calls(*[("start_timer", {"minutes": number}) for number in range(1, 10_001)])
    async with fake_ollama(many, words("Done.")) as fake, brain(fake.host) as engine:
        assert len(done(await ask(engine, "tea"))) == CALLS
        assert len(results(fake.asked[1])) == MOST_CALLS


async def test_a_model_without_tool_support_is_asked_without_tools() -> None:
    refusal = failure(400, '"registry.ollama.ai/library/m:latest" does not support tools')
    async with fake_ollama(refusal, words("Hello.")) as fake, brain(fake.host) as engine:
        for _ in range(2):
            assert heard(await ask(engine, "hello", NOW)) == "Hello."
        assert [bool(asked.get("tools")) for asked in fake.asked] == [True, False, False]


UNKNOWN = ("open_pod_bay", {"doors": "all"})


@pytest.mark.parametrize(
    "script",
    [
        [words("<think>hm</think>\n")],
        [words("")],
        [words(" \n")],
        [words(thinking=["I had better say nothing."])],
        [calls(UNKNOWN), words("")],
        [words('<tool_call>{"name": "open_pod_bay", "arguments": {}}</tool_call>'), words("")],
    ],
)
@pytest.mark.parametrize("language", [None, "en-US", "xx"])
async def test_an_empty_answer_is_said_to_be_one(
    script: list[Script], language: str | None
) -> None:
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert await ask(engine, "hello", language=language) == [
            Declined(text=own_sentences("en").no_answer)
        ]


async def test_no_tool_is_called_ahead_of_the_end_of_a_request() -> None:
    script = words("Four."), calls(TEA), calls(TEA), words("It runs.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert engine.describe().ahead
        request = ReplyRequest(text="two and two")
        assert [part async for part in engine.ahead(request)] == ["Four."]
        request = ReplyRequest(text="tea please")
        with pytest.raises(EngineFailed, match="no tool"):
            assert [part async for part in engine.ahead(request)]
        assert len(fake.asked) == 2
        assert await ask(engine, "tea please") == [START, "It runs."]
