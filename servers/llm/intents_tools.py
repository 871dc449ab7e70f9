"""The skills of the engine `intents` as tools of language models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Annotated, Any, Literal

from satellite.options import OptionSet, option
from satellite.tools import NoArguments, Tool
from satellite.values import ReplyPart, ReplyRequest
from servers.intents import sentence_files
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills import SKILLS

_LANGUAGE = "en"
"""Language of tool results: every model reads English, and answers in the user's language."""

_DAYS: dict[str, dict[str, str]] = {
    "next": {},
    "today": {"when": "today"},
    "tomorrow": {"when": "tomorrow"},
    "every day": {"days": "0123456"},
    "weekdays": {"days": "01234"},
    "weekends": {"days": "56"},
}
"""The day of an alarm, as slots of a sentence."""

_LONGEST = 24 * 3600 * 7
"""Seconds: a longer timer than a week is a mistake of the model."""


class Duration(OptionSet, frozen=True):
    """A duration."""

    hours: Annotated[float, option("Hours", minimum=0, maximum=_LONGEST / 3600)] = 0
    minutes: Annotated[float, option("Minutes", minimum=0, maximum=_LONGEST / 60)] = 0
    seconds: Annotated[float, option("Seconds", minimum=0, maximum=_LONGEST)] = 0

    def slots(self) -> dict[str, float]:
        """Return the parts that are not zero."""
        parts = {"hours": self.hours, "minutes": self.minutes, "seconds": self.seconds}
        return {unit: value for unit, value in parts.items() if value}


class StartTimer(Duration, frozen=True):
    """A timer to start."""

    name: Annotated[str, option("Name of the timer, if the person gave one")] = ""


class WhichTimer(OptionSet, frozen=True):
    """Running timers."""

    name: Annotated[str, option("Only the timer of this name")] = ""


class CancelTimer(WhichTimer, frozen=True):
    """Timers to cancel."""

    all: Annotated[bool, option("Every timer")] = False


class ChangeTimer(OptionSet, frozen=True):
    """A timer to extend or shorten."""

    minutes: Annotated[float, option("Minutes more, or less below 0", minimum=-1440, maximum=1440)]
    name: Annotated[str, option("Name of the timer, if there are several")] = ""


class SetAlarm(OptionSet, frozen=True):
    """The time of an alarm."""

    hour: Annotated[int, option("Hour of the day", minimum=0, maximum=23)]
    minute: Annotated[int, option("Minute", minimum=0, maximum=59)] = 0
    day: Annotated[
        Literal["next", "today", "tomorrow", "every day", "weekdays", "weekends"],
        option("Which day; by default, the next time the clock shows that time"),
    ] = "next"


class Broadcast(OptionSet, frozen=True):
    """An announcement in the other rooms."""

    text: Annotated[str, option("Text to say there, word for word")]


class SetVolume(OptionSet, frozen=True):
    """A volume."""

    percent: Annotated[int, option("Volume", unit="percent", minimum=0, maximum=100)]


class ChangeVolume(OptionSet, frozen=True):
    """A change of the volume."""

    by: Annotated[
        int, option("Louder, or quieter below 0", unit="percent", minimum=-100, maximum=100)
    ]


async def get_time(arguments: NoArguments, request: ReplyRequest) -> Sequence[ReplyPart]:
    time = await _do("HassGetCurrentTime", {}, request)
    date = await _do("HassGetCurrentDate", {}, request)
    year = await _do("HassGetCurrentDate", {}, request, "year")
    return *time, *date, *year


async def start_timer(arguments: StartTimer, request: ReplyRequest) -> Sequence[ReplyPart]:
    slots = {**arguments.slots(), **_named(arguments.name)}
    return await _do("HassStartTimer", slots, request)


async def check_timers(arguments: WhichTimer, request: ReplyRequest) -> Sequence[ReplyPart]:
    if arguments.name:
        return await _do("HassTimerStatus", _named(arguments.name), request)
    return await _do("TimerCount", {}, request)


async def cancel_timer(arguments: CancelTimer, request: ReplyRequest) -> Sequence[ReplyPart]:
    if arguments.all:
        return await _do("HassCancelAllTimers", {}, request)
    return await _do("HassCancelTimer", _named(arguments.name), request)


async def change_timer(arguments: ChangeTimer, request: ReplyRequest) -> Sequence[ReplyPart]:
    intent = "HassIncreaseTimer" if arguments.minutes > 0 else "HassDecreaseTimer"
    return await _do(intent, {"minutes": abs(arguments.minutes), **_named(arguments.name)}, request)


async def set_alarm(arguments: SetAlarm, request: ReplyRequest) -> Sequence[ReplyPart]:
    hour, half = arguments.hour % 12 or 12, "pm" if arguments.hour >= 12 else "am"
    slots = {"hour": hour, "minute": arguments.minute, "half": half, **_DAYS[arguments.day]}
    return await _do("SetAlarm", slots, request)


async def check_alarms(arguments: NoArguments, request: ReplyRequest) -> Sequence[ReplyPart]:
    return await _do("AlarmStatus", {}, request)


async def cancel_alarms(arguments: NoArguments, request: ReplyRequest) -> Sequence[ReplyPart]:
    return await _do("CancelAllAlarms", {}, request)


async def broadcast(arguments: Broadcast, request: ReplyRequest) -> Sequence[ReplyPart]:
    return await _do("HassBroadcast", {"message": arguments.text}, request)


async def set_volume(arguments: SetVolume, request: ReplyRequest) -> Sequence[ReplyPart]:
    return await _do("HassSetVolume", {"volume_level": arguments.percent}, request)


async def change_volume(arguments: ChangeVolume, request: ReplyRequest) -> Sequence[ReplyPart]:
    slots = {"volume_step": "up" if arguments.by > 0 else "down", "step": abs(arguments.by)}
    return await _do("HassSetVolumeRelative", slots, request)


async def stop(arguments: NoArguments, request: ReplyRequest) -> Sequence[ReplyPart]:
    return *(await _do("Stop", {}, request)), "Silenced."


async def _do(
    intent: str, slots: dict[str, Any], request: ReplyRequest, response: str = "default"
) -> Sequence[ReplyPart]:
    phrases = await asyncio.to_thread(_phrases)
    return SKILLS[intent](Match(intent=intent, response=response, slots=slots), request, phrases)


@cache
def _phrases() -> Phrases:
    sources = list(sentence_files.read_all(_LANGUAGE))
    return Phrases.make(sentence_files.merge(sources), sentence_files.plurals(_LANGUAGE))


def _named(name: str) -> dict[str, str]:
    return {"name": name.strip()} if name.strip() else {}


def _tool(
    run: Callable[[Any, ReplyRequest], Awaitable[Sequence[ReplyPart]]],
    doc: str,
    arguments: type[OptionSet] = NoArguments,
) -> Tool:
    return Tool(name=run.__name__, doc=doc, run=run, arguments=arguments)


TOOLS = (
    _tool(get_time, "Get the current time and date."),
    _tool(start_timer, "Start a timer that rings when it is over.", StartTimer),
    _tool(check_timers, "List the running timers and their remaining time.", WhichTimer),
    _tool(cancel_timer, "Cancel the timer of a name, the only timer, or all.", CancelTimer),
    _tool(change_timer, "Extend or shorten a running timer.", ChangeTimer),
    _tool(set_alarm, "Set an alarm for a time of day.", SetAlarm),
    _tool(check_alarms, "List the alarms that are set."),
    _tool(cancel_alarms, "Cancel every alarm."),
    _tool(broadcast, "Say something on the speakers of all other rooms.", Broadcast),
    _tool(set_volume, "Set how loud this speaker is.", SetVolume),
    _tool(change_volume, "Make this speaker louder or quieter.", ChangeVolume),
    _tool(stop, "Silence a ringing timer."),
)
