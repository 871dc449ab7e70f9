"""The satellite's volume: percent in speech, 0 to 1 in actions."""

from __future__ import annotations

from satellite.values import Action, ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.skill import Parts, Skill

_STEP = 10
"""Percent that "louder" and "quieter" change the volume by, without an amount."""

_UNMUTED = 50
"""Percent after unmuting: a muted satellite does not know its earlier volume."""


def set_volume(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    return _set(match, phrases, round(float(match.slots["volume_level"])))


def step_volume(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    if request.situation.volume is None:
        return (phrases.say(match.intent, "unknown"),)
    step = round(float(match.slots.get("step", _STEP)))
    up = match.slots.get("volume_step") == "up"
    return _set(match, phrases, _percent(request.situation.volume) + (step if up else -step))


def mute(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    return _set(match, phrases, 0)


def unmute(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    return _set(match, phrases, _percent(request.situation.volume or 0) or _UNMUTED)


def report_volume(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    if request.situation.volume is None:
        return (phrases.say(match.intent, "unknown"),)
    percent = _percent(request.situation.volume)
    return (phrases.say(match.intent, match.response, level=percent, count=percent),)


def _set(match: Match, phrases: Phrases, percent: int) -> Parts:
    percent = min(100, max(0, percent))
    text = phrases.say(match.intent, match.response, level=percent, count=percent)
    return text, Action(name="volume.set", data={"level": percent / 100})


def _percent(level: float) -> int:
    return round(level * 100)


SKILLS: dict[str, Skill] = {
    "HassSetVolume": set_volume,
    "HassSetVolumeRelative": step_volume,
    "HassMediaPlayerMute": mute,
    "HassMediaPlayerUnmute": unmute,
    "VolumeStatus": report_volume,
}
