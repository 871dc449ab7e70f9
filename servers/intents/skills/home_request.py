"""What all requests to the home have: the things that are meant, and the sentences for results."""

from __future__ import annotations

from typing import Any

from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery, action
from satellite.languages.names import names_of
from satellite.languages.pack import ENGLISH
from satellite.text.fill import fill
from satellite.values import Declined, ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.skill import Parts

EVERYTHING = "everything"
"""The code of the list `group` for all that is on or off; every other one is a kind of things."""

_NO_HOME = "no_home"
"""The response of an intent without a home."""


def send(
    content: HomeCommand | HomeQuery, match: Match, request: ReplyRequest, phrases: Phrases
) -> Parts:
    """Return the action, or the sentence for a missing home."""
    if not request.situation.home:
        return (no_home(content, match, phrases),)
    return (action(content),)


def send_or_decline(
    content: HomeCommand | HomeQuery, match: Match, request: ReplyRequest, phrases: Phrases
) -> Parts:
    """Return the action; without a home, decline with the sentence for that.

    Another brain, such as Home Assistant's own, may understand the request.
    """
    if not request.situation.home:
        return (Declined(text=no_home(content, match, phrases)),)
    return (action(content),)


def no_home(content: HomeCommand | HomeQuery, match: Match, phrases: Phrases) -> str:
    """Return the sentence for a missing home."""
    fields = {"query": "", "item": "", **match.slots, "target": content.target}
    return phrases.say(match.intent, _NO_HOME, **fields)


def selection(
    match: Match,
    request: ReplyRequest,
    phrases: Phrases,
    kind: str | None = None,
    count: float | None = None,
) -> dict[str, Any]:
    """Return the fields of an action that select things, and those that report the result.

    `kind` is meant where neither the sentence nor its slots name one. `count` determines the plural
    forms of the sentences.
    """
    name, area, group = (match.slots.get(slot) for slot in ("name", "area", "group"))
    meant = None if group == EVERYTHING else group or kind_of(match)
    if name is None and group is None and meant is None:
        meant = kind
    return {
        "name": _english(meant, every=group is not None) if meant and name is None else name,
        "kind": meant if name is None else None,
        "language": language_of(request, phrases),
        "area": area,
        "all": group is not None,
        "target": target(name, area, group, meant, phrases),
        "say": sentences(match, phrases, count),
    }


def language_of(request: ReplyRequest, phrases: Phrases) -> str | None:
    """Return the language in which the result is said; None for English."""
    language = phrases.language or request.language
    return None if language == ENGLISH else language


def kind_of(match: Match) -> str | None:
    """Return the kind in the slots `domain` and `device_class`: `cover.blind`."""
    domain, device_class = match.slots.get("domain"), match.slots.get("device_class")
    domain = domain[0] if isinstance(domain, list) and domain else domain
    return f"{domain}.{device_class}" if domain and device_class else domain or None


def sentences(match: Match, phrases: Phrases, count: float | None = None) -> dict[str, str]:
    """Return the sentences for all results, without the one for a missing home."""
    say = {**phrases.all("Home"), **phrases.all(match.intent, count)}
    say.pop(_NO_HOME, None)
    if match.response != "default" and match.response in say:
        say["default"] = say[match.response]
    listing = phrases.words.listing
    return {**say, "between": listing.between, "last": listing.last, "and": listing.last.strip()}


def target(name: Any, area: Any, group: Any, kind: str | None, phrases: Phrases) -> str:
    """Return what is meant as a part of a sentence."""
    words = phrases.words
    if group:
        named = words.groups.get(group) or _word(group, phrases, every=True)
        return fill(words.group_in_area, name=named, area=area) if area else named
    if name is None and kind is not None:
        name = _word(kind, phrases, every=False)
    if name and area:
        return fill(words.thing_in_area, name=name, area=area)
    return fill(words.thing, name=name or area) if name or area else ""


def _word(kind: str, phrases: Phrases, *, every: bool) -> str:
    """Return the language's word for a kind, or its code without any."""
    known = names_of(phrases.language).kinds
    words = known.get(kind) or known.get(kind.partition(".")[0])
    if words is None:
        return kind
    first, then = (words.all, words.single) if every else (words.single, words.all)
    return next(iter((*first, *then)), kind)


def _english(kind: str, *, every: bool) -> str | None:
    """Return the English word for a kind: the `name` for programs that do not know `kind`."""
    words = names_of(ENGLISH).kinds.get(kind)
    if words is None:
        return None
    return next(iter(words.all if every else words.single), None)
