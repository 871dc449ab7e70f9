"""Turns assembled from events: the time of each stage, and the outcome."""

from __future__ import annotations

from typing import Literal

import msgspec

from satellite import events
from satellite.events import Event, ExtentName, OutcomeName

STAGES = ("endpoint", "asr", "llm", "tts", "answer")
"""endpoint: from the end of the voice to its detection; asr, llm, tts: from the previous stage to
the first result; answer: from the end of the voice to the first sound."""

_ENDED = {"whole": "a whole request heard", "open": "a request heard", "begun": "a part heard"}
"""What was heard, in the line of a turn, where its meaning decided the end."""

_RUNNING = 8
"""Turns to remember: one runs, and it may have interrupted others."""

Kind = Literal[
    "start", "wake", "near_miss", "yielded", "joined", "overrun", "underrun", "failover", "error"
]


class TurnRow(msgspec.Struct, kw_only=True):
    """A turn. Stages are in seconds, and None if they were not reached."""

    id: str
    at: float = 0.0
    """End of the turn, in Unix seconds."""
    outcome: OutcomeName = "cancelled"
    stage: str | None = None
    """The stage that failed."""
    endpoint: float | None = None
    asr: float | None = None
    llm: float | None = None
    tts: float | None = None
    answer: float | None = None
    text: str | None = None
    reply: str | None = None
    extent: ExtentName | None = None
    """How far the brain knew the request when its end was decided: `whole`, `open` and `begun`
    decided by meaning, `unknown` by silence alone."""

    def line(self) -> str:
        """Return the turn as a line of text."""
        ended = _ENDED.get(self.extent or "unknown", "heard")
        named = ((ended, self.endpoint), ("understood", self.asr), ("thought", self.llm))
        parts = [f"{what} in {took:.2f} s" for what, took in (*named, ("spoke", self.tts)) if took]
        stages = f" ({', '.join(parts)})" if parts else ""
        total = "" if self.answer is None else f" {self.answer:.2f} s after the voice's end"
        where = f" in {self.stage}" if self.stage else ""
        return f"{self.outcome.replace('_', ' ')}{where}{total}{stages}"


class CountedEvent(msgspec.Struct, frozen=True):
    """An event outside turns; `what` is a word, a role or a part, `value` a score or a count."""

    at: float
    kind: Kind
    what: str
    value: float


Row = TurnRow | CountedEvent


class Collector:
    """Assembles events into rows."""

    def __init__(self, texts: bool = False) -> None:
        """With `texts`, rows include the request and the answer."""
        self._texts = texts
        self._turns: dict[str, TurnRow] = {}
        self._moments: dict[str, dict[str, float]] = {}

    def take(self, event: Event) -> Row | None:
        """Take the next event; return the row that it completes, if any."""
        match event:
            case events.Ready():
                return CountedEvent(event.time, "start", event.name, 1)
            case events.Wake(word=word, score=score):
                return CountedEvent(event.time, "wake", word, score)
            case events.NearMiss(word=word, score=score):
                return CountedEvent(event.time, "near_miss", word, score)
            case events.Yielded(to=to, waited=waited):
                return CountedEvent(event.time, "yielded", to, waited)
            case events.Joined():
                return CountedEvent(event.time, "joined", "", 1)
            case events.AudioLoss(loss=loss, count=count):
                return CountedEvent(event.time, loss, "", count)
            case events.Failover(role=role):
                return CountedEvent(event.time, "failover", role, 1)
            case events.Error(where=where):
                return CountedEvent(event.time, "error", where, 1)
        return self._of_turn(event, event.turn) if event.turn else None

    def _of_turn(self, event: Event, turn: str) -> TurnRow | None:
        row = self._turns.setdefault(turn, TurnRow(id=turn))
        moments = self._moments.setdefault(turn, {})
        match event:
            case events.SpeechEnd(decided_mono=decided):
                row.extent = event.extent
                row.endpoint = max(0.0, decided - event.mono)
                moments.update(voice=event.mono, decided=decided)
            case events.Transcript(final=True, text=text):
                row.asr = _since(moments, "decided", event.mono)
                moments["transcript"] = event.mono
                row.text = text if self._texts else None
            case events.Reply(text=text, final=final):
                if text and "reply" not in moments:
                    row.llm = _since(moments, "transcript", event.mono)
                    moments["reply"] = event.mono
                if final and self._texts:
                    row.reply = text
            case events.AudioStart() if "sound" not in moments:
                row.tts = _since(moments, "reply", event.mono)
                row.answer = _since(moments, "voice", event.mono)
                moments["sound"] = event.mono
            case events.TurnEnd(outcome=outcome, stage=stage):
                row.at, row.outcome, row.stage = event.time, outcome, stage
                self._forget(turn)
                return row
        while len(self._turns) > _RUNNING:
            self._forget(next(iter(self._turns)))
        return None

    def _forget(self, turn: str) -> None:
        self._turns.pop(turn, None)
        self._moments.pop(turn, None)


def _since(moments: dict[str, float], name: str, now: float) -> float | None:
    return max(0.0, now - moments[name]) if name in moments else None
