"""Music and films: found by Home Assistant's search, and played."""

from __future__ import annotations

from typing import Any

from satellite.errors import HomeFailed
from satellite.homeassistant.client import answers, commands
from satellite.homeassistant.client.entity_kinds import Service
from satellite.homeassistant.client.service_calls import HomeCommand
from satellite.homeassistant.client.session import Session

_ID, _TYPE = "media_content_id", "media_content_type"


async def play(request: HomeCommand, session: Session) -> str:
    """Search for what is to be played, and play the first result; return the sentence for it."""
    found = commands.find(request, session)
    if found.outcome:
        return answers.not_done(request, found)
    players = session.answering(found.entities)
    if not players:
        return request.sentence("silent")
    player = players[0]
    search = Service(player.domain, "search_media", {"search_query": request.text})
    first = _first(await session.answer(search, player))
    if first is None:
        return request.sentence("nothing", query=request.text)
    media = {_ID: first[_ID], _TYPE: first[_TYPE]}
    await session.call([(Service(player.domain, "play_media", media), player)])
    return request.sentence("default", title=first.get("title") or request.text)


def _first(response: dict[str, Any]) -> dict[str, Any] | None:
    """Return the first result that can be played. Raises `HomeFailed` for a malformed answer."""
    results = response.get("result")
    if not isinstance(results, list):
        raise HomeFailed("Home Assistant's search for media gave no list")
    playable = (
        item
        for item in results
        if isinstance(item, dict) and item.get("can_play") and item.get(_ID) and item.get(_TYPE)
    )
    return next(playable, None)
