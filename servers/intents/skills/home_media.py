"""Music and films: pause, resume, skip, stop, and play what is searched for."""

from __future__ import annotations

from functools import partial

from satellite.homeassistant.client.entity_kinds import Operation
from satellite.homeassistant.client.service_calls import HomeCommand
from satellite.values import ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.home_request import selection, send_or_decline
from servers.intents.skills.skill import Parts, Skill

_PLAYER = "media_player"


def control(operation: Operation, match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Control a player: the one that is named, or one that plays."""
    fields = selection(match, request, phrases, _PLAYER)
    return send_or_decline(HomeCommand(operation=operation, **fields), match, request, phrases)


def play(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Search for something and play it."""
    query = str(match.slots["search_query"])
    slots = {**match.slots, "query": query}
    known = Match(intent=match.intent, response=match.response, slots=slots)
    fields = selection(known, request, phrases, _PLAYER)
    searched = HomeCommand(operation="play", text=query, **fields)
    return send_or_decline(searched, known, request, phrases)


SKILLS: dict[str, Skill] = {
    "HassMediaPause": partial(control, "pause"),
    "HassMediaUnpause": partial(control, "resume"),
    "HassMediaNext": partial(control, "next"),
    "HassMediaPrevious": partial(control, "previous"),
    "MediaStop": partial(control, "stop"),
    "HassMediaSearchAndPlay": play,
}
