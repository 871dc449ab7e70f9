"""The current state of a running satellite."""

from __future__ import annotations

from satellite import events
from satellite.diagnostics.stats.collector import Collector
from satellite.diagnostics.stats.snapshot import LAST, Snapshot
from satellite.events import Event
from tests.diagnostics.stats.turns import answered


def snapshot(*published: Event) -> Snapshot:
    collector, state = Collector(), Snapshot()
    for event in published:
        state.take(event, collector.take(event))
    return state


def test_the_engines_are_those_that_answer_now() -> None:
    engines = {"wake": "openwakeword", "asr": "pocketsphinx"}
    state = snapshot(
        events.Ready(name="den", engines=engines),
        events.Failover(role="asr", origin="pocketsphinx", to="tcp://10.0.0.5:10300"),
        events.Failover(role="brain", origin="homeassistant", to="local"),
        events.WakeWords(words=("alexa",), engine="microwakeword"),
    )
    assert state.facts()["engines"] == {"wake": "microwakeword", "asr": "tcp://10.0.0.5:10300"}


def test_the_servers_are_those_in_reach() -> None:
    a, b = "tcp://10.0.0.5:10300", "tcp://10.0.0.6:10300"
    state = snapshot(
        events.ServerFound(role="asr", uri=a),
        events.ServerFound(role="asr", uri=b),
        events.ServerFound(role="asr", uri=b),
        events.ServerLost(role="asr", uri=a),
        events.ServerLost(role="tts", uri=a),
    )
    assert state.facts()["servers"] == [{"role": "asr", "uri": b}]


def test_only_the_last_turns_are_reported() -> None:
    state = snapshot(*(event for n in range(20) for event in answered(f"t{n}")))
    turns = state.facts()["turns"]
    assert [turn["id"] for turn in turns] == [f"t{n}" for n in range(20 - LAST, 20)]
    assert turns[0]["text"] is None


def test_the_last_trouble_is_reported() -> None:
    state = snapshot(events.Error(where="mic", text="gone", time=5.0))
    assert state.facts()["trouble"] == {"time": 5.0, "where": "mic", "text": "gone"}
    assert snapshot().facts()["trouble"] is None
