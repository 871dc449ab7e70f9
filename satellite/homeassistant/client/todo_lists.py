"""Lists of things to buy and to do: add, check off, remove and read items."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from satellite.errors import HomeFailed
from satellite.homeassistant.client.entities import Contents, Entity, plain
from satellite.homeassistant.client.entity_kinds import Service, supports
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery, HomeRequest
from satellite.homeassistant.client.session import Session

DOMAIN = "todo"

_SHOPPING_LIST = "todo.shopping_list"
"""The entity of Home Assistant's own shopping list."""

_MOST = 20
"""Items that are read out."""


class _Item(msgspec.Struct, frozen=True):
    summary: str
    uid: str | None = None


async def change(request: HomeCommand, session: Session) -> str:
    """Add, check off or remove an item; return the sentence that reports it."""
    chosen = _list(request, session)
    if isinstance(chosen, str):
        return chosen
    if not supports(request.operation, DOMAIN, session.known(chosen).attributes):
        return request.sentence("cannot")
    item = (request.text or "").strip()
    spoken = {"item": item, "list": chosen.name}
    if request.operation == "add_item":
        await session.call([(Service(DOMAIN, "add_item", {"item": item}), chosen)])
        return request.sentence("default", **spoken)
    known = next(
        (i for i in await _items(chosen, session) if plain(i.summary) == plain(item)), None
    )
    if known is None:
        return request.sentence("unknown", **spoken)
    which = known.uid or known.summary
    call = (
        Service(DOMAIN, "update_item", {"item": which, "status": "completed"})
        if request.operation == "complete_item"
        else Service(DOMAIN, "remove_item", {"item": [which]})
    )
    await session.call([(call, chosen)])
    return request.sentence("default", **{**spoken, "item": known.summary})


async def read(request: HomeQuery, session: Session) -> str:
    """Return the sentence with the open items of a list."""
    chosen = _list(request, session)
    if isinstance(chosen, str):
        return chosen
    items = await _items(chosen, session)
    if not items:
        return request.sentence("none", list=chosen.name)
    things = request.listed([item.summary for item in items[:_MOST]])
    return request.sentence("default", list=chosen.name, things=things, count=len(items))


def _list(request: HomeRequest, session: Session) -> Entity | str:
    """Return the list that is meant, or the sentence for none or more than one."""
    found = _called(session.contents, request)
    lists = session.answering(found)
    if not lists:
        return request.sentence("silent" if found else "missing")
    if len(lists) > 1:
        names = request.listed([entity.name for entity in lists])
        return request.sentence("several", things=names)
    return lists[0]


def _called(contents: Contents, request: HomeRequest) -> Sequence[Entity]:
    """Return the lists of a name; without one, the shopping list, or the only list."""
    lists = [entity for entity in contents.entities if entity.domain == DOMAIN]
    if not request.name:
        return [entity for entity in lists if entity.id == _SHOPPING_LIST] or lists
    exact = [entity for entity in contents.called(request.name) if entity.domain == DOMAIN]
    # "shopping" may be the list that is called "Shopping list"
    wanted = plain(request.name)
    return exact or [t for t in lists if any(wanted in plain(name) for name in t.names)]


async def _items(entity: Entity, session: Session) -> list[_Item]:
    """Return the open items of a list. Raises `HomeFailed` for a malformed answer."""
    call = Service(DOMAIN, "get_items", {"status": ["needs_action"]})
    answer = await session.answer(call, entity)
    try:
        return msgspec.convert(answer.get("items"), list[_Item])
    except msgspec.ValidationError as error:
        raise HomeFailed(f"Home Assistant's items of {entity.id}: {error}") from error
