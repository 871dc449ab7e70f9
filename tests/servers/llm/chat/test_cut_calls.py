"""A tool call in whose middle the answer ended is neither done nor spoken."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satellite.values import Action, Declined
from servers.llm.chat.openai_format import AnswerReader, Chunk
from servers.llm.chat.spoken_stream import SpokenStream
from tests.servers.llm.asking import ask, brain, done, heard
from tests.support.ollama_fake import Script, fake_ollama, words

TOOLS = ("start_timer", "get_time", "set_volume", "stop")
FIVE = '{"name": "start_timer", "arguments": {"minutes": 5}}'
LOUD = '{"name": "set_volume", "arguments": {"level": 30}}'
TIMER = ("start_timer", {"minutes": 5})
VOLUME = ("set_volume", {"level": 30})
PAIRS = (
    f"{FIVE}\n{LOUD}",
    f"[{FIVE}, {LOUD}]",
    f'{{"tool_calls": [{FIVE}, {LOUD}]}}',
    f"```json\n{FIVE}\n{LOUD}\n```",
    f"```json\n[{FIVE},\n{LOUD}]\n```",
    f"Tool call: {FIVE}\nTool call: {LOUD}",
    f"<tool_call>\n{FIVE}\n</tool_call>\n<tool_call>\n{LOUD}\n</tool_call>",
    f"<tool_call>\n{FIVE}\n{LOUD}\n</tool_call>",
    f"[TOOL_CALLS] [{FIVE}, {LOUD}]",
    '[TOOL_CALLS]start_timer[ARGS]{"minutes": 5}[TOOL_CALLS]set_volume[ARGS]{"level": 30}',
    '<function=start_timer>{"minutes": 5}</function><function=set_volume>{"level": 30}</function>',
    "<tool_call><function=start_timer><parameter=minutes>5</parameter></function></tool_call>"
    "<tool_call><function=set_volume><parameter=level>30</parameter></function></tool_call>",
    "<tool_call>start_timer<arg_key>minutes</arg_key><arg_value>5</arg_value></tool_call>"
    "<tool_call>set_volume<arg_key>level</arg_key><arg_value>30</arg_value></tool_call>",
    '<function_calls><invoke name="start_timer"><parameter name="minutes">5</parameter></invoke>'
    '<invoke name="set_volume"><parameter name="level">30</parameter></invoke></function_calls>',
    "[start_timer(minutes=5), set_volume(level=30)]",
    "start_timer(minutes=5)\nset_volume(level=30)",
    "<|tool_call_start|>[start_timer(minutes=5), set_volume(level=30)]<|tool_call_end|>",
    '<|channel|>commentary to=functions.start_timer<|message|>{"minutes": 5}<|call|><|start|>'
    'assistant<|channel|>commentary to=functions.set_volume<|message|>{"level": 30}<|call|>',
    'Action: start_timer\nAction Input: {"minutes": 5}\n'
    'Action: set_volume\nAction Input: {"level": 30}',
)


def read(text: str, *, cut: bool) -> tuple[str, list[tuple[str, dict[str, Any]]], bool]:
    stream = SpokenStream(TOOLS)
    spoken = stream.push(text) + stream.flush(cut=cut)
    found = [(c.name.removeprefix("functions."), dict(c.arguments)) for c in stream.calls]
    return spoken, found, stream.cut


@pytest.mark.parametrize("text", PAIRS)
def test_an_answer_that_ends_anywhere_does_whole_calls_alone(text: str) -> None:
    assert read(text, cut=False)[:2] == ("", [TIMER, VOLUME])
    for end in range(1, len(text)):
        spoken, found, cut = read(text[:end], cut=True)
        # the beginning of a word may be one of an ordinary sentence
        assert not spoken.strip() or text[:end].replace(" ", "").isalpha(), text[:end]
        assert found in ([], [TIMER], [TIMER, VOLUME]), text[:end]
        if "30" not in text[:end]:
            assert VOLUME not in found, text[:end]
        if len(found) < 2 and "set_vol" in text[:end]:
            assert cut, text[:end]


def test_a_whole_call_at_the_end_of_a_cut_answer_is_done() -> None:
    for text in (FIVE, f"<tool_call>{FIVE}", f"```json\n{FIVE}", f"{FIVE}\n", f"Tool: {FIVE}"):
        assert read(text, cut=True) == ("", [TIMER], False)


@pytest.mark.parametrize("text", ["start_timer(minutes=5", "[start_timer(minutes=5)"])
def test_brackets_that_a_model_forgot_are_added_to_an_answer_that_is_whole(text: str) -> None:
    assert read(text, cut=False) == ("", [TIMER], False)
    assert read(text, cut=True)[1:] == ([], True) or text.startswith("[")


@pytest.mark.parametrize("text", ["It is warm and", "Stop", "2 < 3 and", "- milk", "a {b", "[1"])
def test_ordinary_text_that_was_cut_is_spoken(text: str) -> None:
    assert read(text, cut=True) == (text, [], False)


START = Action(name="timer.start", data={"seconds": 300.0, "name": None})


def ended(*pieces: str) -> Script:
    """Return an answer that ended at the longest number of tokens."""
    script = words(*pieces)
    last = {**script.lines[-1], "done_reason": "length"}
    return msgspec.structs.replace(script, lines=(*script.lines[:-1], last))


async def test_the_whole_call_is_done_and_the_model_answers() -> None:
    script = ended("Of course.\n", FIVE, LOUD[:40]), words("Your timer runs.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "five minutes, and louder")
        assert fake.asked[1]["messages"][-1]["role"] == "tool"
    assert done(parts) == [START]
    assert " ".join(heard(parts).split()) == "Of course. Your timer runs."


async def test_an_answer_of_a_cut_call_alone_says_so() -> None:
    async with fake_ollama(ended(LOUD[:40])) as fake, brain(fake.host) as engine:
        assert await ask(engine, "louder") == [Declined(text="Sorry, I have no answer to that.")]


async def test_an_announced_call_that_was_cut_is_taken_back() -> None:
    async with fake_ollama(ended("Of course. ", LOUD[:40])) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "louder")
    assert done(parts) == []
    assert " ".join(heard(parts).split()) == "Of course. Sorry, I have no answer to that."


async def test_results_are_said_where_the_next_answer_is_cut() -> None:
    script = ended("Of course. ", FIVE), ended(LOUD[:40])
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "five minutes")
    assert done(parts) == [START]
    assert " ".join(heard(parts).split()) == "Of course. Timer set for 5 minutes."


def chunk(calls: list[tuple[int, str | None, str]], reason: str | None = None) -> Chunk:
    pieces = [{"index": i, "function": {"name": n, "arguments": a}} for i, n, a in calls]
    choice = {"delta": {"tool_calls": pieces}, "finish_reason": reason}
    return msgspec.convert({"choices": [choice]}, Chunk)


@pytest.mark.parametrize("arguments", ["", "{", '{"level": 3', '"level'])
def test_the_last_call_of_the_servers_own_is_dropped_if_it_was_cut(arguments: str) -> None:
    reader = AnswerReader()
    reader.read(chunk([(0, "start_timer", '{"minutes": 5}')]))
    reader.read(chunk([(1, "set_volume", arguments)], "length"))
    last = reader.last()
    assert [(c.name, dict(c.arguments)) for c in last.calls] == [TIMER]
    assert last.cut


def test_the_last_call_of_the_servers_own_is_done_if_it_is_whole() -> None:
    reader = AnswerReader()
    reader.read(chunk([(0, "start_timer", '{"minutes": 5}')], "length"))
    assert [(c.name, dict(c.arguments)) for c in reader.last().calls] == [TIMER]
    assert not reader.last().cut
    reader = AnswerReader()
    reader.read(chunk([(0, "get_time", "")], "tool_calls"))
    assert [c.name for c in reader.last().calls] == ["get_time"]
