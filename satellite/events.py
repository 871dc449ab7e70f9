"""The events of the log, one class for each."""

from __future__ import annotations

from time import monotonic
from time import time as unix_time
from typing import Literal

import msgspec

PhaseName = Literal["idle", "listening", "thinking", "speaking"]
"""What the satellite does."""

ExtentName = Literal["whole", "open", "begun", "unknown"]
OutcomeName = Literal["answered", "nothing_heard", "cancelled", "failed"]
"""How a turn ends."""

TimerChange = Literal[
    "started", "changed", "paused", "cancelled", "finished", "dismissed", "missed"
]
"""What happened to a timer or an alarm: `finished` is the moment at which it begins to ring, and
`missed` is one that was due too long ago to ring."""


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="event",
    tag=lambda name: "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_"),
):
    """Base of every event. `turn` is the id of the turn during which it happened, if any."""

    time: float = msgspec.field(default_factory=unix_time)
    """Unix seconds."""
    mono: float = msgspec.field(default_factory=monotonic)
    """Monotonic seconds."""
    turn: str | None = None

    @property
    def kind(self) -> str:
        """The event's name in the log."""
        return str(self.__struct_config__.tag)


class Ready(Event, frozen=True):
    """The satellite has begun to listen; `engines` names the engine of each role."""

    name: str
    engines: dict[str, str]


class WakeWords(Event, frozen=True):
    """The wake words changed while the satellite runs; `engine` detects them."""

    words: tuple[str, ...]
    engine: str


class Wake(Event, frozen=True):
    """A wake word was detected; `score` is 0 to 1."""

    word: str
    score: float


class Joined(Event, frozen=True):
    """The person went on after a decided end: this turn asks both parts as one request, and the
    turn `first` was withdrawn."""

    first: str


class NearMiss(Event, frozen=True):
    """Sound similar to a wake word was rejected; its best `score` is 0 to 1."""

    word: str
    score: float


class Chosen(Event, frozen=True):
    """This satellite answers a wake word that several detected, after `waited` seconds."""

    word: str
    waited: float


class Yielded(Event, frozen=True):
    """Another satellite answers a wake word also detected here, after `waited` seconds."""

    to: str
    """The name of that satellite."""
    word: str
    waited: float


class Phase(Event, frozen=True):
    """The satellite does something else now."""

    phase: PhaseName


class SpeechStart(Event, frozen=True):
    """Speech began; stamped with that moment."""


class SpeechEnd(Event, frozen=True):
    """Speech ended; stamped with that moment."""

    decided: float
    """When the end was detected, in Unix seconds."""
    decided_mono: float
    """When the end was detected, in monotonic seconds."""
    extent: ExtentName = "unknown"
    """How far the brain knew the text as a request, which decides how long silence is awaited."""


class Transcript(Event, frozen=True):
    """The text understood by `engine`, so far (`final` false) or finally."""

    text: str
    final: bool
    engine: str


class Person(Event, frozen=True):
    """The enrolled person who spoke, as far as the voice shows; where `people.enabled` is set.

    `name` is missing if no voice is similar enough; `score` is the similarity of the most similar
    one, -1 to 1.
    """

    score: float
    name: str | None = None


class Reply(Event, frozen=True):
    """The answer: the next piece of its text (`final` false), and finally all of it."""

    text: str
    final: bool
    engine: str


class Waiting(Event, frozen=True):
    """The satellite said that the answer takes longer ("one moment"), before any of it."""


class AudioStart(Event, frozen=True):
    """The first sample of the reply was written to the speaker."""


class AudioEnd(Event, frozen=True):
    """The last sample of the reply was written to the speaker."""


class TurnEnd(Event, frozen=True):
    """A turn ended; if it failed, `stage` and `error` say where and why."""

    outcome: OutcomeName
    stage: str | None = None
    error: str | None = None


class ServerFound(Event, frozen=True):
    """A server appeared on the LAN."""

    role: str
    uri: str


class ServerLost(Event, frozen=True):
    """A server withdrew or stopped answering."""

    role: str
    uri: str


class Failover(Event, frozen=True, rename={"origin": "from"}):
    """A role changed from one engine to another; `error` is the reason."""

    role: str
    origin: str
    to: str
    error: str | None = None


class Timer(Event, frozen=True):
    """A timer changed; times in seconds.

    `finished` is the moment at which it begins to ring; `missed` is one that was due too long ago
    to ring.
    """

    id: str
    state: TimerChange
    total: float
    name: str | None = None


class Alarm(Event, frozen=True):
    """An alarm changed, with the states of a timer; `at` is the time of day, as 07:00.

    It rings once on a `date`, or every week on `days`, of which 0 is Monday.
    """

    id: str
    state: TimerChange
    at: str
    date: str | None = None
    days: tuple[int, ...] = ()
    name: str | None = None


class Announce(Event, frozen=True):
    """The satellite speaks without a question, as for an announcement."""

    text: str


class Mute(Event, frozen=True):
    """The microphone was muted or unmuted."""

    muted: bool


class AudioLoss(Event, frozen=True):
    """Samples were lost at the microphone (`overrun`) or missing at the speaker (`underrun`).

    `count` is the number of times since the last such event.
    """

    loss: Literal["overrun", "underrun"]
    count: int


class Error(Event, frozen=True):
    """A failure outside a turn, such as a device that went away; `where` names the component."""

    where: str
    text: str
    code: str | None = None


KINDS: tuple[type[Event], ...] = tuple(Event.__subclasses__())
"""Every class of event, in the order of this file."""
