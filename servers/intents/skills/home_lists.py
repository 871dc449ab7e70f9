"""Lists of things to buy and to do: add, check off, remove and read items."""

from __future__ import annotations

from functools import partial

from satellite.homeassistant.client.entity_kinds import Operation
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery
from satellite.values import ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.home_request import language_of, send_or_decline, sentences
from servers.intents.skills.skill import Parts, Skill


def change(operation: Operation, match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Change an item of a list: of the shopping list, if none is named."""
    command = HomeCommand(
        operation=operation,
        text=str(match.slots["item"]),
        name=_name(match),
        target=_name(match) or "",
        language=language_of(request, phrases),
        say=sentences(match, phrases),
    )
    return send_or_decline(command, match, request, phrases)


def read(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Query the items on a list: the shopping list, if none is named."""
    query = HomeQuery(
        about="list",
        name=_name(match),
        target=_name(match) or "",
        language=language_of(request, phrases),
        say=sentences(match, phrases),
    )
    return send_or_decline(query, match, request, phrases)


def _name(match: Match) -> str | None:
    name = match.slots.get("list") or match.slots.get("name")
    return None if name is None else str(name)


SKILLS: dict[str, Skill] = {
    "HassListAddItem": partial(change, "add_item"),
    "HassListCompleteItem": partial(change, "complete_item"),
    "HassListRemoveItem": partial(change, "remove_item"),
    "ListItems": read,
}
