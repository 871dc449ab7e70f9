"""The conversation itself: stop, cancel, mute, repeat, help."""

from __future__ import annotations

from satellite.values import Action, ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.skill import Parts, Skill


def stop(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    return (Action(name="stop"),)


def cancel(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    return (Action(name="stop" if request.situation.ringing else "cancel"),)


def repeat(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    last = next((m.text for m in reversed(request.history) if m.role == "assistant" and m.text), "")
    return (last or phrases.say(match.intent, "none"),)


def explain(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    return (phrases.say(match.intent, "home" if request.situation.home else "default"),)


def mute(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    return phrases.say(match.intent, match.response), Action(name="mute")


SKILLS: dict[str, Skill] = {
    "Stop": stop,
    "HassNevermind": cancel,
    "MuteMicrophone": mute,
    "Repeat": repeat,
    "Help": explain,
}
