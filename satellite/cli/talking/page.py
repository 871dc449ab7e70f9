"""What a conversation shows: requests, answers as they come, and the line being typed."""

from __future__ import annotations

import sys
import unicodedata
from typing import Protocol

from satellite import events
from satellite.cli.screen import columns, echo, print_text
from satellite.events import Event
from satellite.turns.turn import WRITTEN

PROMPT = "> "

_ERASE = "\r\x1b[K"

_STAGES = {
    "asr": "speech-to-text failed",
    "llm": "the language model failed",
    "tts": "text-to-speech failed",
    "speaker": "the speaker failed",
}
_STATES = {
    "listening": "(listening: Enter ends the request)",
    "thinking": "(thinking: Enter interrupts)",
    "speaking": "(speaking: Enter interrupts)",
}


class Page(Protocol):
    """Shows a conversation."""

    def take(self, event: Event) -> None:
        """Show an event."""

    def say(self, text: str) -> None:
        """Show a line of the program itself."""

    def typing(self, text: str) -> None:
        """Show the line that is being typed."""

    def typed(self, text: str) -> None:
        """Leave a line that has been typed on the screen."""


class PlainPage:
    """For pipes and files: a line for each spoken request, and the answers."""

    def __init__(self) -> None:
        self.failed = False
        """Whether the newest turn failed."""
        self._answer = ""
        """The part of the answer that is shown."""

    def take(self, event: Event) -> None:
        """Show an event."""
        match event:
            case events.Transcript(final=True, text=text, engine=engine) if text:
                self._answer = ""
                if engine != WRITTEN:
                    self._request(text)
            case events.Reply(text=text, final=False):
                self._write(text)
            case events.Reply(text=text, final=True):
                self._finish(text)
            case events.TurnEnd():
                self._end()
                self.failed = event.outcome == "failed"
                if event.outcome == "nothing_heard":
                    self.say("(nothing was understood)")
                elif self.failed:
                    what = _STAGES.get(event.stage or "", "the turn failed")
                    self.say(f"({what}: {event.error})")
            case _:
                if line := _line_of(event):
                    self.say(line)

    def say(self, text: str) -> None:
        """Print a line."""
        self._end()
        print_text(text)

    def typing(self, text: str) -> None:
        """Show nothing: a pipe is not typed into."""

    def typed(self, text: str) -> None:
        """Show nothing."""

    def _request(self, text: str) -> None:
        self.say(f"you: {text}")

    def _write(self, text: str) -> None:
        self._answer += text
        echo(text, nl=False)

    def _finish(self, whole: str) -> None:
        if whole != self._answer:  # another engine began the answer again
            self._end()
            self._write(whole)
        self._end()

    def _end(self) -> None:
        """End the line of an answer."""
        if self._answer and not self._answer.endswith("\n"):
            echo()
        self._answer = ""


def _line_of(event: Event) -> str:
    """Return the line for an event outside of answers; empty for most."""
    match event:
        case events.Timer(state="finished", name=name):
            return f"(timer {name} rings)" if name else "(a timer rings)"
        case events.Alarm(state="finished", at=at):
            return f"(the alarm of {at} rings)"
        case events.Announce(text=text):
            return text
        case events.Failover(role=role, to=to):
            return f"({role} continues with {to})"
        case events.Person(name=str(name)):
            return f"(the voice of {name})"
    return ""


class TerminalPage(PlainPage):
    """For a terminal: the line being typed, or what the satellite does, is always the last one."""

    def __init__(self) -> None:
        super().__init__()
        self._line = ""
        self._state = ""
        self._drawn = ""
        """What the last line shows; empty where that is unknown."""
        self._written = False
        """Whether an answer is being written, which the last line then belongs to."""

    def take(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, events.Phase):
            self._state = _STATES.get(event.phase, "")
        else:
            super().take(event)
        self.draw()

    def say(self, text: str) -> None:
        """Print a line above the one being typed."""
        self._end()
        self._erase()
        print_text(text)
        self.draw()

    def typing(self, text: str) -> None:
        """Show the line that is being typed."""
        self._line = text
        self.draw()

    def typed(self, text: str) -> None:
        """Leave the line on the screen."""
        self._end()
        self._erase()
        echo(f"{PROMPT}{text}")
        self._line = ""

    def draw(self) -> None:
        """Show the last line again, unless an answer is being written there."""
        if self._written:
            return
        text = self._state if self._state and not self._line else PROMPT + self._tail()
        if text == self._drawn:
            return
        self._erase()
        self._drawn = text
        echo(text, nl=False)
        sys.stdout.flush()

    def erase(self) -> None:
        """Make room for others, who write to the terminal before `draw` is called."""
        if self._written:
            echo()
        self._erase()
        sys.stdout.flush()

    def _request(self, text: str) -> None:
        self._end()
        self._erase()
        echo(f"{PROMPT}{text}")

    def _write(self, text: str) -> None:
        if not self._written:
            self._erase()
            self._written = True
        super()._write(text)
        sys.stdout.flush()

    def _end(self) -> None:
        super()._end()
        self._written = False

    def _erase(self) -> None:
        self._drawn = ""
        if not self._written:
            sys.stdout.write(_ERASE)

    def _tail(self) -> str:
        """Return the end of the line being typed that fits beside the prompt."""
        room = (columns() or 80) - len(PROMPT) - 1
        shown: list[str] = []
        for character in reversed(self._line):
            room -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if room < 0:
                break
            shown.append(character)
        return "".join(reversed(shown))
