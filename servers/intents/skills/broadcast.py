"""Broadcasts to the satellites in other rooms."""

from __future__ import annotations

from satellite.values import Action, ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.skill import Parts, Skill


def broadcast(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    action = Action(name="announce.broadcast", data={"text": str(match.slots["message"])})
    return phrases.say(match.intent, match.response), action


SKILLS: dict[str, Skill] = {"HassBroadcast": broadcast}
