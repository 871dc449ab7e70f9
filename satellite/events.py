"""What happens, as values: one class for each event of the log."""

from __future__ import annotations

from time import monotonic
from time import time as unix_time
from typing import Literal

import msgspec


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="event",
    tag=lambda name: "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_"),
):
    """Base of every event. `turn` is the id of the turn it belongs to, where one is running."""

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
    """Listening has begun; `engines` says for each role what does it."""

    name: str
    engines: dict[str, str]


class WakeWords(Event, frozen=True):
    """The wake words have changed while the satellite runs; `engine` listens for them."""

    words: tuple[str, ...]
    engine: str


class Wake(Event, frozen=True):
    """A wake word was heard; `score` is 0 to 1."""

    word: str
    score: float


class NearMiss(Event, frozen=True):
    """Something like a wake word was heard, and was not it; its best `score` is 0 to 1."""

    word: str
    score: float


class Chosen(Event, frozen=True):
    """Of the satellites that heard a wake word this one answers; `waited` seconds to agree."""

    word: str
    waited: float


class Yielded(Event, frozen=True):
    """Another satellite answers a wake word that was heard here, too; `waited` as in `chosen`."""

    to: str
    """What that satellite is called."""
    word: str
    waited: float


class Phase(Event, frozen=True):
    """What the satellite is doing now."""

    phase: Literal["idle", "listening", "thinking", "speaking"]


class SpeechStart(Event, frozen=True):
    """The voice began; stamped with that moment."""


class SpeechEnd(Event, frozen=True):
    """The voice stopped; stamped with that moment."""

    decided: float
    """When that was decided, Unix seconds."""
    decided_mono: float
    """When that was decided, monotonic seconds."""


class Transcript(Event, frozen=True):
    """What was understood, so far (`final` false) or in the end; `engine` says by what."""

    text: str
    final: bool
    engine: str


class Reply(Event, frozen=True):
    """The answer: the next piece of its text (`final` false), in the end the whole of it."""

    text: str
    final: bool
    engine: str


class AudioStart(Event, frozen=True):
    """The first sample of the reply was handed to the speaker."""


class AudioEnd(Event, frozen=True):
    """The last sample of the reply was handed to the speaker."""


class TurnEnd(Event, frozen=True):
    """How the turn ended; `stage` and `error` say where and why it failed."""

    outcome: Literal["answered", "nothing_heard", "cancelled", "failed"]
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
    """A role went from one engine to another; `error` says why."""

    role: str
    origin: str
    to: str
    error: str | None = None


class Timer(Event, frozen=True):
    """A timer's life: `finished` as it begins to ring, `missed` where it is too late for that.

    Times in seconds.
    """

    id: str
    state: Literal["started", "changed", "paused", "cancelled", "finished", "dismissed", "missed"]
    total: float
    name: str | None = None


class Alarm(Event, frozen=True):
    """An alarm's life, in the words of a timer's; `at` is the time of day, as 07:00.

    It rings on a `date`, or again and again on `days` of the week, of which 0 is Monday.
    """

    id: str
    state: Literal["started", "changed", "paused", "cancelled", "finished", "dismissed", "missed"]
    at: str
    date: str | None = None
    days: tuple[int, ...] = ()
    name: str | None = None


class Announce(Event, frozen=True):
    """Something is said without having been asked for."""

    text: str


class Mute(Event, frozen=True):
    """The microphone was closed or opened by wish."""

    muted: bool


class AudioLoss(Event, frozen=True):
    """Samples were lost at the microphone (`overrun`) or missing at the speaker (`underrun`).

    `count` says how often since the last such event.
    """

    loss: Literal["overrun", "underrun"]
    count: int


class Error(Event, frozen=True):
    """Something failed outside a turn, such as a device that went away; `where` names the part."""

    where: str
    text: str
    code: str | None = None


KINDS: tuple[type[Event], ...] = tuple(Event.__subclasses__())
"""Every class of event, in the order of this page."""
