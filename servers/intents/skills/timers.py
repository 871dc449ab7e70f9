"""Timers: start, report, change, cancel. The satellite runs them and reports their state."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from satellite.text.fill import fill
from satellite.values import Action, ReplyRequest, TimerState
from servers.intents import durations
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.skill import Parts, Skill

NAMED = frozenset(
    {
        *("HassTimerStatus", "HassCancelTimer", "HassIncreaseTimer", "HassDecreaseTimer"),
        *("HassPauseTimer", "HassUnpauseTimer"),
    }
)
"""Intents whose slot `name` is the name of a running timer."""

_HOUR = 3600
"""Seconds. The remaining time of a longer timer is reported in whole minutes."""


def start(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    seconds, name = durations.seconds_of(match.slots), match.slots.get("name")
    if not seconds:
        return (phrases.say(match.intent, "no_duration"),)
    duration = durations.in_words(seconds, phrases)
    if (command := match.slots.get("conversation_command")) is not None:
        return _delay(str(command), seconds, match, phrases)
    key = "named" if name else match.response
    count = durations.first_count(seconds)
    text = phrases.say(match.intent, key, duration=duration, count=count, name=name)
    return text, Action(name="timer.start", data={"seconds": seconds, "name": name})


def _delay(command: str, seconds: float, match: Match, phrases: Phrases) -> Parts:
    """Start a timer that carries out a command; its name is that."""
    spoken = {
        "duration": durations.in_words(seconds, phrases),
        "count": durations.first_count(seconds),
    }
    text = phrases.say(match.intent, "command", **spoken, command=command)
    data = {
        "seconds": seconds,
        "name": command,
        "command": command,
        "language": phrases.language,
    }
    return text, Action(name="timer.start", data=data)


def report_remaining(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    timer = _select(match, request, phrases)
    if isinstance(timer, str):
        return (timer,)
    return (phrases.say(match.intent, match.response, **_describe(timer, phrases)),)


def list_timers(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    timers = request.situation.timers
    if not timers:
        return (phrases.say(match.intent, "none"),)
    key = "several" if len(timers) > 1 else match.response
    each = _list(timers, match, phrases)
    return (phrases.say(match.intent, key, count=len(timers), timers=each),)


def cancel(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    matching = _matching(match, request)
    precise = "name" in match.slots or durations.has_duration(match.slots)
    if request.situation.ringing and not (precise and matching):
        return (Action(name="stop"),)
    timer = _select(match, request, phrases)
    if isinstance(timer, str):
        return (timer,)
    text = phrases.say(match.intent, match.response, **_describe(timer, phrases))
    return text, Action(name="timer.cancel", data={"id": timer.id})


def change(sign: int, match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Extend or shorten a timer. The spoken duration is the change and does not select a timer."""
    seconds = sign * durations.seconds_of(match.slots)
    slots = {"name": match.slots["name"]} if "name" in match.slots else {}
    selecting = Match(intent=match.intent, response=match.response, slots=slots)
    timer = _select(selecting, request, phrases)
    if isinstance(timer, str):
        return (timer,)
    after = msgspec.structs.replace(timer, remaining=max(0.0, timer.remaining + seconds))
    text = phrases.say(match.intent, match.response, **_describe(after, phrases))
    return text, Action(name="timer.change", data={"id": timer.id, "add": seconds})


def set_paused(paused: bool, match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Pause a timer, or resume a paused one."""
    candidates = tuple(timer for timer in request.situation.timers if timer.paused != paused)
    situation = msgspec.structs.replace(request.situation, timers=candidates)
    timer = _select(match, msgspec.structs.replace(request, situation=situation), phrases)
    if isinstance(timer, str):
        return (timer,)
    text = phrases.say(match.intent, match.response, **_describe(timer, phrases))
    return text, Action(name="timer.change", data={"id": timer.id, "paused": paused})


def cancel_all(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    timers = request.situation.timers
    ringing = (Action(name="stop"),) if request.situation.ringing else ()
    if not timers:
        return ringing or (phrases.say(match.intent, "none"),)
    text = (
        phrases.say(match.intent, "several", count=len(timers))
        if len(timers) > 1
        else phrases.say(match.intent, match.response, **_describe(timers[0], phrases))
    )
    return text, Action(name="timer.cancel", data={"all": True}), *ringing


def _matching(match: Match, request: ReplyRequest) -> Sequence[TimerState]:
    """Return the running timers with the spoken name or initial duration."""
    timers = request.situation.timers
    if name := match.slots.get("name"):
        return [timer for timer in timers if (timer.name or "").casefold() == name.casefold()]
    if durations.has_duration(match.slots):
        seconds = durations.seconds_of(match.slots)
        return [timer for timer in timers if abs(timer.total - seconds) < 1]
    return timers


def _select(match: Match, request: ReplyRequest, phrases: Phrases) -> TimerState | str:
    """Return the only matching timer, or the answer if there is none or more than one."""
    matching = _matching(match, request)
    if not matching:
        return _missing(match, request, phrases)
    if len(matching) > 1:
        return phrases.say(match.intent, "several", timers=_list(matching, match, phrases))
    return matching[0]


def _missing(match: Match, request: ReplyRequest, phrases: Phrases) -> str:
    if not request.situation.timers:
        return phrases.say(match.intent, "none")
    total = durations.seconds_of(match.slots)
    timer = _name(match.slots.get("name"), total, phrases)
    return phrases.say(match.intent, "unknown", timer=timer)


def _list(timers: Sequence[TimerState], match: Match, phrases: Phrases) -> str:
    spoken = (phrases.say(match.intent, "each", **_describe(timer, phrases)) for timer in timers)
    return phrases.listed(tuple(spoken))


def _describe(timer: TimerState, phrases: Phrases) -> dict[str, Any]:
    left = timer.remaining
    if left > _HOUR:
        left = round(left / 60) * 60
    return {
        "timer": _name(timer.name, timer.total, phrases),
        "duration": durations.in_words(left, phrases),
        "count": durations.first_count(left),
    }


def _name(name: str | None, total: float, phrases: Phrases) -> str:
    if name:
        return fill(phrases.words.named_timer, name=name)
    if not total:
        return phrases.words.timer
    duration = durations.in_words(total, phrases, before_noun=True)
    return fill(phrases.words.long_timer, duration=duration)


SKILLS: dict[str, Skill] = {
    "HassStartTimer": start,
    "HassTimerStatus": report_remaining,
    "TimerCount": list_timers,
    "HassCancelTimer": cancel,
    "HassCancelAllTimers": cancel_all,
    "HassIncreaseTimer": partial(change, 1),
    "HassDecreaseTimer": partial(change, -1),
    "HassPauseTimer": partial(set_paused, True),
    "HassUnpauseTimer": partial(set_paused, False),
}
