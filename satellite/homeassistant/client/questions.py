"""Questions about states: of all entities of a kind, of persons, and of measured values."""

from __future__ import annotations

from collections.abc import Sequence

from satellite.homeassistant.client import answers, todo_lists, weather
from satellite.homeassistant.client.entities import Area, Entity, plain
from satellite.homeassistant.client.entity_kinds import EntityKind
from satellite.homeassistant.client.search import Found, kinds_of, search
from satellite.homeassistant.client.service_calls import HomeQuery
from satellite.homeassistant.client.session import Session
from satellite.homeassistant.client.state_codes import fits
from satellite.homeassistant.client.states import State
from satellite.homeassistant.client.words import PERCENT

_PERSONS = ("person", "device_tracker")

_MEASURED = {"humidity": (("climate", "humidifier"), "current_humidity")}
"""By device class, the domains of other entities that measure it, and their attribute."""

_OPENINGS = {
    "garage": "garage_door",
    "door": "door",
    "window": "window",
    "gate": "opening",
}
"""Device classes of covers, and those of binary sensors that know the same."""


async def answer(request: HomeQuery, session: Session) -> str:
    """Return the sentence that answers a question."""
    match request.about:
        case "temperature":
            return answers.temperature(request, session.contents, session.near, session.state_of)
        case "weather":
            return await weather.report(request, session)
        case "list":
            return await todo_lists.read(request, session)
        case "sensor":
            return _measured(request, session)
        case "place":
            return _place(request, session)
        case "state" if request.quantity is not None:
            return _counted(request, session)
    found = _by_part(request, session) if request.part_of_name else _by_name(request, session)
    if found.outcome:
        return answers.not_done(request, found)
    return answers.state(request, found.entities, session.state_of)


def _by_name(request: HomeQuery, session: Session) -> Found:
    return search(session.contents, request, session.near, lambda entity: True)


def _by_part(request: HomeQuery, session: Session) -> Found:
    """Return the entities of a name, or those with its words among others in their names."""
    found = _by_name(request, session)
    if found.outcome != "missing":
        return found
    likely = [entity for entity in _named(request, session) if entity.domain != "automation"]
    fitting = [
        entity
        for entity in likely
        if request.expected and fits(request.expected, entity, session.known(entity).value)
    ]
    chosen = fitting or likely
    return Found(tuple(chosen[:1])) if chosen else found


def _named(request: HomeQuery, session: Session) -> list[Entity]:
    """Return the entities whose names have all words of the name."""
    wanted = set(plain(request.name or "").split())
    return [
        entity
        for entity in session.contents.entities
        if wanted and any(wanted <= set(plain(name).split()) for name in entity.names)
    ]


def _counted(request: HomeQuery, session: Session) -> str:
    """Return the sentence on all entities of a kind, in a room if one is named."""
    room = session.contents.room(request.area) if request.area else None
    if request.area and room is None:
        return request.sentence("missing")
    entities = [
        entity
        for entity in session.contents.entities
        if any(kind.fits(entity) for kind in _alike(kinds_of(request)))
        and (room is None or entity.room == room.id)
    ]
    known = session.answering(entities)
    if not known:
        return request.sentence("silent" if entities else "missing")
    expected = request.expected or "on"
    matching = [e for e in known if fits(expected, e, session.known(e).value)]
    others = [entity for entity in known if entity not in matching]
    things = answers.capital(request.listed([entity.name for entity in matching]))
    match request.quantity:
        case "any" if matching:
            return request.sentence("any_yes", things=things)
        case "any":
            return request.sentence("any_no")
        case "all" if others:
            return request.sentence(
                "all_no", things=request.listed([entity.name for entity in others])
            )
        case "all":
            return request.sentence("all_yes")
        case "how_many" if matching:
            return request.sentence("how_many", count=len(matching), things=things)
        case _ if matching:
            return request.sentence("which", things=things)
    return request.sentence("none")


def _alike(kinds: Sequence[EntityKind]) -> tuple[EntityKind, ...]:
    """Return kinds with the sensors that know the same: those of windows beside their covers."""
    sensors = (
        EntityKind("binary_sensor", _OPENINGS[kind.device_class])
        for kind in kinds
        if kind.domain == "cover" and kind.device_class in _OPENINGS
    )
    return (*kinds, *sensors)


def _place(request: HomeQuery, session: Session) -> str:
    """Return the sentence on where a person is."""
    called = session.contents.called(request.name or "")
    persons = sorted(
        (entity for entity in called if entity.domain in _PERSONS),
        key=lambda entity: _PERSONS.index(entity.domain),
    )
    if not persons:
        found = _by_name(request, session)
        if found.outcome:
            return answers.not_done(request, found)
        return answers.state(request, found.entities, session.state_of)
    known = session.answering(persons)
    if not known or (now := session.known(known[0])).value == "unknown":
        return request.sentence("silent")
    if now.value in request.words.names.states:
        return request.sentence("where", state=request.words.state(known[0], now))
    return request.sentence("where_zone", place=now.value)


def _measured(request: HomeQuery, session: Session) -> str:
    """Return the sentence on a measured value: of a thing, of a room, or of the speaker's room."""
    room = session.contents.room(request.area) if request.area else None
    if request.area and room is None:
        return request.sentence("missing")
    values = {
        entity: value
        for entity in session.contents.entities
        if (value := _value(request, entity, session.state_of(entity))) is not None
    }
    chosen = _sensors(request, list(values), room, session)
    if not chosen:
        return request.sentence("missing")
    if len(chosen) > 1:
        if request.name is None and room is None:
            return request.sentence("room")
        spoken = [f"{entity.name}: {values[entity]}" for entity in chosen]
        return request.sentence("which", things=answers.capital(request.listed(spoken)))
    return request.sentence("default", name=chosen[0].name, state=values[chosen[0]])


def _sensors(
    request: HomeQuery, sensors: list[Entity], room: Area | None, session: Session
) -> list[Entity]:
    if request.name is not None:
        named = set(_named(request, session))
        return [entity for entity in sensors if entity in named]
    if room is not None:
        return [entity for entity in sensors if entity.room == room.id]
    here = session.contents.room(session.near) if session.near else None
    near = [entity for entity in sensors if here is not None and entity.room == here.id]
    return near or sensors


def _value(request: HomeQuery, entity: Entity, now: State | None) -> str | None:
    """Return what an entity measures of the kind that is asked for; None if nothing."""
    if now is None or now.value == "unknown":
        return None
    for kind in kinds_of(request):
        if kind.fits(entity):
            return request.words.state(entity, now)
        if EntityKind("binary_sensor", kind.device_class).fits(entity):
            return request.words.state(entity, now)
        domains, attribute = _MEASURED.get(kind.device_class or "", ((), ""))
        value = now.attributes.get(attribute)
        if entity.domain in domains and isinstance(value, int | float):
            return request.words.amount(value, PERCENT)
    return None
