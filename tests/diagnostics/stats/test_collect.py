"""Events become rows: what each stage of a turn took, and what is counted beside turns."""

from __future__ import annotations

import pytest

from satellite import events
from satellite.diagnostics.stats.collect import Collector, RecordedEvent, Row, TurnRow
from satellite.events import Event
from tests.diagnostics.stats.turns import answered


def rows(happened: list[Event], texts: bool = False) -> list[Row]:
    gatherer = Collector(texts)
    return [row for event in happened if (row := gatherer.take(event)) is not None]


def test_a_turn_is_one_row_with_its_stages_and_without_its_texts() -> None:
    (row,) = rows(answered())
    assert isinstance(row, TurnRow)
    took = (row.endpoint, row.asr, row.llm, row.tts, row.answer)
    assert took == pytest.approx((0.7, 0.2, 0.5, 0.1, 1.5))
    assert (row.outcome, row.stage, row.text, row.reply) == ("answered", None, None, None)
    assert row.line() == (
        "answered 1.50 s after the voice's end "
        "(heard in 0.70 s, understood in 0.20 s, thought in 0.50 s, spoke in 0.10 s)"
    )


def test_texts_are_kept_where_that_is_wished() -> None:
    (row,) = rows(answered(), texts=True)
    assert isinstance(row, TurnRow)
    assert (row.text, row.reply) == ("what time is it", "It is ten.")


def test_a_turn_that_failed_has_what_it_reached() -> None:
    happened = [*answered()[:4], events.TurnEnd(outcome="failed", stage="llm", turn="t1")]
    (row,) = rows(happened)
    assert isinstance(row, TurnRow)
    assert (row.asr, row.llm, row.answer) == (pytest.approx(0.2), None, None)
    assert row.line() == "failed in llm (heard in 0.70 s, understood in 0.20 s)"


def test_turns_that_overlap_are_told_apart() -> None:
    first, second = answered("t1"), answered("t2", start=500.0)
    mixed = [event for pair in zip(first, second, strict=True) for event in pair]
    assert [row.id for row in rows(mixed) if isinstance(row, TurnRow)] == ["t1", "t2"]


def test_turns_without_an_end_are_forgotten() -> None:
    gatherer = Collector()
    for number in range(1000):
        gatherer.take(events.SpeechStart(turn=f"t{number}"))
    assert len(gatherer._turns) <= 8  # noqa: SLF001 - that it is bounded shows nowhere else


def test_what_is_counted_beside_turns() -> None:
    happened: list[Event] = [
        events.Ready(name="den", engines={}),
        events.Wake(word="okay_nabu", score=0.9),
        events.NearMiss(word="okay_nabu", score=0.4),
        events.Yielded(to="hall", word="okay_nabu", waited=0.1),
        events.AudioLoss(loss="underrun", count=3),
        events.Failover(role="asr", origin="a", to="b"),
        events.Error(where="mic", text="gone"),
        events.Phase(phase="idle"),
    ]
    found = [
        (row.kind, row.what, row.value) for row in rows(happened) if isinstance(row, RecordedEvent)
    ]
    assert found == [
        ("start", "den", 1),
        ("wake", "okay_nabu", 0.9),
        ("near_miss", "okay_nabu", 0.4),
        ("yielded", "hall", 0.1),
        ("underrun", "", 3),
        ("failover", "asr", 1),
        ("error", "mic", 1),
    ]
