"""The satellite's metrics, counted from the events of a turn."""

from __future__ import annotations

import pytest

from satellite import events
from satellite.audio.heartbeat import Heartbeat
from satellite.diagnostics.health.metrics import SatelliteMetrics
from satellite.events import Event

TURN: tuple[Event, ...] = (
    events.Wake(word="okay_nabu", score=0.9, turn="a"),
    events.Phase(phase="listening"),
    events.SpeechEnd(mono=10.0, decided=0.0, decided_mono=10.7, turn="a"),
    events.Transcript(text="wh", final=False, engine="e", mono=10.72, turn="a"),
    events.Transcript(text="what", final=True, engine="e", mono=10.8, turn="a"),
    events.Reply(text="It is", final=False, engine="e", mono=11.0, turn="a"),
    events.Reply(text="It is two.", final=True, engine="e", mono=12.0, turn="a"),
    events.AudioStart(mono=11.3, turn="a"),
    events.TurnEnd(outcome="answered", turn="a"),
)
TOOK = {"endpoint": 0.7, "asr": 0.1, "llm": 0.2, "tts": 0.3, "answer": 1.3}


@pytest.fixture
def metrics() -> SatelliteMetrics:
    return SatelliteMetrics(Heartbeat())


def value(metrics: SatelliteMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"satellite_{name}", labels)


def take(metrics: SatelliteMetrics, *published: Event) -> None:
    for event in published:
        metrics.take(event)


def test_a_turn_is_counted_and_each_stage_timed_once(metrics: SatelliteMetrics) -> None:
    take(metrics, *TURN)
    assert value(metrics, "wakes_total", word="okay_nabu") == 1
    assert value(metrics, "turns_total", outcome="answered") == 1
    for stage, seconds in TOOK.items():
        assert value(metrics, "stage_seconds_count", stage=stage) == 1
        assert value(metrics, "stage_seconds_sum", stage=stage) == pytest.approx(seconds)


def test_turns_that_say_that_they_take_long_are_counted(metrics: SatelliteMetrics) -> None:
    take(metrics, events.Waiting(turn="a"), events.Waiting(turn="b"))
    assert value(metrics, "waits_total") == 2


def test_stages_of_turns_at_once_are_not_mixed_up(metrics: SatelliteMetrics) -> None:
    start = events.Transcript(text="x", final=True, engine="e", mono=1.0, turn="a")
    other = events.Transcript(text="x", final=True, engine="e", mono=5.0, turn="b")
    answer = events.Reply(text="y", final=False, engine="e", mono=6.0, turn="b")
    take(metrics, start, other, answer)
    assert value(metrics, "stage_seconds_sum", stage="llm") == 1.0


def test_turns_that_never_end_are_forgotten(metrics: SatelliteMetrics) -> None:
    for number in range(1000):
        take(metrics, events.SpeechEnd(decided=0.0, decided_mono=1.0, turn=str(number)))
    late = events.Transcript(text="x", final=True, engine="e", turn="1")
    take(metrics, late)
    assert value(metrics, "stage_seconds_count", stage="asr") is None


def test_failures_losses_servers_and_phases(metrics: SatelliteMetrics) -> None:
    found = events.ServerFound(role="asr", uri="tcp://a:1")
    take(
        metrics,
        events.TurnEnd(outcome="failed", stage="llm", error="down", turn="a"),
        events.AudioLoss(loss="overrun", count=3),
        events.Failover(role="asr", origin="x", to="y"),
        events.Error(where="mic", text="gone"),
        found,
        found,
        events.ServerFound(role="asr", uri="tcp://b:1"),
        events.ServerLost(role="asr", uri="tcp://b:1"),
        events.ServerLost(role="asr", uri="tcp://c:1"),
        events.Phase(phase="speaking"),
        events.Mute(muted=True),
    )
    assert value(metrics, "failures_total", stage="llm") == 1
    assert value(metrics, "audio_losses_total", loss="overrun") == 3
    assert value(metrics, "failovers_total", role="asr") == 1
    assert value(metrics, "errors_total", where="mic") == 1
    assert value(metrics, "servers", role="asr") == 1
    assert value(metrics, "phase", phase="speaking") == 1
    assert value(metrics, "phase", phase="idle") == 0
    assert value(metrics, "muted") == 1


def test_the_heartbeat_and_the_process_are_reported() -> None:
    heartbeat = Heartbeat()
    metrics = SatelliteMetrics(heartbeat)
    assert value(metrics, "audio_moving") == 0
    heartbeat.hear(bytes(64000))
    assert value(metrics, "audio_moving") == 1
    assert value(metrics, "audio_heard_seconds") == 2
    text, kind = metrics.text_of("")
    assert kind.startswith("text/plain")
    assert b"process_resident_memory_bytes " in text
