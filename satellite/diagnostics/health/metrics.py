"""Metrics of the satellite for Prometheus, counted from its events."""

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
"""Seconds, from unnoticeable to too long for anyone to wait."""

_TURNS = 8
"""Turns to remember: one runs, and it may have interrupted others."""


class SatelliteMetrics:
    """Counters of turns, wake words and losses; `text_of` returns their values."""

    def __init__(self, heartbeat: Heartbeat) -> None:
        import prometheus_client as prometheus

        self.registry: CollectorRegistry = prometheus.CollectorRegistry()

        def named(kind: Any, name: str, text: str, *labels: str, **more: Any) -> Any:
            return kind(f"satellite_{name}", text, labels, registry=self.registry, **more)

        counter, gauge = prometheus.Counter, prometheus.Gauge
        prometheus.ProcessCollector(registry=self.registry)
        self._turns = named(counter, "turns", "Turns that have ended", "outcome")
        self._waits = named(counter, "waits", "Turns that said that they take long")
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
        self._phase = named(gauge, "phase", "1 for the current phase", "phase")
        self._muted = named(gauge, "muted", "1 while the microphone is muted")
        arrived = named(gauge, "audio_heard_seconds", "Sound taken from the microphone so far")
        arrived.set_function(lambda: heartbeat.samples / SPEECH.rate)
        moving = named(gauge, "audio_moving", "1 while sound arrives from the microphone")
        moving.set_function(lambda: float(heartbeat.beats))
        self._uris: dict[str, set[str]] = {}
        self._moments: dict[str, dict[str, float]] = {}
        self._take_phase("idle")

    def text_of(self, accepted: str) -> tuple[bytes, str]:
        """Return all values in a format that the scraper accepts, and the content type."""
        from prometheus_client.exposition import choose_encoder

        encode, kind = choose_encoder(accepted)
        return encode(self.registry), kind

    @singledispatchmethod
    def take(self, event: Event) -> None:
        """Count an event; most events are not counted."""

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
    def _(self, event: events.Waiting) -> None:
        self._waits.inc()

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
        uris = self._uris.setdefault(role, set())
        (uris.add if found else uris.discard)(uri)
        self._servers.labels(role).set(len(uris))

    def _note(self, event: Event, name: str, mono: float) -> None:
        if event.turn is None:
            return
        self._moments.setdefault(event.turn, {}).setdefault(name, mono)
        while len(self._moments) > _TURNS:
            del self._moments[next(iter(self._moments))]

    def _passed(self, event: Event, stage: str, since: str, name: str) -> None:
        """Observe a stage at its first result, if its beginning is known."""
        moments = self._moments.get(event.turn or "", {})
        if since in moments and name not in moments:
            self._stages.labels(stage).observe(max(0.0, event.mono - moments[since]))
        self._note(event, name, event.mono)
