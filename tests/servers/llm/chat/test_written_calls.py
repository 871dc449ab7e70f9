"""Tool calls that models write as text: every form is read, done once and never spoken."""

from __future__ import annotations

import pytest

from satellite.values import Action
from servers.llm.chat.spoken_stream import SpokenStream
from servers.llm.chat.written_calls import LONGEST
from tests.servers.llm.asking import ask, brain, done, heard
from tests.support.ollama_fake import calls, fake_ollama, words

TOOLS = ("start_timer", "get_time", "set_volume", "stop")
FIVE = ("start_timer", {"minutes": 5})
TIME = ("get_time", {})

ONE = (
    '{"name": "start_timer", "parameters": {"minutes": 5}}',
    '{"name": "start_timer", "arguments": {"minutes": 5}}',
    '{"name": "start_timer", "arguments": "{\\"minutes\\": 5}"}',
    '{"type": "function", "name": "start_timer", "parameters": {"minutes": 5}}',
    '{"type": "function", "function": {"name": "start_timer", "parameters": {"minutes": 5}}}',
    '{"tool_calls": [{"function": {"name": "start_timer", "arguments": {"minutes": 5}}}]}',
    '{"tool": "start_timer", "minutes": 5}',
    '{"action": "start_timer", "action_input": {"minutes": 5}}',
    '{"start_timer": {"minutes": 5}}',
    '{\n  "name": "start_timer",\n  "parameters": {\n    "minutes": 5\n  }\n}',
    "{'name': 'start_timer', 'parameters': {'minutes': 5}}",
    '{"name": "start_timer", "parameters": {"minutes": 5}',  # the last bracket is missing
    '[{"name": "start_timer", "arguments": {"minutes": 5}}]',
    '```json\n{"name": "start_timer", "arguments": {"minutes": 5}}\n```',
    '```\n{"name": "start_timer", "arguments": {"minutes": 5}}\n```',
    '`{"name": "start_timer", "arguments": {"minutes": 5}}`',
    '```tool_call\n{"name": "start_timer", "arguments": {"minutes": 5}}\n```',
    "```tool_code\nprint(default_api.start_timer(minutes=5))\n```",
    "```python\nstart_timer(minutes=5)\n```",
    '<tool_call>\n{"name": "start_timer", "arguments": {"minutes": 5}}\n</tool_call>',
    '<tool_call>\n{"name": "start_timer", "arguments": {"minutes": 5}}',
    "<tool_call>\n<function=start_timer>\n<parameter=minutes>\n5\n</parameter>\n</function>\n"
    "</tool_call>",
    "<tool_call>start_timer\n<arg_key>minutes</arg_key>\n<arg_value>5</arg_value></tool_call>",
    '<TOOLCALL>[{"name": "start_timer", "arguments": {"minutes": 5}}]</TOOLCALL>',
    '<function=start_timer>{"minutes": 5}</function>',
    '<function_calls><invoke name="start_timer"><parameter name="minutes">5</parameter></invoke>'
    "</function_calls>",
    '<|python_tag|>{"name": "start_timer", "parameters": {"minutes": 5}}',
    '<|tool_call|>[{"name": "start_timer", "arguments": {"minutes": 5}}]<|/tool_call|>',
    "<|tool_call_start|>[start_timer(minutes=5)]<|tool_call_end|>",
    "<|tool_call>call:start_timer{minutes:5}<tool_call|>",
    '<|START_ACTION|>[{"tool_name": "start_timer", "parameters": {"minutes": 5}}]<|END_ACTION|>',
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.start_timer:0"
    '<|tool_call_argument_begin|>{"minutes": 5}<|tool_call_end|><|tool_calls_section_end|>',
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>start_timer\n"
    '```json\n{"minutes": 5}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    '[TOOL_CALLS] [{"name": "start_timer", "arguments": {"minutes": 5}}]',
    '[TOOL_CALLS]start_timer[ARGS]{"minutes": 5}',
    '[TOOL_CALLS]start_timer[ARGS]{\n"minutes": 5\n}\n',
    "<|channel|>commentary to=functions.start_timer <|constrain|>json<|message|>"
    '{"minutes": 5}<|call|>',
    "<|channel|>analysis<|message|>They want a timer.<|end|><|start|>assistant<|channel|>commentary"
    ' to=functions.start_timer<|message|>{"minutes": 5}<|call|>',
    "start_timer(minutes=5)",
    "functions.start_timer(minutes=5)",
    "[start_timer(minutes=5)]",
    'start_timer {"minutes": 5}',
    '{"name": "StartTimer", "arguments": {"minutes": 5}}',
    '{"name": "functions.start_timer", "arguments": {"minutes": 5}}',
    '{"name": "START_TIMER", "arguments": {"Minutes": 5}}',
    '<think>They want a timer.</think>\n{"name": "start_timer", "arguments": {"minutes": 5}}',
    'Of course.\n{"name": "start_timer", "arguments": {"minutes": 5}}',
    'Of course: {"name": "start_timer", "arguments": {"minutes": 5}} Your timer has begun.',
    "Of course.\n```json\n" + '{"name": "start_timer", "arguments": {"minutes": 5}}\n```\nDone.',
    "Of course.\nstart_timer(minutes=5)\n",
    '{"name": "start_timer", "arguments": {"minutes": 5}}' * 2,  # repeated
)
SEVERAL = (
    '{"name": "start_timer", "arguments": {"minutes": 5}}\n{"name": "get_time", "arguments": {}}',
    '{"name": "start_timer", "arguments": {"minutes": 5}}; {"name": "get_time", "arguments": null}',
    '[{"name": "start_timer", "arguments": {"minutes": 5}}, {"name": "get_time"}]',
    '```json\n{"name": "start_timer", "arguments": {"minutes": 5}}\n{"name": "get_time"}\n```',
    '<tool_call>{"name": "start_timer", "arguments": {"minutes": 5}}</tool_call>\n'
    '<tool_call>{"name": "get_time", "arguments": null}</tool_call>',
    "[start_timer(minutes=5), get_time()]",
    "start_timer(minutes=5)\nget_time()",
)
ORDINARY = (
    "Use {braces} in a set such as {1, 2, 3}.",
    '{"name": "Bob", "age": 5} is an object.',
    '{"colour": "red"}',
    "[1] is the first note, and [see here] the second.",
    "Stop (the music) when it is late.",
    "stop it. Start the oven. Settle down.",
    "The function start_timer(minutes) starts a timer.",
    "start_timer is a tool.",
    "`code` and ```python\nprint(1)\n``` are code.",
    "print(1)",
    "a {b",
    "Analysis of this shows nothing.",
    "analysis is a word",
    "Here is my answer: yes.",
    'He said: {"quoted": "text with } brackets"} and left.',
)


def read(text: str, size: int) -> tuple[str, list[tuple[str, dict[str, object]]]]:
    stream = SpokenStream(TOOLS)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    spoken = "".join(map(stream.push, pieces)) + stream.flush()
    return spoken, [(call.name, dict(call.arguments)) for call in stream.calls]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("text", ONE)
def test_a_written_call_is_read_once_and_not_spoken(text: str, size: int) -> None:
    spoken, found = read(text, size)
    assert spoken.strip() in ("", "Of course.", "Of course:")
    ((name, arguments),) = found
    assert name.lower().replace("_", "").rpartition(".")[2] == "starttimer"
    assert {key.lower(): value for key, value in arguments.items()} == {"minutes": 5}


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("text", SEVERAL)
def test_several_written_calls_are_read(text: str, size: int) -> None:
    spoken, found = read(text, size)
    assert spoken.strip() == ""
    assert found == [FIVE, TIME]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_with_brackets_is_spoken(text: str, size: int) -> None:
    assert read(text, size) == (text, [])


def test_ordinary_text_is_spoken_at_once() -> None:
    stream = SpokenStream(TOOLS)
    pieces = ["It", " is", " warm", ". (", "In {", "the", "} house", ", [1", "].", "\nAnd ", "now"]
    assert [stream.push(piece) for piece in pieces] == [
        *("It", " is", " warm", ". ", "(In ", "{the", "} house", ", [1", "].", "\nAnd ", "now"),
    ]


def test_an_invented_tool_is_a_call_and_a_person_is_none() -> None:
    assert read('{"name": "make_tea", "arguments": {"cups": 2}}', 4) == (
        "",
        [("make_tea", {"cups": 2})],
    )
    assert read('{"name": "Ada Lovelace", "arguments": 2}', 4)[1] == []


@pytest.mark.parametrize(
    "text",
    [  # as real small models write them
        '{\n  "type": "function",\n  "name": "set_timer_fiveMinutes"\n}\n```\nThis code uses',
        '{"type": "function", "function": {"name": "setTimer"}}',
        '{"name": "set_timer"}',
        '{"function": "settimer", "minutes": 5}',
        '{"type": "tool_call", "name": "settimer", "time": 5}',
    ],
)
def test_an_invented_tool_without_arguments_is_a_call(text: str) -> None:
    stream = SpokenStream(TOOLS)
    assert stream.push(text) + stream.flush() == ""
    assert len(stream.calls) == 1


def test_a_broken_call_is_not_spoken() -> None:
    assert read('{"name": "start_timer", "parameters": {"minutes": five minutes}}', 5) == ("", [])


def test_an_endless_call_is_neither_stored_nor_spoken() -> None:
    stream = SpokenStream(TOOLS)
    spoken = stream.push('{"name": "start_timer", "arguments": {"name": "')
    for _ in range(20_000):
        spoken += stream.push("tea ")
    assert spoken + stream.flush() == ""
    assert len(stream._pending) < LONGEST  # noqa: SLF001  memory is not visible otherwise


def test_a_call_within_reasoning_is_none() -> None:
    text = "<think>" + ONE[0] + "</think>No."
    assert read(text, 3) == ("No.", [])
    assert read("I could write " + ONE[0] + "</think>", 3)[1] == []


START = Action(name="timer.start", data={"seconds": 300.0, "name": None})


async def test_a_written_call_is_done_and_its_result_goes_to_the_model() -> None:
    for text in (ONE[0], ONE[19], ONE[-7]):
        script = words(*text.partition("timer")), words("Your timer runs.")
        async with fake_ollama(*script) as fake, brain(fake.host) as engine:
            assert await ask(engine, "five minutes") == [START, "Your timer runs."]
            assert fake.asked[1]["messages"][-1]["role"] == "tool"


async def test_a_call_in_both_forms_is_done_once() -> None:
    script = calls(("start_timer", {"minutes": 5}), before=ONE[0]), words("It runs.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert await ask(engine, "five minutes") == [START, "It runs."]


async def test_a_call_that_a_model_repeats_for_ever_is_done_once() -> None:
    async with fake_ollama(words(ONE[0])) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "five minutes")
        assert len(fake.asked) == 3
    assert done(parts) == [START]
    assert heard(parts) == "Timer set for 5 minutes."


async def test_a_model_that_repeats_a_call_once_may_still_answer() -> None:
    script = calls(("StartTimer", {"minutes": 5})), calls(FIVE), words("It runs.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert await ask(engine, "five minutes") == [START, "It runs."]
        result = fake.asked[2]["messages"][-1]["content"]
    assert "answer in words" in result


async def test_names_in_other_cases_are_understood() -> None:
    script = calls(("functions.StartTimer", {"Minutes": 5})), words("It runs.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert await ask(engine, "five minutes") == [START, "It runs."]
