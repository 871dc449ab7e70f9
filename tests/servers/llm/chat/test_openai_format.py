"""OpenAI's form of messages and answers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from servers.llm.chat.client import MOST_CALLS, AnswerPiece, ToolCall
from servers.llm.chat.openai_format import AnswerReader, Chunk, messages_of


def read(*chunks: dict[str, Any]) -> tuple[list[AnswerPiece], AnswerPiece]:
    reader = AnswerReader()
    pieces = [reader.read(msgspec.convert(chunk, Chunk)) for chunk in chunks]
    return [piece for piece in pieces if piece is not None], reader.last()


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


def ended(reason: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def test_text_comes_piece_by_piece_and_the_facts_last() -> None:
    pieces, last = read(
        delta(role="assistant", content=None),
        delta(content="It is "),
        delta(content="warm."),
        ended("stop"),
        {"choices": [], "usage": {"prompt_tokens": 21, "completion_tokens": 2}},
    )
    assert [piece.text for piece in pieces] == ["It is ", "warm."]
    assert (last.prompt_tokens, last.whole, last.calls) == (21, True, ())


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_in_either_field_is_no_text(field: str) -> None:
    pieces, _ = read(delta(**{field: "Let me think"}), delta(content="Yes."))
    assert [(piece.text, piece.reasoning) for piece in pieces] == [("", True), ("Yes.", False)]


def test_a_call_in_pieces_is_put_together() -> None:
    def piece(index: int, **function: Any) -> dict[str, Any]:
        return delta(tool_calls=[{"index": index, "function": function}])

    _, last = read(
        piece(0, name="start_timer", arguments=""),
        piece(0, arguments='{"min'),
        piece(1, name="get_time", arguments="{}"),
        piece(0, arguments='utes": 5}'),
        ended("tool_calls"),
    )
    assert last.calls == (ToolCall("start_timer", {"minutes": 5}), ToolCall("get_time", {}))


def test_a_call_without_an_index_and_with_an_object_is_read() -> None:
    call = {"function": {"name": "start_timer", "arguments": {"minutes": 5}}}
    _, last = read(delta(tool_calls=[call]))
    assert last.calls == (ToolCall("start_timer", {"minutes": 5}),)


def test_an_answer_without_a_stream_is_read() -> None:
    message = {"role": "assistant", "content": "Yes."}
    pieces, last = read({"choices": [{"message": message, "finish_reason": "length"}]})
    assert pieces == [AnswerPiece("Yes.")]
    assert not last.whole


def test_calls_without_end_are_bounded() -> None:
    many = [{"index": number, "function": {"name": "x"}} for number in range(10_000)]
    _, last = read(delta(tool_calls=many))
    assert len(last.calls) == MOST_CALLS


def test_results_of_tools_repeat_the_ids_of_their_calls() -> None:
    calls = [{"function": {"name": name, "arguments": {"a": 1}}} for name in ("one", "two")]
    written = list(
        messages_of(
            [
                {"role": "user", "content": "Do it."},
                {"role": "assistant", "content": "", "tool_calls": calls},
                {"role": "tool", "tool_name": "one", "content": "1"},
                {"role": "tool", "tool_name": "two", "content": "2"},
                {"role": "assistant", "content": "", "tool_calls": calls[:1]},
                {"role": "tool", "tool_name": "one", "content": "3"},
            ]
        )
    )
    ids = [call["id"] for message in written for call in message.get("tool_calls", ())]
    assert len(set(ids)) == 3
    assert [m["tool_call_id"] for m in written if m["role"] == "tool"] == ids
    assert written[1]["tool_calls"][0]["function"] == {"name": "one", "arguments": '{"a":1}'}
