"""What the satellite does, as numbers for Prometheus, of its events alone."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from satellite import events
from satellite.audio.heartbeat import Heartbeat
from satellite.events import Event
from satellite.values import SPEECH

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_TIMES = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Seconds, from what nobody notices to what nobody waits for."""

_TURNS = 8
"""Turns whose moments are kept: one runs, and others may have been cut short by it."""


class SatelliteMetrics:
    """Counters of turns, wake words and losses; `page` tells their values."""

    def __init__(self, pulse: Heartbeat) -> None:
        import prometheus_client as prometheus

        self.registry: CollectorRegistry = prometheus.CollectorRegistry()

        def named(kind: Any, name: str, text: str, *labels: str, **more: Any) -> Any:
            return kind(f"satellite_{name}", text, labels, registry=self.registry, **more)

        counter, gauge = prometheus.Counter, prometheus.Gauge
        prometheus.ProcessCollector(registry=self.registry)
        self._turns = named(counter, "turns", "Turns that have ended", "outcome")
        self._failures = named(counter, "failures", "Turns that failed, by stage", "stage")
        self._stages = named(
            prometheus.Histogram,
            "stage_seconds",
            "endpoint: from the voice's end to its detection; asr, llm, tts: from the stage before "
            "to the first result; answer: from the voice's end to the first sound",
            "stage",
            buckets=_TIMES,
        )
        self._wakes = named(counter, "wakes", "Wake words heard", "word")
        self._losses = named(counter, "audio_losses", "Times that samples were lost", "loss")
        self._failovers = named(counter, "failovers", "Changes to another engine", "role")
        self._errors = named(counter, "errors", "Failures outside turns", "where")
        self._servers = named(gauge, "servers", "Servers of the LAN in reach", "role")
        self._phase = named(gauge, "phase", "1 for what it does now", "phase")
        self._muted = named(gauge, "muted", "1 while nobody is listened to")
        heard = named(gauge, "audio_heard_seconds", "Sound taken from the microphone so far")
        heard.set_function(lambda: pulse.samples / SPEECH.rate)
        moving = named(gauge, "audio_moving", "1 while the microphone's sound moves")
        moving.set_function(lambda: float(pulse.beats))
        self._known: dict[str, set[str]] = {}
        self._moments: dict[str, dict[str, float]] = {}
        self._take_phase("idle")

    def text_of(self, accepted: str) -> tuple[bytes, str]:
        """All values in the form that a scraper accepts, and the name of that form."""
        from prometheus_client.exposition import choose_encoder

        encode, kind = choose_encoder(accepted)
        return encode(self.registry), kind

    @singledispatchmethod
    def take(self, event: Event) -> None:
        """Count what has happened; most events are none that count."""

    @take.register
    def _(self, event: events.Wake) -> None:
        self._wakes.labels(event.word).inc()

    @take.register
    def _(self, event: events.Phase) -> None:
        self._take_phase(event.phase)

    @take.register
    def _(self, event: events.SpeechEnd) -> None:
        self._note(event, "voice", event.mono)
        self._note(event, "decided", event.decided_mono)
        self._stages.labels("endpoint").observe(max(0.0, event.decided_mono - event.mono))

    @take.register
    def _(self, event: events.Transcript) -> None:
        if event.final:
            self._passed(event, "asr", "decided", "transcript")

    @take.register
    def _(self, event: events.Reply) -> None:
        if event.text:
            self._passed(event, "llm", "transcript", "reply")

    @take.register
    def _(self, event: events.AudioStart) -> None:
        self._passed(event, "tts", "reply", "sound")
        self._passed(event, "answer", "voice", "heard")

    @take.register
    def _(self, event: events.TurnEnd) -> None:
        self._moments.pop(event.turn or "", None)
        self._turns.labels(event.outcome).inc()
        if event.outcome == "failed":
            self._failures.labels(event.stage or "unknown").inc()

    @take.register
    def _(self, event: events.AudioLoss) -> None:
        self._losses.labels(event.loss).inc(event.count)

    @take.register
    def _(self, event: events.Failover) -> None:
        self._failovers.labels(event.role).inc()

    @take.register
    def _(self, event: events.Error) -> None:
        self._errors.labels(event.where).inc()

    @take.register
    def _(self, event: events.ServerFound) -> None:
        self._reach(event.role, event.uri, True)

    @take.register
    def _(self, event: events.ServerLost) -> None:
        self._reach(event.role, event.uri, False)

    @take.register
    def _(self, event: events.Mute) -> None:
        self._muted.set(event.muted)

    def _take_phase(self, now: str) -> None:
        for phase in ("idle", "listening", "thinking", "speaking"):
            self._phase.labels(phase).set(phase == now)

    def _reach(self, role: str, uri: str, found: bool) -> None:
        known = self._known.setdefault(role, set())
        (known.add if found else known.discard)(uri)
        self._servers.labels(role).set(len(known))

    def _note(self, event: Event, name: str, mono: float) -> None:
        if event.turn is None:
            return
        self._moments.setdefault(event.turn, {}).setdefault(name, mono)
        while len(self._moments) > _TURNS:
            del self._moments[next(iter(self._moments))]

    def _passed(self, event: Event, stage: str, since: str, name: str) -> None:
        """Observe a stage at its first result, where its beginning is known."""
        moments = self._moments.get(event.turn or "", {})
        if since in moments and name not in moments:
            self._stages.labels(stage).observe(max(0.0, event.mono - moments[since]))
        self._note(event, name, event.mono)
