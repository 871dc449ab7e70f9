"""The engine `ollama`: its requests, and the replies from Ollama's answers."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest

from satellite.errors import EngineClosed
from satellite.values import Message, ReplyRequest, Situation
from servers.llm.ollama.engine import WARM_UP_AFTER
from tests.servers.llm.asking import NOW, ask, brain, done, heard
from tests.support.ollama_fake import cut, fake_ollama, words


async def test_an_answer_comes_piece_by_piece() -> None:
    async with fake_ollama(words("It ", "is ", "warm.")) as fake, brain(fake.host) as engine:
        assert await ask(engine, "is it warm?") == ["It ", "is ", "warm."]


async def test_the_options_arrive_under_their_names() -> None:
    chosen = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "num_ctx": 2048, "num_predict": 64}
    async with (
        fake_ollama() as fake,
        brain(
            fake.host, **chosen, stop=("END",), keep_alive="-1", think="high", system="Be a pirate."
        ) as engine,
    ):
        await ask(engine, "hello")
        (asked,) = fake.asked
    assert asked["options"] == {**chosen, "stop": ["END"]}
    assert (asked["model"], asked["keep_alive"], asked["think"]) == ("m", -1, "high")
    assert asked["messages"][0]["content"].startswith("Be a pirate.")


async def test_the_history_is_sent_and_changing_facts_come_last() -> None:
    """All but the newest message is the same for two requests of different times and timers."""
    history = (Message(role="user", text="I am Ada."), Message(role="assistant", text="Hello."))
    later = Situation(now="2026-11-20T11:00:00+01:00", area="kitchen", volume=0.5)
    async with fake_ollama() as fake, brain(fake.host) as engine:
        await ask(engine, "who am I?", NOW, history=history)
        await ask(engine, "who am I?", later, history=history)
        first, second = fake.asked
    roles = [message["role"] for message in first["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert first["messages"][:-1] == second["messages"][:-1]
    assert first["tools"] == second["tools"]
    newest = second["messages"][-1]["content"]
    assert newest.startswith("who am I?\n[")
    assert "11:00" in newest
    assert "kitchen" in newest
    assert "11:00" not in str(second["messages"][:-1])


async def test_each_prompt_begins_like_the_previous_one() -> None:
    """What Ollama computed stays good: only the newest exchange is read anew."""
    history: tuple[Message, ...] = ()
    async with fake_ollama(words("Yes.")) as fake, brain(fake.host) as engine:
        for text in ("one", "two", "three"):
            await ask(engine, text, history=history)
            history += (Message(role="user", text=text), Message(role="assistant", text="Yes."))
        prompts = [asked["messages"] for asked in fake.asked]
    for before, after in pairwise(prompts):
        assert after[: len(before) - 1] == before[:-1]


async def test_the_beginning_of_every_prompt_is_computed_at_the_start() -> None:
    async with fake_ollama() as fake, brain(fake.host) as engine:
        while not fake.warmed:
            await asyncio.sleep(0)
        await ask(engine, "hello")
        (warmed,) = fake.warmed
        (asked,) = fake.asked
    assert warmed["messages"][0] == asked["messages"][0]
    assert warmed["tools"] == asked["tools"]
    assert warmed["options"]["num_ctx"] == asked["options"]["num_ctx"]
    assert warmed["keep_alive"] == "30m"


async def test_a_request_at_once_is_not_preceded_by_a_warm_up() -> None:
    async with fake_ollama() as fake, brain(fake.host) as engine:
        await ask(engine, "hello")
        await asyncio.sleep(WARM_UP_AFTER + 0.3)
        assert (len(fake.asked), fake.loaded, fake.warmed) == (1, [], [])


async def test_a_request_ends_the_warm_up_that_runs() -> None:
    async with fake_ollama(words("Yes.")) as fake:
        fake.warm_up = cut(words("x"), "hang")
        async with brain(fake.host) as engine:
            async with asyncio.timeout(10):
                while not fake.warmed:
                    await asyncio.sleep(0.001)
                assert heard(await ask(engine, "hello")) == "Yes."
                while not fake.hung_up:
                    await asyncio.sleep(0.001)
            (loaded,) = fake.loaded
    assert loaded["options"]["num_ctx"] == fake.warmed[0]["options"]["num_ctx"]
    assert "messages" not in loaded


THOUGHT = ("The person wants", " a secret.\n</th", "ink>\n\nYes", ".")


@pytest.mark.parametrize(
    "card",
    [
        {"capabilities": ["completion", "thinking"], "template": "{{ .Prompt }}"},
        {"template": "{{ .Prompt }}<think>"},
        {"capabilities": ["completion", "tools"]},
        {},
    ],
)
async def test_reasoning_without_its_opening_is_not_spoken(card: dict[str, Any]) -> None:
    async with fake_ollama(words(*THOUGHT)) as fake:
        fake.card = card
        async with brain(fake.host) as engine:
            for _ in range(2):
                assert heard(await ask(engine, "well?")) == "Yes."


async def test_a_model_without_such_reasoning_is_held_only_once() -> None:
    async with fake_ollama(words("It ", "is ", "warm.")) as fake:
        fake.card = {"capabilities": ["completion", "thinking"]}
        async with brain(fake.host) as engine:
            assert await ask(engine, "is it warm?") == ["It is warm."]
            assert await ask(engine, "is it warm?") == ["It ", "is ", "warm."]


async def test_a_server_that_separates_the_reasoning_is_not_held() -> None:
    script = words("It ", "is ", "warm.", thinking=["hm"])
    async with fake_ollama(script) as fake:
        fake.card = {"capabilities": ["completion", "thinking"]}
        async with brain(fake.host) as engine:
            assert await ask(engine, "is it warm?") == ["It ", "is ", "warm."]


async def test_thinking_and_marks_are_not_spoken() -> None:
    script = words("<th", "ink>secret</thi", "nk>\n\nYes", ".<|eot_id|>", thinking=["hidden"])
    async with fake_ollama(script) as fake, brain(fake.host) as engine:
        assert heard(await ask(engine, "well?")) == "Yes."


async def test_a_request_may_name_another_model() -> None:
    async with fake_ollama(models=["m:latest", "other:7b"]) as fake, brain(fake.host) as engine:
        for model in ("other:7b", None, "ollama"):
            await ask(engine, "hello", model=model)
        assert [asked["model"] for asked in fake.asked] == ["other:7b", "m", "m"]
        models = engine.describe().models
    assert [(m.name, m.installed) for m in models] == [("m", True), ("other:7b", True)]


async def test_requests_that_match_a_sentence_skip_the_model() -> None:
    async with fake_ollama(words("Paris.")) as fake, brain(fake.host, local_first=True) as engine:
        parts = await ask(engine, "set a timer for five minutes")
        assert [action.name for action in done(parts)] == ["timer.start"]
        assert heard(await ask(engine, "what is the capital of France")) == "Paris."
        assert len(fake.asked) == 1


async def test_without_languages_it_serves_any_language() -> None:
    async with fake_ollama() as fake, brain(fake.host) as engine:
        assert engine.describe().models[0].languages == ()
    async with fake_ollama() as fake, brain(fake.host, languages=("zh", "en")) as engine:
        assert engine.describe().models[0].languages == ("zh", "en")


async def test_a_language_without_sentences_is_answered_by_the_model(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    script = words("Parizo.")
    async with (
        fake_ollama(script) as fake,
        brain(fake.host, local_first=True, languages=("eo",)) as engine,
    ):
        assert heard(await ask(engine, "what time is it")) == "Parizo."
    assert 'no built-in sentences for language "eo"' in caplog.text


async def test_the_sentences_are_those_of_each_of_its_languages() -> None:
    async with (
        fake_ollama(words("Parizo.")) as fake,
        brain(fake.host, local_first=True, languages=("eo", "en")) as engine,
    ):
        parts = await ask(engine, "set a timer for five minutes")
        assert [action.name for action in done(parts)] == ["timer.start"]
        assert not fake.asked


async def test_the_engine_starts_without_ollama_and_answers_once_it_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with fake_ollama() as fake:
        host = fake.host
    caplog.set_level(logging.WARNING)
    async with brain(host) as engine:
        assert "ollama serve" in caplog.text
        assert not engine.describe().models[0].installed
        port = int(host.rpartition(":")[2])
        async with fake_ollama(words("Here."), port=port):
            assert heard(await ask(engine, "hello")) == "Here."


async def test_a_missing_model_is_logged_with_its_command(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with fake_ollama(models=["other:latest"]) as fake, brain(fake.host) as engine:
        assert "satellite models pull ollama:m" in caplog.text
        first, second = engine.describe().models
    assert (first.installed, second.name) == (False, "other:latest")
    assert not fake.warmed


async def test_closing_the_reply_stops_the_model() -> None:
    script = cut(words("One ", "two "), "hang")
    async with fake_ollama(script) as fake, brain(fake.host) as engine:
        async with aclosing(engine.reply(ReplyRequest(text="count"))) as parts:
            assert await anext(parts) == "One "
        async with asyncio.timeout(5):
            while not fake.hung_up:
                await asyncio.sleep(0.001)


async def test_many_abandoned_replies_leave_nothing_behind() -> None:
    script = cut(words("One ", "two "), "hang")
    async with fake_ollama(script) as fake, brain(fake.host) as engine:
        before = asyncio.all_tasks()
        for _ in range(100):
            async with aclosing(engine.reply(ReplyRequest(text="count"))) as parts:
                await anext(parts)
        async with asyncio.timeout(10):
            while fake.connections or asyncio.all_tasks() - before:
                await asyncio.sleep(0.001)
        assert len(fake.asked) == 100


async def test_closing_ends_an_answer_that_hangs() -> None:
    script = cut(words("One "), "hang")
    async with (
        fake_ollama(script) as fake,
        brain(fake.host) as engine,
        aclosing(engine.reply(ReplyRequest(text="count"))) as parts,
    ):
        await anext(parts)
        waiting = asyncio.ensure_future(anext(parts))
        await asyncio.sleep(0.01)
        await engine.close()
        with pytest.raises(EngineClosed):
            await asyncio.wait_for(waiting, 5)
