"""What models write before a tool call is not spoken, and ordinary text like it is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servers.llm.chat import leads, spoken_stream
from servers.llm.chat.spoken_stream import SpokenStream
from tests.servers.llm.asking import ask, brain, done, heard
from tests.support.ollama_fake import fake_ollama, words

TOOLS = ("start_timer", "get_time", "set_volume", "stop")
CALLS = (
    '{"name": "start_timer", "arguments": {"minutes": 5}}',
    '```json\n{"name": "start_timer", "arguments": {"minutes": 5}}\n```',
    "start_timer(minutes=5)",
    '<tool_call>\n{"name": "start_timer", "arguments": {"minutes": 5}}\n</tool_call>',
)
LEADS = (
    *("> ", ">> ", ">", "- ", "* ", "+ ", "• ", "1. ", "2) ", "→ ", "— ", "🔧 ", "🛠️ "),
    *(
        "Tool: ",
        "tool: ",
        "TOOL:\n",
        "Tool call: ",
        "Tool Calls:\n\n",
        "tool_call: ",
        "Tool call 1: ",
    ),
    *("Function: ", "Function call: ", "Calling function: ", "function_call:\n"),
    *("Action: ", "Action:\n", "Actions: ", "API call: ", "Invoke: ", "Command: "),
    *("Assistant: ", "AI: ", "Bot:\n", "Response: ", "Answer: ", "Final answer: ", "Output: "),
    *("JSON: ", "Code:\n", "Python code:\n", "Step 1: "),
    *("# ", "### Tool call\n", "## Function call:\n\n", "#### Action\n> "),
    *("**Tool call:** ", "**Tool call**: ", "*Action:*\n", "__Function call__\n", "- **Tool:** "),
    *("1. **Function call:**\n   ", "> Action: ", "> - ", "工具调用：", "函数调用: ", "动作：\n"),
)
BLOCKS = (
    "~~~json\n%s\n~~~",
    "```tool-call\n%s\n```",
    "```json\n\n%s\n```",
    "```\n# Set the timer.\n%s\n```",
    "```javascript\n// Set the timer.\n%s\n```",
    "```text\nTool call: %s\n```",
    "```\n> %s\n```",
    "Tool call:\n\n```json\n%s\n```\n",
)
REACT = (
    'Action: start_timer\nAction Input: {"minutes": 5}',
    'Action: start_timer\nAction Input:\n{"minutes": 5}\nObservation: done\nFinal Answer: Done.',
    '**Action:** start_timer\n**Action Input:** {"minutes": 5}',
    'Tool: start_timer\nInput: {"minutes": 5}',
    'Function: start_timer\nArguments: {"minutes": 5}',
    'tool: start_timer\nparameters: {"minutes": 5}',
    'Action: `start_timer`\nAction Input: `{"minutes": 5}`',
    'Tool call: start_timer {"minutes": 5}',
    '> ```json\n> {"name": "start_timer",\n>  "arguments": {"minutes": 5}}\n> ```',
    '> {\n> "name": "start_timer",\n> "arguments": {\n> "minutes": 5\n> }\n> }',
)
ORDINARY = (
    "- milk\n- eggs\n* bread",
    "1. Stop the car.\n2. Start again.\n3",
    "> To be, or not to be.",
    "# A heading\n\nA text.",
    "**Bold** words.",
    "Tool: a hammer is one.",
    "Action: none.\nAction movies are loud. Action",
    "Action Input: nothing",
    "Answer: {1, 2, 3}",
    "Answer: 42. Stop (the music) then.",
    "Assistant: I am here.",
    "Use stop(x) to stop.",
    "Function start_timer(minutes) starts a timer.",
    "Tools. Tool",
    "Tool call:",
    "AI is a field.\nI see. A tool",
    "~5 minutes, ~~struck~~, ~~~",
    "Step 1: open it. Step 2",
    "3.5 and 4",
    "-" * 90 + "\nA rule.",
    "工具很多。动作",
    'Output: {"colour": "red"}',
    "Tool:\n\n- a hammer",
    "Stop\ninput: none. Stop\nit.",
)


def read(text: str, size: int) -> tuple[str, list[tuple[str, dict[str, object]]]]:
    stream = SpokenStream(TOOLS)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    spoken = "".join(map(stream.push, pieces)) + stream.flush()
    return spoken, [(call.name, dict(call.arguments)) for call in stream.calls]


FIVE = [("start_timer", {"minutes": 5})]


@pytest.mark.parametrize("before", ["", "Of course. ", "Of course.\n"])
@pytest.mark.parametrize("lead", LEADS)
def test_what_precedes_a_call_is_not_spoken(lead: str, before: str) -> None:
    for call in CALLS:
        if before.endswith(" ") and ":" not in lead and call == CALLS[2]:
            continue  # a Python call begins a line, or follows a label
        for size in (1, 3, 1000):
            spoken, found = read(before + lead + call, size)
            assert (spoken.strip(), found) == (before.strip(), FIVE), (call, size)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_call_in_a_block_is_read_whatever_precedes_it(block: str) -> None:
    for call in (CALLS[0], CALLS[2]):
        for size in (1, 3, 1000):
            assert read(block.replace("%s", call), size) == ("", FIVE), (call, size)


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("text", REACT)
def test_a_name_and_its_input_on_lines_of_their_own_are_a_call(text: str, size: int) -> None:
    assert read(text, size) == ("", FIVE)


@pytest.mark.parametrize("written", ["", "none", "{}", "None"])
def test_an_input_of_nothing_is_a_call_without_arguments(written: str) -> None:
    assert read(f"Action: get_time\nAction Input: {written}", 1) == ("", [("get_time", {})])


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_like_it_is_spoken(text: str, size: int) -> None:
    assert read(text, size) == (text, [])


def test_words_that_only_begin_like_a_lead_are_spoken_at_once() -> None:
    stream = SpokenStream(TOOLS)
    pieces = ["A", " lamp", " is", ".", "\n", "- ", "milk", "\nTool", "s are", " here. ", "It"]
    assert [stream.push(piece) for piece in pieces] == [
        *("", "A lamp", " is", ".", "\n", "", "- milk", "\n", "Tools are", " here. ", "It"),
    ]


@given(
    parts=st.lists(
        st.sampled_from((*LEADS, *CALLS, *BLOCKS[:3], *ORDINARY, "Of course. ", "\n", " ")),
        max_size=5,
    ),
    size=st.integers(1, 9),
)
@example(parts=["1. ", CALLS[0]], size=1)
@example(parts=["Stop the music then.", CALLS[2]], size=1)
@example(parts=["I use client.", CALLS[2]], size=1)
@example(parts=["Of course.", "   ", "Tool: ", CALLS[2]], size=1)
def test_the_size_of_pieces_makes_no_difference(parts: list[str], size: int) -> None:
    text = "".join(parts)
    assert read(text, size) == read(text, 10_000)


async def test_only_the_answer_to_a_labelled_call_is_heard() -> None:
    script = words("Tool call: ", CALLS[0]), words("Your timer runs.")
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "five minutes")
    assert len(done(parts)) == 1
    assert heard(parts) == "Your timer runs."


def test_no_text_makes_the_search_for_leads_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each took 90 microseconds for every bracket at every piece: 10 s for 1,200 characters."""
    searched = 0

    def counted(text: str, at: int, first: int) -> int:
        nonlocal searched
        searched += 1
        return leads.lead_start(text, at, first)

    monkeypatch.setattr(spoken_stream, "lead_start", counted)
    stream, pieces = SpokenStream(TOOLS), ["```json\n", "#1 "] * 120
    for piece in pieces:
        stream.push(piece)
    stream.flush()
    assert searched <= 3 * len(pieces)
