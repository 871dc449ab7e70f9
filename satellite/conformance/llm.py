"""What a brain promises."""

from __future__ import annotations

from typing import Any

import msgspec

from satellite.conformance.check import Case, expect
from satellite.conformance.engine import engine_checks
from satellite.values import Action, Declined, Message, ReplyRequest

LONG_WORDS = 20_000
"""Words of the long request: 100 kB, more than any person says at once."""


class LlmSample(msgspec.Struct, frozen=True):
    """Two requests that the engine answers with words."""

    text: str
    other: str
    patience: float = 30.0


class _Llm:
    def usual(self, sample: LlmSample) -> Case:
        return Case(lambda engine: _ask(engine, sample.text), _judge)

    def other(self, sample: LlmSample) -> Case:
        return Case(lambda engine: _ask(engine, sample.other), _judge)

    def empty(self, sample: LlmSample) -> list[Case]:
        return [
            Case(lambda engine, text=text: _ask(engine, text), _judge_nothing)  # type: ignore[misc]
            for text in ("", "  \n")
        ]

    def strange(self, sample: LlmSample) -> list[Case]:
        turns = tuple(
            Message(role=("user", "assistant")[number % 2], text=f"{sample.text} {number}")
            for number in range(200)
        )
        requests = (
            *(
                ReplyRequest(text=text)
                for text in ("\0", "\ud800", "\U0001f600", "(((", "{x}", "qwrtz plf", "1" * 400)
            ),
            ReplyRequest(text=sample.text, language="tlh"),
            ReplyRequest(text=sample.text, history=turns),
        )
        return [
            Case(lambda engine, request=request: engine.reply(request), _judge_order)  # type: ignore[misc]
            for request in requests
        ]

    def long(self, sample: LlmSample) -> Case:
        return Case(lambda engine: _ask(engine, "word " * LONG_WORDS))

    def endless(self, sample: LlmSample) -> Case:
        return self.usual(sample)


def _ask(engine: Any, text: str) -> Any:
    return engine.reply(ReplyRequest(text=text))


def _judge_order(items: list[Any]) -> None:
    strangers = [item for item in items if not isinstance(item, str | Action | Declined)]
    expect(not strangers, f"yielded {strangers!r}, no part of a reply")
    declined = any(isinstance(item, Declined) for item in items)
    expect(not declined or len(items) == 1, f"declined beside other parts: {items!r}")


def _judge(items: list[Any]) -> None:
    _judge_order(items)
    text = "".join(item for item in items if isinstance(item, str))
    expect(text.strip(), f"answered without words: {items!r}")


def _judge_nothing(items: list[Any]) -> None:
    expect(not items, f"answered {items!r} where nothing was said")


LLM_CHECKS = engine_checks(_Llm())
