"""The screen of `satellite watch`, made from the events of a satellite."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any, Union

import msgspec
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from satellite import events
from satellite.diagnostics.stats.collector import STAGES, Collector, TurnRow
from satellite.diagnostics.stats.snapshot import Snapshot
from satellite.events import Event
from satellite.text.printable import printable

LINES = 6
"""Events on the screen."""

_BAR = 30
"""Characters of the longest latency bar."""

_LONG = 5.0
"""Seconds of such a bar at least, so that a fast satellite has short bars."""

_FLOOR = -60.0
"""dBFS at the left end of the meter."""

GREEN, BLUE, TEAL, ORANGE, PURPLE, RED = (
    f"color({number})" for number in (28, 62, 31, 130, 133, 160)
)
"""Of the 256 colours of terminals, some that can be read on black as well as on white."""

PHASES = {"idle": GREEN, "listening": TEAL, "thinking": ORANGE, "speaking": PURPLE}

STYLES = {"endpoint": BLUE, "asr": TEAL, "llm": ORANGE, "tts": PURPLE}

_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(type=Union[events.KINDS])  # noqa: UP007


def read(line: bytes | str) -> Event | None:
    """Return an event of the log; None for a line that is not a known event."""
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None


class View:
    """The state on the screen."""

    def __init__(self) -> None:
        self.name = ""
        self.phase = "starting"
        self.muted = False
        self.level: float | None = None
        """dBFS of the microphone now; None if unknown."""
        self.text = ""
        self.reply = ""
        self.turn: TurnRow | None = None
        """The last turn that ended."""
        self.happened: deque[str] = deque(maxlen=LINES)
        self._now = Snapshot()
        self._collector = Collector()
        self._replying = False

    def state(self, facts: dict[str, Any]) -> None:
        """Take the answer of `/api/state`."""
        self.name = str(facts.get("name", self.name))
        self.phase = str(facts.get("phase", self.phase))
        self.muted = bool(facts.get("muted", self.muted))
        level = facts.get("level")
        self.level = float(level) if isinstance(level, int | float) else None
        if engines := facts.get("engines"):
            self._now.take(events.Ready(name=self.name, engines=engines))
        for server in facts.get("servers", ()):
            self._now.take(events.ServerFound(role=server["role"], uri=server["uri"]))

    def take(self, event: Event) -> None:
        """Take the next event."""
        row = self._collector.take(event)
        self._now.take(event, row)
        if isinstance(row, TurnRow):
            self.turn = row
            self._note(event, row.line())
        match event:
            case events.Ready(name=name):
                self.name, self.phase = name, "idle"
            case events.Phase(phase=phase):
                self.phase = phase
            case events.Mute(muted=muted):
                self.muted = muted
            case events.Wake():
                self.text = self.reply = ""
            case events.Transcript(text=text):
                self.text, self.reply, self._replying = text, "", False
            case events.Reply(text=text, final=final):
                self.reply = text if final or not self._replying else f"{self.reply}{text}"
                self._replying = not final
        if text := line_of(event):
            self._note(event, text)

    def shown(self) -> RenderableType:
        """Return the screen."""
        facts = self._now.facts()
        state = "muted" if self.muted else self.phase
        head = Text.assemble(
            (printable(self.name) or "?", "bold"), "  ", (printable(state), PHASES.get(state, RED))
        )
        if self.level is not None:
            head.append("  " + meter(self.level), style=GREEN)
        words = Table.grid(padding=(0, 1))
        words.add_row(Text("you", style="dim"), Text(printable(self.text)))
        words.add_row(Text("answer", style="dim"), Text(printable(self.reply)))
        engines = Table.grid(padding=(0, 2))
        for role, engine in facts["engines"].items():
            uris = [s["uri"] for s in facts["servers"] if s["role"] == role]
            engines.add_row(*(Text(printable(text)) for text in (role, engine, ", ".join(uris))))
        parts: list[RenderableType] = [head, Panel(words, title="last turn", title_align="left")]
        if self.turn is not None:
            parts.append(Panel(bars(self.turn), title="timing", title_align="left"))
        if facts["engines"]:
            parts.append(Panel(engines, title="engines and servers", title_align="left"))
        lines = Text("\n".join(map(printable, self.happened)))
        parts.append(Panel(lines, title="events", title_align="left"))
        return Group(*parts)

    def _note(self, event: Event, text: str) -> None:
        self.happened.append(f"{datetime.fromtimestamp(event.time):%H:%M:%S}  {text}")


def line_of(event: Event) -> str:
    """Return an event as one line; empty for those that have their own place."""
    match event:
        case events.Wake(word=word, score=score):
            return f"wake word {word}, score {score:.2f}"
        case events.NearMiss(word=word, score=score):
            return f"near miss of {word}, score {score:.2f}"
        case events.Joined():
            return "went on after its decided end: asked again as a whole"
        case events.Yielded(to=to):
            return f"left the request to {to}"
        case events.Timer(state="finished", name=name):
            return f"timer rings: {name}" if name else "timer rings"
        case events.Alarm(state="finished", at=at):
            return f"alarm rings: {at}"
        case events.Announce(text=text):
            return f"announced: {text}"
        case events.AudioLoss(loss=loss):
            return f"samples were lost ({loss})"
        case events.Error(where=where, text=text):
            return f"{where}: {text}"
    return _engine_line(event)


def _engine_line(event: Event) -> str:
    match event:
        case events.Failover(role=role, to=to):
            return f"{role} continues with {to}"
        case events.ServerFound(role=role, uri=uri):
            return f"found {uri} ({role})"
        case events.ServerLost(role=role, uri=uri):
            return f"lost {uri} ({role})"
    return ""


def bars(turn: TurnRow) -> RenderableType:
    """Return the time of each stage of a turn as bars on one scale."""
    grid = Table.grid(padding=(0, 1))
    took = {stage: value for stage in STAGES if (value := getattr(turn, stage)) is not None}
    longest = max(_LONG, *took.values()) if took else _LONG
    for stage, seconds in took.items():
        bar = "█" * max(1, round(seconds / longest * _BAR))
        grid.add_row(
            Text(stage, style="dim"),
            Text(f"{seconds:.2f} s"),
            Text(bar, STYLES.get(stage, GREEN)),
        )
    return grid


def meter(level: float) -> str:
    """Return a level in dBFS as a bar of twenty characters."""
    filled = round(max(0.0, min(1.0, 1 - level / _FLOOR)) * 20)
    return "▮" * filled + "▯" * (20 - filled)
