"""Events become rows: turns with the time of each stage, and other events."""

from __future__ import annotations

import msgspec
import pytest

from satellite import events
from satellite.diagnostics.stats.collector import Collector, CountedEvent, Row, TurnRow
from satellite.events import Event
from tests.diagnostics.stats.turns import answered


def rows(published: list[Event], texts: bool = False) -> list[Row]:
    collector = Collector(texts)
    return [row for event in published if (row := collector.take(event)) is not None]


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


def test_rows_include_texts_if_that_is_set() -> None:
    (row,) = rows(answered(), texts=True)
    assert isinstance(row, TurnRow)
    assert (row.text, row.reply) == ("what time is it", "It is ten.")


def test_a_failed_turn_has_the_stages_that_it_reached() -> None:
    published = [*answered()[:4], events.TurnEnd(outcome="failed", stage="llm", turn="t1")]
    (row,) = rows(published)
    assert isinstance(row, TurnRow)
    assert (row.asr, row.llm, row.answer) == (pytest.approx(0.2), None, None)
    assert row.line() == "failed in llm (heard in 0.70 s, understood in 0.20 s)"


@pytest.mark.parametrize(
    ("extent", "heard"),
    [("whole", "a whole request heard"), ("open", "a request heard"), ("begun", "a part heard")],
)
def test_a_row_says_what_decided_the_end(extent: str, heard: str) -> None:
    published = [
        msgspec.structs.replace(event, extent=extent)
        if isinstance(event, events.SpeechEnd)
        else event
        for event in answered()
    ]
    (row,) = rows(published)
    assert isinstance(row, TurnRow)
    assert row.extent == extent
    assert f"({heard} in 0.70 s, " in row.line()


def test_overlapping_turns_are_separate_rows() -> None:
    first, second = answered("t1"), answered("t2", start=500.0)
    mixed = [event for pair in zip(first, second, strict=True) for event in pair]
    assert [row.id for row in rows(mixed) if isinstance(row, TurnRow)] == ["t1", "t2"]


def test_turns_without_an_end_are_forgotten() -> None:
    collector = Collector()
    for number in range(1000):
        collector.take(events.SpeechStart(turn=f"t{number}"))
    assert len(collector._turns) <= 8  # noqa: SLF001 - the bound is visible nowhere else


def test_other_events_are_counted() -> None:
    published: list[Event] = [
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
        (row.kind, row.what, row.value) for row in rows(published) if isinstance(row, CountedEvent)
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
