"""Wake engines become stricter after wakes without a request."""

from __future__ import annotations

import asyncio
import logging

import pytest

from satellite.builtin.wake.false_wakes import COUNT, STRICT, WITHIN, FalseWakes
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import TwoStage
from satellite.events import OutcomeName, TurnEnd, Wake
from satellite.lib.bus import Bus
from tests.builtin.wake.feeding import detections, spoken
from tests.support.speech import silence


class Clock:
    """Time that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def turn(wakes: FalseWakes, name: str, outcome: OutcomeName = "nothing_heard") -> None:
    wakes.take(Wake(word="okay_nabu", score=0.6, turn=name))
    wakes.take(TurnEnd(outcome=outcome, turn=name))


def test_two_wakes_without_a_request_raise_the_threshold_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    wakes = FalseWakes(clock)
    turn(wakes, "a")
    assert wakes.threshold("okay_nabu", 0.5) == 0.5
    clock.now += WITHIN - 1
    turn(wakes, "b")
    assert 0.5 < wakes.threshold("okay_nabu", 0.5) < 0.75
    assert wakes.threshold("okay_nabu", 0.1) < 0.5
    assert "need a higher score for 30 minutes" in caplog.text
    clock.now += STRICT - 1
    assert wakes.threshold("okay_nabu", 0.5) > 0.5
    clock.now += 2
    assert wakes.threshold("okay_nabu", 0.5) == 0.5
    assert len(caplog.records) == 1


def test_wakes_far_apart_or_with_a_request_change_nothing() -> None:
    clock = Clock()
    wakes = FalseWakes(clock)
    for number in range(4):
        turn(wakes, f"answered {number}", "answered")
        turn(wakes, f"failed {number}", "failed")
    for number in range(COUNT + 1):
        turn(wakes, f"apart {number}")
        clock.now += WITHIN + 1
    assert wakes.threshold("okay_nabu", 0.5) == 0.5


def test_a_turn_without_a_wake_word_is_no_false_wake() -> None:
    wakes = FalseWakes(Clock())
    for number in range(COUNT):
        wakes.take(TurnEnd(outcome="nothing_heard", turn=f"button {number}"))
    assert wakes.threshold("okay_nabu", 0.5) == 0.5


async def test_events_of_the_bus_are_counted() -> None:
    bus, wakes = Bus(), FalseWakes(Clock())
    following = asyncio.create_task(wakes.follow(bus))
    await asyncio.sleep(0)
    for name in ("a", "b"):
        bus.publish(Wake(word="okay_nabu", score=0.6, turn=name))
        bus.publish(TurnEnd(outcome="nothing_heard", turn=name))
    bus.end()
    await following
    assert wakes.threshold("okay_nabu", 0.5) > 0.5


@pytest.mark.parametrize("kind", [OpenWakeWord, TwoStage])
async def test_an_engine_heeds_them(kind: type[OpenWakeWord] | type[TwoStage]) -> None:
    audio = spoken("okay nabu", "en-us+m2", 170) + silence(1)

    usual, strict = kind(kind.Options()), kind(kind.Options())  # type: ignore[arg-type]
    strict.heed(lambda word, usual: 1.0)
    assert len(await detections(usual, audio)) == 1
    assert await detections(strict, audio) == []
    await usual.close()
    await strict.close()
