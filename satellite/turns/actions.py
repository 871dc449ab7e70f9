"""The actions that a language model may ask the satellite for, typed and checked."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from functools import partial
from typing import Annotated

import msgspec

from satellite.audio.playback import Playback
from satellite.errors import EngineFailed
from satellite.listening import mute as muting
from satellite.text.quoted import quoted
from satellite.timers import TimerManager
from satellite.values import TOOL_USED, Action, Value

_LOGGER = logging.getLogger(__name__)


SpokenText = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class StartTimer(Value, frozen=True):
    """`timer.start`: ring after `seconds`, or carry out a command."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=366 * 86400)]
    name: str | None = None
    text: SpokenText | None = None
    """The text that is spoken when it rings."""
    command: SpokenText | None = None
    """A request that is carried out in place of ringing."""
    language: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """The language of the text or the command."""


class CancelTimer(Value, frozen=True):
    """`timer.cancel`: cancel the timer `id`, or `all` of them."""

    id: str | None = None
    all: bool = False

    def __post_init__(self) -> None:
        if self.id is None and not self.all:
            raise ValueError("neither a timer nor all of them")


class ChangeTimer(Value, frozen=True):
    """`timer.change`: add `add` seconds to the timer `id`, and pause or resume it."""

    id: str
    add: Annotated[float, msgspec.Meta(ge=-366 * 86400, le=366 * 86400)] = 0.0
    paused: bool | None = None


class SetAlarm(Value, frozen=True):
    """`alarm.set`: ring at `hour`:`minute`, on a `date`, on `days`, or at the next such time."""

    hour: Annotated[int, msgspec.Meta(ge=0, le=23)]
    minute: Annotated[int, msgspec.Meta(ge=0, le=59)] = 0
    date: datetime.date | None = None
    days: tuple[Annotated[int, msgspec.Meta(ge=0, le=6)], ...] = ()
    """0 is Monday."""
    name: str | None = None
    text: SpokenText | None = None
    """The text that is spoken when it rings."""
    language: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """The language of the text."""


class CancelAlarm(Value, frozen=True):
    """`alarm.cancel`: cancel the alarm `id`, or `all` of them."""

    id: str | None = None
    all: bool = False

    def __post_init__(self) -> None:
        if self.id is None and not self.all:
            raise ValueError("neither an alarm nor all of them")


class Snooze(Value, frozen=True):
    """`snooze`: silence what rings, and ring again after `seconds`."""

    seconds: Annotated[float, msgspec.Meta(ge=1, le=86400)] = 540.0
    """Nine minutes, the longest that mechanical alarm clocks could do."""


class Broadcast(Value, frozen=True):
    """`announce.broadcast`: say a text on all other satellites."""

    text: SpokenText


class SetVolume(Value, frozen=True):
    """`volume.set`: set the loudness, 0 to 1."""

    level: Annotated[float, msgspec.Meta(ge=0, le=1)]


class Stop(Value, frozen=True):
    """`stop` and `cancel`: silence what rings."""


class Mute(Value, frozen=True):
    """`mute`: close the microphone, until it is unmuted by other means than voice."""


class Listen(Value, frozen=True):
    """`listen`: listen to an answer after this reply."""

    answers: Annotated[tuple[SpokenText, ...], msgspec.Meta(max_length=50)] = ()
    """Expected answers, for speech-to-text; any other is taken, too."""


class ToolUsed(Value, frozen=True):
    """`tool.used`: the brain calls a tool with an effect; nothing is left to do for the satellite.

    Another brain must not answer the same request, as it would do the same again.
    """

    tool: Annotated[str, msgspec.Meta(max_length=64)]


TimerAction = StartTimer | ChangeTimer | CancelTimer | SetAlarm | CancelAlarm | Snooze
KnownAction = TimerAction | SetVolume | Stop | Mute | Listen | Broadcast | ToolUsed

_SPEAKING_LATER = ("timer.start", "alarm.set")
"""Actions with a text that is spoken in the end, or words for how late they ring."""

KINDS: dict[str, type[KnownAction]] = {
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
    TOOL_USED: ToolUsed,
}
"""The type of each action, by name."""


def parse(action: Action) -> KnownAction:
    """Check an action. Raises `EngineFailed` for one that is unknown or malformed."""
    if (kind := KINDS.get(action.name)) is None:
        raise EngineFailed(f"the language model asked for the unknown action {quoted(action.name)}")
    try:
        return msgspec.convert(action.data, kind)
    except msgspec.ValidationError as error:
        raise EngineFailed(
            f"the language model asked for a malformed {quoted(action.name)}: {error}"
        ) from error


REVERSIBLE = frozenset(
    ("timer.start", "timer.change", "alarm.set", "volume.set", "stop", "cancel", "listen")
)
"""Actions that can be undone, or need not be: what was silenced was to be silent."""


def is_reversible(action: Action) -> bool:
    """Return whether an action may be executed before the request is certain to be complete."""
    return action.name in REVERSIBLE


class ActionRunner:
    """Executes actions."""

    def __init__(
        self,
        timers: TimerManager,
        playback: Playback,
        mute: muting.Mute,
        listen: Callable[[tuple[str, ...]], None],
        broadcast: Callable[[str], None],
    ) -> None:
        """`listen` asks for an answer after the reply, given the expected ones, if any; `broadcast`
        says a text on all other satellites, without being waited for."""
        self._timers = timers
        self._playback = playback
        self._mute = mute
        self._listen = listen
        self._broadcast = broadcast

    def execute(self, action: Action) -> Callable[[], None] | None:
        """Execute an action; one that is unknown or malformed is logged and skipped.

        Return what undoes it; None where nothing does, or nothing needs to.
        """
        try:
            known = parse(action)
        except EngineFailed as error:
            _LOGGER.warning("%s", error)
            return None
        volume, due = self._playback.volume, self._due()
        self._run(known)
        match known:
            case SetVolume():
                return partial(setattr, self._playback, "volume", volume)
            case StartTimer() | SetAlarm():
                return partial(self._cancel, self._due() - due)
            case ChangeTimer(id=id_, add=add, paused=paused):
                back = ChangeTimer(id=id_, add=-add, paused=None if paused is None else not paused)
                return partial(self._change, back)
        return None

    def _due(self) -> frozenset[str]:
        """Return the ids of all timers and alarms."""
        timers = (timer.id for timer in self._timers.states())
        return frozenset((*timers, *(alarm.id for alarm in self._timers.alarms())))

    def _cancel(self, ids: frozenset[str]) -> None:
        for id_ in ids:
            self._timers.cancel(id_)
            self._timers.cancel_alarm(id_)

    def _run(self, known: KnownAction) -> None:
        match known:
            case SetVolume(level=level):
                self._playback.volume = level
            case Stop():
                self._timers.dismiss()
            case Mute():
                self._mute.set(True)
            case Listen(answers=answers):
                self._listen(answers)
            case Broadcast(text=text):
                self._broadcast(text)
            case ToolUsed(tool=tool):
                _LOGGER.info("the brain uses the tool %s", tool)
            case _:
                self._run_timer_action(known)

    def _run_timer_action(self, known: TimerAction) -> None:
        match known:
            case StartTimer():
                self._timers.start(
                    known.seconds,
                    known.name,
                    text=known.text,
                    command=known.command,
                    language=known.language,
                )
            case ChangeTimer():
                self._change(known)
            case CancelTimer(id=id_):
                self._timers.cancel(id_)
            case SetAlarm():
                self._timers.set_alarm(
                    known.hour,
                    known.minute,
                    day=known.date,
                    days=known.days,
                    name=known.name,
                    text=known.text,
                    language=known.language,
                )
            case CancelAlarm(id=id_):
                self._timers.cancel_alarm(id_)
            case Snooze(seconds=seconds):
                self._timers.snooze(seconds)

    def _change(self, change: ChangeTimer) -> None:
        if change.add:
            self._timers.add(change.id, change.add)
        if change.paused is not None:
            self._timers.pause(change.id, change.paused)


def in_language(action: Action, language: str) -> Action:
    """Return an action that speaks later with the language in which it was asked for."""
    if action.name not in _SPEAKING_LATER:
        return action
    return msgspec.structs.replace(action, data={"language": language, **action.data})
