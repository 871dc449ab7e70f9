"""The weather, now and tomorrow, as the connected home knows it."""

from __future__ import annotations

from satellite.homeassistant.client.service_calls import HomeQuery
from satellite.values import ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.home_request import selection, send_or_decline
from servers.intents.skills.skill import Parts, Skill

_DAYS = {"today": 0, "tomorrow": 1}
"""Days from today, by the codes of the list `day`."""


def report(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Query the weather, of a place if one is named."""
    day = _DAYS[match.slots.get("day", "today")]
    query = HomeQuery(about="weather", day=day, **selection(match, request, phrases))
    return send_or_decline(query, match, request, phrases)


SKILLS: dict[str, Skill] = {"HassGetWeather": report}
