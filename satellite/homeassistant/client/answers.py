"""Sentences about entities: their states, and the reasons of failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from satellite.homeassistant.client.entities import Area, Contents, Entity
from satellite.homeassistant.client.search import Found
from satellite.homeassistant.client.service_calls import HomeQuery, HomeRequest
from satellite.homeassistant.client.state_codes import fits
from satellite.homeassistant.client.states import State
from satellite.homeassistant.client.words import DEGREE, HomeWords, words_of
from satellite.languages.pack import ENGLISH

LONGEST = 40
"""Entities in one description for a language model: about 1,000 tokens."""

_ATTRIBUTES = (
    *("brightness", "temperature", "current_temperature", "volume_level"),
    *("current_position", "percentage", "hvac_action", "media_title"),
)
"""Attributes that a person asks for."""

StateOf = Callable[[Entity], State | None]


def not_done(request: HomeRequest, found: Found) -> str:
    """Return the sentence for a command that cannot be carried out."""
    names = [entity.name for entity in found.entities[:5]]
    return request.sentence(found.outcome, things=request.listed(names))


def state(request: HomeQuery, entities: Sequence[Entity], state_of: StateOf) -> str:
    """Return the sentence on the states of entities, or the answer to a yes-or-no question."""
    known = [(entity, now) for entity in entities if (now := state_of(entity)) is not None]
    if not known:
        return request.sentence("silent")
    words = request.words
    if request.expected is None:
        if len(known) == 1:
            return request.sentence("default", state=words.state(*known[0]))
        states = [f"{entity.name}: {words.state(entity, now)}" for entity, now in known]
        return request.sentence("which", things=capital(request.listed(states)))
    form = "_all" if len(known) > 1 or words.stands_for_all(request.name or "") else ""
    fitting = [entity for entity, now in known if fits(request.expected, entity, now.value)]
    if len(fitting) == len(known):
        return request.sentence(f"yes{form}", state=words.state_code(request.expected))
    if fitting:
        return request.sentence("some", things=request.listed([entity.name for entity in fitting]))
    others = {words.state(entity, now) for entity, now in known}
    actual = others.pop() if len(others) == 1 else words.other_than(request.expected)
    return request.sentence(f"no{form}", state=actual)


def temperature(request: HomeQuery, contents: Contents, near: str | None, state_of: StateOf) -> str:
    """Return the sentence on the temperature of a room or of the home."""
    room = contents.room(request.area) if request.area else None
    if request.area and room is None:
        return request.sentence("missing")
    here = room or (contents.room(near) if near else None)
    words = request.words
    meters = [t for t in contents.entities if _degrees(t, state_of(t), words) is not None]
    best = sorted(meters, key=lambda entity: _rank(entity, here))
    if here is not None:
        inside = [t for t in best if t.room == here.id or t.id == here.thermometer]
        best = inside if inside or room is not None else best
    if not best:
        return request.sentence("unknown" if "unknown" in request.say else "silent")
    if here is None and len({entity.room for entity in best}) > 1:
        return request.sentence("room")
    return request.sentence("default", state=_degrees(best[0], state_of(best[0]), words))


def described(entities: Sequence[Entity], contents: Contents, state_of: StateOf) -> str:
    """Return a line for each entity, with its room and state, in English for a language model."""
    return "\n".join(_lines(entities, contents, state_of)) or "Nothing is exposed."


def _lines(entities: Sequence[Entity], contents: Contents, state_of: StateOf) -> Iterator[str]:
    rooms = {room.id: room.names[0] for room in contents.rooms}
    for entity in entities[:LONGEST]:
        now = state_of(entity)
        place = f" ({rooms[entity.room]})" if entity.room in rooms else ""
        details = [f"{key} {_amount(key, now.attributes[key])}" for key in _ATTRIBUTES
                   if now is not None and now.attributes.get(key) is not None]  # fmt: skip
        description = (
            "does not answer"
            if now is None
            else ", ".join([words_of(ENGLISH).state(entity, now), *details])
        )
        yield f"{entity.name}{place}: {description}"
    if len(entities) > LONGEST:
        yield f"and {len(entities) - LONGEST} more: name a thing or a room"


def _amount(key: str, value: object) -> str:
    if isinstance(value, int | float) and key in ("brightness", "volume_level"):
        return f"{round(value / 2.55 if key == 'brightness' else value * 100)} percent"
    return str(value)[:60]


def _degrees(entity: Entity, now: State | None, words: HomeWords) -> str | None:
    """Return the temperature that an entity measures, in words; None if it measures none."""
    if now is None:
        return None
    if entity.domain in ("climate", "water_heater"):
        value = now.attributes.get("current_temperature")
        return words.amount(value, DEGREE) if isinstance(value, int | float) else None
    if entity.domain != "sensor" or entity.device_class != "temperature" or now.value == "unknown":
        return None
    return words.state(entity, now)


def _rank(entity: Entity, room: Area | None) -> tuple[bool, bool]:
    """Order thermometers: the one chosen for the room, then thermostats, then other sensors."""
    return room is None or entity.id != room.thermometer, entity.domain != "climate"


def capital(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
