"""Tool calls written as commands, and elements of reasoning that are never closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.llm.chat.spoken_stream import SpokenStream
from servers.llm.chat.tool_names import canonical
from tests.servers.llm.chat.test_further_forms import read

CALLS = (
    # brackets
    "[Tool call: start_timer, minutes: 5]",
    "[Tool call: start_timer minutes=5]",
    "[Tool: start_timer | minutes=5]",
    "[Calling start_timer with minutes=5]",
    '[function: start_timer, args: {"minutes": 5}]',
    "[start_timer, minutes: 5]",
    "[start_timer: minutes=5]",
    "[Tool call] start_timer(minutes=5)",
    "(start_timer minutes=5)",
    "(start_timer :minutes 5)",
    "(start_timer(minutes=5))",
    "(calls start_timer with minutes: 5)",
    '("start_timer", {"minutes": 5})',
    "{start_timer: {minutes: 5}}",
    "{start_timer, minutes: 5}",
    "{start_timer(minutes=5)}",
    "{{ start_timer minutes=5 }}",
    "{% start_timer minutes=5 %}",
    "[Werkzeugaufruf: start_timer, minutes: 5]",
    "[Appel : start_timer, minutes=5]",
    "【工具调用：start_timer，minutes：5】",
    "（start_timer，minutes=5）",
    "[调用：start_timer(minutes=5)]",
    # lines
    "*calls start_timer with minutes=5*",
    "工具调用：start_timer，minutes：5",
    "/start_timer minutes=5",
    "/startTimer minutes: 5",
    "Tool call: start_timer, minutes: 5",
    "**Tool call:** start_timer, minutes=5",
    "Tool: start_timer | Args: minutes=5",
    "Tool: start_timer. Arguments: minutes=5",
    'Action: start_timer, Action Input: {"minutes": 5}',
    'start_timer -> {"minutes": 5}',
    "start_timer => minutes=5",
    # functions around them
    "console.log(start_timer({minutes: 5}))",
    "console.log(await start_timer({minutes: 5}));",
    "asyncio.run(start_timer(minutes=5))",
    "System.out.println(start_timer(minutes=5));",
    "```js\nconsole.log(start_timer({minutes: 5}))\n```",
    "```python\nfrom tools import start_timer\nprint(start_timer(minutes=5))\n```",
    'call_tool("start_timer", {"minutes": 5})',
    "use_tool(start_timer, minutes=5)",
    'await client.callTool({ name: "start_timer", arguments: { minutes: 5 } });',
    'start_timer.invoke({"minutes": 5})',
    "start_timer(minutes => 5)",
    "echo start_timer(minutes=5)",
    "my_client.start_timer(minutes=5)",
    "x = client.start_timer(minutes=5)",
    # requests of curl
    "curl -X POST http://localhost/api/start_timer -d '{\"minutes\": 5}'",
    "curl 'http://localhost:8000/start_timer?minutes=5'",
    "curl http://localhost/start_timer?minutes=5",
    "curl -X POST http://a.b/start_timer \\\n  -H 'A: b' \\\n  -d '{\n  \"minutes\": 5\n}'",
    "```bash\ncurl -X POST http://a.b/start_timer/ -d '{\"minutes\": 5}'\n```",
    # rows of a table
    '| Tool | Arguments |\n| --- | --- |\n| start_timer | {"minutes": 5} |',
    "| Tool | Arguments |\n|---|---|\n| `start_timer` | minutes=5 |\n",
    "| function | minutes |\n|:-:|--:|\n| start_timer | 5 |",
    '| start_timer | {"minutes": 5} |',
    # marks
    "<tool_call>start_timer, minutes: 5</tool_call>",
    "<tool_call>(start_timer minutes=5)</tool_call>",
    "<tool>start_timer minutes=5</tool>",
)
POSITIONS = (
    *("/start_timer 5", "start_timer 5", "[start_timer 5]", "(start_timer 5)", "$ start_timer 5"),
    *("console.log(start_timer(5))", "print(start_timer(5))", "Action: start_timer 5"),
    *("`/start_timer 5`", "```bash\nstart_timer 5\n```", "<tool_call>start_timer 5</tool_call>"),
)
ALONE = ("[get_time]", "(get_time)", "/get_time", "get_time", "`get_time`", "[Tool call: get_time]")
NAMED = (
    *("[Tool call: stop]", "[tool: stop]", "Tool call: stop", "**Tool:** stop", "Action: stop"),
    *("<tool_call>stop</tool_call>", "[Function call: stop()]", "【工具调用：stop】"),
)
"""Calls of a tool whose name is a word of ordinary text."""
ORDINARY = (
    *("curl your hair", "curl -h shows help.", "curl http://localhost/help says more.", "Curl up."),
    "| Tool | Description |\n| --- | --- |\n| start_timer | Starts a timer. |",
    *("| a | b |\n|---|---|\n| 1 | 2 |", "| Tool | Use |\n\nNone.", "|x| is 5", "| stop | 5 |"),
    *("[stop]", "Bus: stop", "[Bus: stop]", "Yes.No.stop", "e.g. start_timer"),
    *("Type /help to see more.", "/start_timer is a command.", "/start_timer\nstarts a timer."),
    *("(start_timer is a tool.)", "(See start_timer.) It is one.", "It is late (or early). (Yes.)"),
    *("[start_timer](https://example.org) is a link.", "[get_time] and [set_volume] are tools."),
    *("My tools are start_timer and get_time", "- start_timer\n- get_time", "Use [get_time]"),
    *("`start_timer`: 5 minutes is usual.", "start_timer, the tool, is slow.", "stop 5", "/stop 5"),
    *(
        "start_timer 5 is the fifth of them.",
        "set_volume: louder or quieter.",
        "(stop) [stop] stop",
    ),
    *("console.log(x)", "print(5)", "Call me (tomorrow).", "call(er)s are people", "run(s) well"),
    *("(set_volume takes a level: 0 to 100)", "start_timer. Note: it is slow.", "call_tool(x, 5)"),
    *(
        "[Note: start_timer is slow.]",
        "[siehe: get_time]",
        "【注意】今天下雨。",
        "（好的）我知道。",
    ),
    *(
        "You can type `/start_timer 5` here.",
        "Use `start_timer 5` for that.",
        "It is `start_timer 5`",
    ),
    *("*Call me.* It is late.", "_Use_ the bell.", "[Anmerkung: set_volume, laut]"),
    *('call_tool("make_tea", {"cups": 2})', "{plan} is open.", "Log (the book) in. (Then go.)"),
)
UNCLOSED = (
    ("Replace <plan> by the name. Then save.", "Replace <plan> by the name. Then save."),
    ("A <plan> b <analysis> c", "A <plan> b <analysis> c"),
    ("<plan>SECRET\n\nIt is ten.", "It is ten."),
    ("<analysis>The timer runs.", "The timer runs."),
    ("[ANALYSIS] It rains.", " It rains."),
)


@pytest.mark.parametrize("text", CALLS)
def test_a_command_is_read_once_and_not_spoken(text: str) -> None:
    for size in (1, 4, 10_000):
        spoken, ((name, arguments),) = read(f"Of course.\n{text}", size)
        assert spoken.strip() == "Of course."
        assert (canonical(name), arguments) == ("starttimer", {"minutes": 5})


@pytest.mark.parametrize("text", POSITIONS)
def test_the_error_of_an_argument_without_a_name_goes_to_the_model(text: str) -> None:
    for size in (1, 4, 10_000):
        assert read(text, size) == ("", [("start_timer", {"arguments": 5})])


@pytest.mark.parametrize("text", ALONE)
def test_a_name_alone_is_a_call_at_the_end_of_an_answer(text: str) -> None:
    for size in (1, 4, 10_000):
        assert read(text, size) == ("", [("get_time", {})])


@pytest.mark.parametrize("text", NAMED)
def test_a_label_says_that_a_word_is_the_name_of_a_tool(text: str) -> None:
    for size in (1, 4, 10_000):
        spoken, found = read(f"Yes.\n{text}", size)
        assert (spoken.strip(), found) == ("Yes.", [("stop", {})])


@pytest.mark.parametrize("of", ["", "client.", "api.", "functions.", "my_own."])
@pytest.mark.parametrize("sentence", ["Yes.", "Okay!", "好的。"])
def test_a_sentence_that_a_call_follows_without_a_space_is_spoken(sentence: str, of: str) -> None:
    for size in (1, 2, 3, 4, 5, 10_000):
        spoken, found = read(f"{sentence}{of}start_timer(minutes=5)", size)
        assert spoken.startswith(sentence)
        assert found == [("start_timer", {"minutes": 5})]


@pytest.mark.parametrize("text", ["[get_time]", "/get_time", "Tool call: get_time"])
def test_a_sentence_before_it_is_spoken(text: str) -> None:
    for size in (1, 4, 10_000):
        spoken, found = read(f"Let me see. {text}", size)
        assert (spoken.strip(), found) == ("Let me see.", [("get_time", {})])


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_like_it_is_spoken(text: str) -> None:
    for size in (1, 4, 10_000):
        assert read(text, size) == (text, [])


@pytest.mark.parametrize("text", [call.replace("start_timer", "make_tea") for call in CALLS[:18]])
def test_a_command_of_no_offered_tool_is_ordinary(text: str) -> None:
    stream = SpokenStream(("get_time",))
    spoken = stream.push(text) + stream.flush()
    assert stream.calls == ()
    assert "make_tea" in spoken or "args" in text


@pytest.mark.parametrize(
    "text", [*CALLS[:4], *CALLS[5:24], *POSITIONS[:4], "/start_timer 5", "start_timer"]
)
def test_a_command_in_whose_middle_the_answer_ended_is_not_done(text: str) -> None:
    for end in range(1, len(text)):
        stream = SpokenStream(("start_timer",))
        stream.push(text[:end])
        stream.flush(cut=True)
        assert stream.calls == (), text[:end]


@pytest.mark.parametrize(("text", "spoken"), UNCLOSED)
def test_an_element_that_may_be_a_placeholder_hides_nothing_if_it_is_not_closed(
    text: str, spoken: str
) -> None:
    for size in (1, 4, 10_000):
        assert read(text, size) == (spoken.lstrip(), [])


def test_a_call_in_an_unclosed_plan_is_done() -> None:
    for size in (1, 10_000):
        assert read("<plan>\nstart_timer(minutes=5)", size)[1] == [("start_timer", {"minutes": 5})]


def test_a_plan_in_whose_middle_the_answer_ended_is_not_spoken() -> None:
    stream = SpokenStream()
    assert stream.push("Yes. <plan>SECRET") + stream.flush(cut=True) == "Yes. "


def test_a_long_plan_is_not_stored() -> None:
    stream = SpokenStream()
    for _ in range(1000):
        assert stream.push("<plan>deep ") == ""
    assert len(stream._pending) < 200  # noqa: SLF001  memory is not visible otherwise


@given(
    st.lists(
        st.sampled_from(
            (*CALLS, *POSITIONS, *ALONE, *NAMED, *ORDINARY, *dict(UNCLOSED), "\n", " ", "A. ", "A.")
        ),
        max_size=4,
    ),
    st.integers(1, 9),
)
def test_the_size_of_pieces_makes_no_difference(parts: list[str], size: int) -> None:
    text = "".join(parts)
    assert read(text, size) == read(text, 10_000)
