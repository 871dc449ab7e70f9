"""Tool calls and reasoning in the forms of further models, templates and agents."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.values import Declined
from servers.llm.chat.spoken_stream import SpokenStream
from servers.llm.chat.tool_names import canonical
from tests.servers.llm.asking import ask, brain, done, heard
from tests.support.ollama_fake import calls, fake_ollama, words

TOOLS = ("start_timer", "get_time", "set_volume", "stop")
JSON = '{"name": "start_timer", "arguments": {"minutes": 5}}'
CALLS = (
    # elements
    f"<tool_use>{JSON}</tool_use>",
    '<tool_use><name>start_timer</name><arguments>{"minutes": 5}</arguments></tool_use>',
    "<tool_call><name>start_timer</name><parameters><minutes>5</minutes></parameters></tool_call>",
    '<tool_call name="start_timer">{"minutes": 5}</tool_call>',
    '<tool_call id="1" name="start_timer"><minutes>5</minutes></tool_call>',
    f'<tool_call type="function">{JSON}</tool_call>',
    '<tool name="start_timer">{"minutes": 5}</tool>',
    '<tool>start_timer</tool><tool_input>{"minutes": 5}</tool_input>',
    '<tool:start_timer minutes="5"/>',
    '<function name="start_timer" minutes="5"/>',
    "<function=start_timer(minutes=5)></function>",
    '<function(start_timer)>{"minutes": 5}</function>',
    '<start_timer minutes="5"/>',
    "<start_timer minutes=5 />",
    '<start_timer minutes="5"></start_timer>',
    '<start_timer>{"minutes": 5}</start_timer>',
    "<start_timer>\n<minutes>5</minutes>\n</start_timer>",
    '<start_timer>\n<parameter name="minutes">5</parameter>\n</start_timer>',
    "<call>start_timer(minutes=5)</call>",
    "<execute_tool>\nstart_timer(minutes=5)\n</execute_tool>",
    '<action>start_timer</action><action_input>{"minutes": 5}</action_input>',
    '<minimax:tool_call><invoke name="start_timer"><parameter name="minutes">5</parameter></invoke>'
    "</minimax:tool_call>",
    '<｜DSML｜function_calls><｜DSML｜invoke name="start_timer"><｜DSML｜parameter name="minutes" '
    'string="false">5</｜DSML｜parameter></｜DSML｜invoke></｜DSML｜function_calls>',
    '```xml\n<start_timer minutes="5"/>\n```',
    # marks
    "<start_function_call>call:start_timer{minutes:5}<end_function_call>",
    '<|tool_call_begin|>start_timer<|tool_call_argument_begin|>{"minutes": 5}<|tool_call_end|>',
    "<longcat_tool_call>start_timer\n<longcat_arg_key>minutes</longcat_arg_key>\n"
    "<longcat_arg_value>5</longcat_arg_value></longcat_tool_call>",
    '✿FUNCTION✿: start_timer\n✿ARGS✿: {"minutes": 5}\n✿RESULT✿',
    f"[TOOL_REQUEST]{JSON}[END_TOOL_REQUEST]",
    f"[TOOL_CALL]{JSON}[/TOOL_CALL]",
    "[tool_call: start_timer(minutes=5)]",
    "[[start_timer(minutes=5)]]",
    # JSON
    '{"recipient_name": "functions.start_timer", "parameters": {"minutes": 5}}',
    '{"tool_uses": [{"recipient_name": "functions.start_timer", "parameters": {"minutes": 5}}]}',
    'multi_tool_use.parallel({"tool_uses": [{"recipient_name": "functions.start_timer", '
    '"parameters": {"minutes": 5}}]})',
    '{"content": null, "tool_calls":[{"function":{"name":"start_timer",'
    '"arguments":"{\\"minutes\\": 5}"}}]}',
    '{"thought": "They want a timer.", "tool": "start_timer", "args": {"minutes": 5}}',
    '{"command": "start_timer", "args": {"minutes": 5}}',
    '{"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "start_timer", '
    '"arguments": {"minutes": 5}}}',
    '{"minutes": 5, "name": "start_timer"}',
    "{name: start_timer, arguments: {minutes: 5}}",
    "{“name”: “start_timer”, “arguments”: {“minutes”: 5}}",
    '["start_timer", {"minutes": 5}]',
    'to=functions.start_timer {"minutes": 5}',
    'assistantcommentary to=functions.start_timer json{"minutes": 5}',
    # code
    "await start_timer(minutes=5)",
    "await functions.start_timer({ minutes: 5 })",
    "result = start_timer(minutes=5)",
    "const result = await start_timer({minutes: 5});",
    "return start_timer(minutes=5)",
    "start_timer(minutes: 5)",
    "start_timer (minutes=5)",
    "start_timer minutes=5",
    "start_timer --minutes 5",
    "@start_timer(minutes=5)",
    "$ start_timer(minutes=5)",
    # lines
    "start_timer:\n  minutes: 5",
    "tool: start_timer\nminutes: 5",
    "name: start_timer\narguments:\n  minutes: 5",
    "tool_call:\n  name: start_timer\n  arguments:\n    minutes: 5",
    "```yaml\nname: start_timer\narguments:\n  minutes: 5\n```",
    "Action: start_timer\nAction Input: minutes=5",
    "Action: start_timer[minutes=5]",
    'Action 1: start_timer\nAction Input 1: {"minutes": 5}',
    'Thought: They want a timer.\nAction: start_timer\nAction Input: {"minutes": 5}',
    # sentences
    "I'll call start_timer(minutes=5).",
    "Calling start_timer(minutes=5)...",
    f"I will use the start_timer tool. {JSON}",
    'I will use the tool start_timer with {"minutes": 5}',
    'The function `start_timer` is called with the parameters `{"minutes": 5}`.',
)
REASONING = (
    "<analysis>SECRET</analysis>",
    "<think type='x'>SECRET</think>",
    "<think >SECRET</think >",
    "<antThinking>SECRET</antThinking>",
    "<internal-monologue>SECRET</internal-monologue>",
    "<thought_process>SECRET</thought_process>",
    "<ThoughtProcess>SECRET</ThoughtProcess>",
    "<mm:think>SECRET</mm:think>",
    "<|think|>SECRET<|end_think|>",
    "[ANALYSIS]SECRET[/ANALYSIS]",
    "<!-- thinking: SECRET -->",
    "<details><summary>Thinking</summary>SECRET</details>",
    '<details type="reasoning" done="true"><summary>Thought</summary>\n> SECRET\n</details>\n',
    "Thought: SECRET\nFinal Answer: ",
    "**Thinking:** SECRET\n\n**Answer:** ",
    "思考：SECRET\n答案：",
)
ORDINARY = (
    *(
        "I <3 you.",
        "Use <b>bold</b> words and a < b > c.",
        "5 < 6 and 7 > 3",
        "a --> b",
        "<unclosed",
    ),
    *("Hello <name>, how are you?", "<action>smiles</action> Hello.", "<code>print(1)</code>"),
    *("Start with the onions. Stop when they are brown.", "Start: with the onions.", "stop = 5"),
    *("Let x = 5 and y = 3, then x + y = 8.", "x = 5", "return the book to the library"),
    *("await the bus at nine", "Stop: the music is too loud.", "Stop(s) are close.", "stop(s)"),
    "The function of the heart is to pump blood. It beats.",
    "I will use simple words. The set {1, 2} has two.",
    "I'll call the doctor (tomorrow).",
    *("Thought for the day: be kind.", "Thinking: the fast kind.", "Thought: the act of thinking."),
    *("Action: none. Action Input is a label.", "name: Bob", "Name: start the oven.", "time: 7:30"),
    *("Set volume: five liters.", "set_volume sets the volume.", "start_timer: starts a timer."),
    "Call get_time() to get the time. Then go on.",
    "You can call start_timer(minutes) yourself.",
    "The tool start_timer needs minutes. It starts a timer.",
    *('{"name": "Bob", "age": 5}', "{a: 1, b: 2} is an object.", "{{name}} is a placeholder."),
    *('{"a": {"b": [1, 2, {"c": 3}]}}', '["one", "two"]', '{"unclosed": 1', "[[link]] to a page"),
    *("if (x) { y = 1 }", "def f(x):\n    return x", "$5 and $ 10", "/etc/passwd is a file."),
    *("Steps:\n- one: do it\n- two: end it", "The stop(s) of the bus are close.", "我会使用工具。"),
)


def read(text: str, size: int) -> tuple[str, list[tuple[str, dict[str, object]]]]:
    stream = SpokenStream(TOOLS)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    spoken = "".join(map(stream.push, pieces)) + stream.flush()
    return spoken, [(call.name, dict(call.arguments)) for call in stream.calls]


@pytest.mark.parametrize("text", CALLS)
def test_a_call_of_any_form_is_read_once_and_not_spoken(text: str) -> None:
    for size in (1, 4, 10_000):
        spoken, ((name, arguments),) = read(text, size)
        assert (spoken.strip(), canonical(name), arguments) == ("", "starttimer", {"minutes": 5})


@pytest.mark.parametrize("text", REASONING)
def test_reasoning_of_any_form_is_not_spoken(text: str) -> None:
    for size in (1, 4, 10_000):
        assert read(f"{text}Here.", size) == ("Here.", [])


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_like_them_is_spoken(text: str) -> None:
    for size in (1, 4, 10_000):
        assert read(text, size) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        '{"thought": "SECRET", "answer": "Here."}',
        '{"response": "Here."}',
        '{"action": "Final Answer", "action_input": "Here."}',
    ],
)
def test_an_answer_within_json_is_spoken_alone(text: str) -> None:
    for size in (1, 10_000):
        assert read(text, size) == ("Here.", [])


def test_a_call_of_something_that_is_no_name_is_not_spoken() -> None:
    """Qwen2.5-Coder 0.5B writes this of `start_timer` with the name "Timer 1"."""
    text = '```json\n{\n  "name": "Timer 1",\n  "arguments": {\n    "hours": 0\n  }\n}\n```'
    assert read(text, 4) == ("", [])


@given(
    st.lists(st.sampled_from((*CALLS[::4], *REASONING, *ORDINARY, "\n", " ", "Yes. ")), max_size=4),
    st.integers(1, 9),
)
def test_the_size_of_pieces_makes_no_difference(parts: list[str], size: int) -> None:
    text = "".join(parts)
    assert read(text, size) == read(text, 10_000)


HOSTILE = (
    *("{", '{"', '{"name": ', "[", "```json\n", "<", "<think ", '<tool a="b" ', "#1 ", "\n", " "),
    *("Action: ", "start_timer ", "start_timer(", "start_timer\n", "a = ", "await ", "'", "a", "_"),
    *(
        f"{JSON}, ",
        "<start_timer>",
        "Thought: a\n",
        "start_timer:\n  a: 1\n",
        "\\",
        ": ",
        "<|",
        "<!--",
    ),
    *(
        "I will call ",
        "the function start_timer ",
        "```\n#\n",
        "<details>",
        "[TOOL_CALLS]\n",
        "{a: ",
        "curl http://a/start_timer \\\n",
        "| start_timer | {}\n",
        "a.b.",
    ),
)


def cost(beginning: str, unit: str, length: int) -> float:
    """Return the seconds of CPU that a text in pieces takes."""
    text = (beginning + unit * length)[:length]
    began = time.thread_time()
    stream = SpokenStream(TOOLS)
    for at in range(0, length, 64):
        stream.push(text[at : at + 64])
    stream.flush()
    return time.thread_time() - began


@pytest.mark.parametrize(
    "beginning", ["", '{"name": "', "<tool_call>", "start_timer(", "[TOOL_CALLS]"]
)
def test_no_text_is_read_in_quadratic_time(beginning: str) -> None:
    """Four times the text takes at most eight times as long, if that is long enough to compare."""
    for unit in HOSTILE[:: 4 if beginning else 1]:
        assert any(
            cost(beginning, unit, 8000) < 8 * cost(beginning, unit, 2000) + 0.02 for _ in range(3)
        ), unit


async def test_a_model_that_calls_tools_for_ever_is_asked_without_them() -> None:
    script = calls(("get_time", {"zone": "x"})), words("It is late.")
    async with fake_ollama(*script) as fake, brain(fake.host, tool_rounds=1) as engine:
        assert heard(await ask(engine, "the time")) == "It is late."
        assert [bool(body.get("tools")) for body in fake.asked] == [True, False]


async def test_the_error_of_a_tool_is_not_repeated_to_a_person() -> None:
    error = "Error: tool make_tea is unknown (known: get_time)"
    script = calls(("make_tea", {"cups": 2})), words("Error: ", "tool make", error[15:])
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "tea")
    assert done(parts) == []
    assert parts == [Declined(text="Sorry, I have no answer to that.")]


async def test_an_answer_that_begins_like_an_error_is_spoken() -> None:
    script = calls(("make_tea", {"cups": 2})), words("Err", "ors happen.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        assert heard(await ask(engine, "tea")) == "Errors happen."
