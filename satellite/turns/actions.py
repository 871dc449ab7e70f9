"""What a brain may ask the satellite to do: the actions it knows, typed and checked."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from typing import Annotated

import msgspec

from satellite.audio.playback import Playback
from satellite.errors import EngineFailed
from satellite.listening import mute as muting
from satellite.timers import TimerManager
from satellite.values import Action, Value

_LOGGER = logging.getLogger(__name__)


class StartTimer(Value, frozen=True):
    """`timer.start`: ring after `seconds`."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=366 * 86400)]
    name: str | None = None


class CancelTimer(Value, frozen=True):
    """`timer.cancel`: the timer `id`, or `all` of them."""

    id: str | None = None
    all: bool = False

    def __post_init__(self) -> None:
        if self.id is None and not self.all:
            raise ValueError("neither a timer nor all of them")


class ChangeTimer(Value, frozen=True):
    """`timer.change`: `add` seconds to the timer `id`, and halt it or let it go on."""

    id: str
    add: Annotated[float, msgspec.Meta(ge=-366 * 86400, le=366 * 86400)] = 0.0
    paused: bool | None = None


class SetAlarm(Value, frozen=True):
    """`alarm.set`: ring at `hour` and `minute`: on a `date`, on `days`, or when it is that next."""

    hour: Annotated[int, msgspec.Meta(ge=0, le=23)]
    minute: Annotated[int, msgspec.Meta(ge=0, le=59)] = 0
    date: datetime.date | None = None
    days: tuple[Annotated[int, msgspec.Meta(ge=0, le=6)], ...] = ()
    """0 is Monday."""
    name: str | None = None


class CancelAlarm(Value, frozen=True):
    """`alarm.cancel`: the alarm `id`, or `all` of them."""

    id: str | None = None
    all: bool = False

    def __post_init__(self) -> None:
        if self.id is None and not self.all:
            raise ValueError("neither an alarm nor all of them")


class Snooze(Value, frozen=True):
    """`snooze`: what rings falls silent, and rings again after `seconds`."""

    seconds: Annotated[float, msgspec.Meta(ge=1, le=86400)] = 540.0
    """Nine minutes, as since the mechanical clocks that could do no longer."""


class Broadcast(Value, frozen=True):
    """`announce.broadcast`: say a text on all other satellites."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class SetVolume(Value, frozen=True):
    """`volume.set`: loudness from now on, 0 to 1."""

    level: Annotated[float, msgspec.Meta(ge=0, le=1)]


class Stop(Value, frozen=True):
    """`stop` and `cancel`: whatever rings falls silent."""


class Mute(Value, frozen=True):
    """`mute`: the microphone is closed, until somebody opens it by other means than voice."""


class Listen(Value, frozen=True):
    """`listen`: an answer is waited for when this reply is over."""


Timing = StartTimer | ChangeTimer | CancelTimer | SetAlarm | CancelAlarm | Snooze
Known = Timing | SetVolume | Stop | Mute | Listen | Broadcast

KINDS: dict[str, type[Known]] = {
    "timer.start": StartTimer,
    "timer.change": ChangeTimer,
    "timer.cancel": CancelTimer,
    "alarm.set": SetAlarm,
    "alarm.cancel": CancelAlarm,
    "snooze": Snooze,
    "announce.broadcast": Broadcast,
    "volume.set": SetVolume,
    "stop": Stop,
    "cancel": Stop,
    "mute": Mute,
    "listen": Listen,
}
"""The actions' names."""


def read(action: Action) -> Known:
    """Check an action. Raises `EngineFailed` for one that is not known or malformed."""
    if (kind := KINDS.get(action.name)) is None:
        raise EngineFailed(f"the brain asked for {action.name!r}, which nothing here can do")
    try:
        return msgspec.convert(action.data, kind)
    except msgspec.ValidationError as error:
        raise EngineFailed(f"the brain asked for {action.name!r} wrongly: {error}") from error


class ActionRunner:
    """Does what is asked for; `listen` is called where an answer is to be listened to."""

    def __init__(
        self,
        timers: TimerManager,
        playback: Playback,
        mute: muting.Mute,
        listen: Callable[[], None],
    ) -> None:
        self._timers = timers
        self._playback = playback
        self._mute = mute
        self._listen = listen
        self.broadcast: Callable[[str], None] = lambda text: None
        """Says a text on all other satellites, without being waited for."""

    def act(self, action: Action) -> None:
        """Do it; what cannot be done is logged and left."""
        try:
            known = read(action)
        except EngineFailed as error:
            _LOGGER.warning("%s", error)
            return
        match known:
            case SetVolume(level=level):
                self._playback.volume = level
            case Stop():
                self._timers.dismiss()
            case Mute():
                self._mute.set(True)
            case Listen():
                self._listen()
            case Broadcast(text=text):
                self.broadcast(text)
            case _:
                self._keep_time(known)

    def _keep_time(self, known: Timing) -> None:
        match known:
            case StartTimer(seconds=seconds, name=name):
                self._timers.start(seconds, name)
            case ChangeTimer():
                self._change(known)
            case CancelTimer(id=id_):
                self._timers.cancel(id_)
            case SetAlarm(hour=hour, minute=minute, date=day, days=days, name=name):
                self._timers.set_alarm(hour, minute, day=day, days=days, name=name)
            case CancelAlarm(id=id_):
                self._timers.cancel_alarm(id_)
            case Snooze(seconds=seconds):
                self._timers.snooze(seconds)

    def _change(self, wish: ChangeTimer) -> None:
        if wish.add:
            self._timers.add(wish.id, wish.add)
        if wish.paused is not None:
            self._timers.pause(wish.id, wish.paused)
