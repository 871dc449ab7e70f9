"""What `satellite watch` shows: everything that its events tell, and how it looks."""

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

LINES = 6
"""Things that happened, as shown."""

_BAR = 30
"""Characters of the longest latency bar."""

_LONG = 5.0
"""Seconds that such a bar is at least: a quick satellite has short bars."""

_FLOOR = -60.0
"""dBFS at the left end of the meter."""

_COLOURS = {"idle": "green", "listening": "cyan", "thinking": "yellow", "speaking": "magenta"}

_STYLES = {"endpoint": "blue", "asr": "cyan", "llm": "yellow", "tts": "magenta"}

_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(type=Union[events.KINDS])  # noqa: UP007


def read(line: bytes | str) -> Event | None:
    """Return an event of the log; None for a line that is not a known event."""
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None


class View:
    """What is shown."""

    def __init__(self) -> None:
        self.name = ""
        self.phase = "starting"
        self.muted = False
        self.level: float | None = None
        """dBFS of the microphone now; None where that is not known."""
        self.text = ""
        self.reply = ""
        self.turn: TurnRow | None = None
        """The last one that ended."""
        self.happened: deque[str] = deque(maxlen=LINES)
        self._now = Snapshot()
        self._gatherer = Collector()
        self._saying = False

    def state(self, facts: dict[str, Any]) -> None:
        """Take what the satellite says of itself."""
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
        row = self._gatherer.take(event)
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
                self.text, self.reply, self._saying = text, "", False
            case events.Reply(text=text, final=final):
                self.reply = text if final or not self._saying else f"{self.reply}{text}"
                self._saying = not final
        if text := line_of(event):
            self._note(event, text)

    def shown(self) -> RenderableType:
        """The screen."""
        facts = self._now.facts()
        does = "muted" if self.muted else self.phase
        head = Text.assemble((self.name or "?", "bold"), "  ", (does, _COLOURS.get(does, "red")))
        if self.level is not None:
            head.append("  " + meter(self.level), style="green")
        said = Table.grid(padding=(0, 1))
        said.add_row(Text("you", style="dim"), Text(self.text))
        said.add_row(Text("it", style="dim"), Text(self.reply))
        engines = Table.grid(padding=(0, 2))
        for role, what in facts["engines"].items():
            uris = [s["uri"] for s in facts["servers"] if s["role"] == role]
            engines.add_row(Text(role, style="dim"), Text(what), Text(", ".join(uris), style="dim"))
        parts: list[RenderableType] = [head, Panel(said, title="last turn", title_align="left")]
        if self.turn is not None:
            parts.append(Panel(bars(self.turn), title="took", title_align="left"))
        if facts["engines"]:
            parts.append(Panel(engines, title="engines and servers", title_align="left"))
        lines = Text("\n".join(self.happened), no_wrap=True, overflow="ellipsis")
        parts.append(Panel(lines, title="happened", title_align="left"))
        return Group(*parts)

    def _note(self, event: Event, text: str) -> None:
        self.happened.append(f"{datetime.fromtimestamp(event.time):%H:%M:%S}  {text}")


def line_of(event: Event) -> str:
    """An event on one line; empty for those that are shown elsewhere."""
    match event:
        case events.Wake(word=word, score=score):
            return f"woken by {word}, score {score:.2f}"
        case events.NearMiss(word=word, score=score):
            return f"nearly woken by {word}, score {score:.2f}"
        case events.Yielded(to=to):
            return f"left to {to}"
        case events.Timer(state="finished", name=name):
            return f"timer rings: {name}" if name else "timer rings"
        case events.Alarm(state="finished", at=at):
            return f"alarm rings: {at}"
        case events.Announce(text=text):
            return f"announced: {text}"
        case events.AudioLoss(loss=loss):
            return f"sound was lost ({loss})"
        case events.Error(where=where, text=text):
            return f"{where}: {text}"
    return _engine_line(event)


def _engine_line(event: Event) -> str:
    match event:
        case events.Failover(role=role, to=to):
            return f"{role} goes on with {to}"
        case events.ServerFound(role=role, uri=uri):
            return f"found {uri} ({role})"
        case events.ServerLost(role=role, uri=uri):
            return f"lost {uri} ({role})"
    return ""


def bars(turn: TurnRow) -> RenderableType:
    """How long each stage of a turn took, as bars on one scale."""
    grid = Table.grid(padding=(0, 1))
    took = {stage: value for stage in STAGES if (value := getattr(turn, stage)) is not None}
    longest = max(_LONG, *took.values()) if took else _LONG
    for stage, seconds in took.items():
        bar = "█" * max(1, round(seconds / longest * _BAR))
        grid.add_row(
            Text(stage, style="dim"),
            Text(f"{seconds:.2f} s"),
            Text(bar, _STYLES.get(stage, "green")),
        )
    return grid


def meter(level: float) -> str:
    """A level in dBFS as a bar of twenty places."""
    filled = round(max(0.0, min(1.0, 1 - level / _FLOOR)) * 20)
    return "▮" * filled + "▯" * (20 - filled)
