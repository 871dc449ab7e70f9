"""What is said about things: their states, and why something could not be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from satellite.homeassistant.client.entities import Area, Contents, Entity, plain
from satellite.homeassistant.client.entity_kinds import meant
from satellite.homeassistant.client.search import Found
from satellite.homeassistant.client.service_calls import HomeQuery, HomeRequest, spoken_state
from satellite.homeassistant.client.states import State

LONGEST = 40
"""Things that a language model is told of at once: about 1,000 tokens."""

_TOLD = ("brightness", "temperature", "current_temperature", "volume_level", "current_position",
         "percentage", "hvac_action", "media_title")  # fmt: skip
"""Attributes that matter for a home's user."""

StateOf = Callable[[Entity], State | None]

_IS: dict[str, tuple[str, ...]] = {
    "open": ("open", "opening"),
    "closed": ("closed", "closing"),
    "locked": ("locked", "locking"),
    "unlocked": ("unlocked", "unlocking"),
    "off": ("off", "standby", "docked", "idle", "closed"),
}
"""Which states count as what is asked for."""

_OPENINGS = ("door", "garage_door", "opening", "window")
"""Classes of binary sensors that are on while something is open."""


def not_done(wish: HomeRequest, found: Found) -> str:
    """Why it cannot be done."""
    names = [thing.name for thing in found.things[:5]]
    return wish.sentence(found.outcome, things=wish.listed(names))


def state(wish: HomeQuery, things: Sequence[Entity], state_of: StateOf) -> str:
    """How things are, or whether they are as is asked."""
    known = [(thing, now) for thing in things if (now := state_of(thing)) is not None]
    if not known:
        return wish.sentence("silent")
    if wish.expected is None:
        if len(known) == 1:
            return wish.sentence("default", state=_describe_state(*known[0]))
        return _capital(
            wish.listed([f"{thing.name}: {_describe_state(thing, now)}" for thing, now in known])
        )
    word = plain(wish.name or "")
    form = "_all" if len(known) > 1 or (word.endswith("s") and meant(word)) else ""
    fitting = [thing for thing, now in known if _is(wish.expected, thing, now)]
    if len(fitting) == len(known):
        return wish.sentence(f"yes{form}", state=wish.expected)
    if fitting:
        return wish.sentence("some", things=wish.listed([thing.name for thing in fitting]))
    others = {_describe_state(thing, now) for thing, now in known}
    told = others.pop() if len(others) == 1 else f"not {wish.expected}"
    return wish.sentence(f"no{form}", state=told)


def temperature(wish: HomeQuery, contents: Contents, near: str | None, state_of: StateOf) -> str:
    """How warm it is in a room, or at a thing."""
    room = contents.room(wish.area) if wish.area else None
    if wish.area and room is None:
        return wish.sentence("missing")
    here = room or (contents.room(near) if near else None)
    meters = [t for t in contents.things if _degrees(t, state_of(t)) is not None]
    best = sorted(meters, key=lambda thing: _rank(thing, here))
    if here is not None:
        inside = [t for t in best if t.room == here.id or t.id == here.thermometer]
        best = inside if inside or room is not None else best
    if not best:
        return wish.sentence("unknown" if "unknown" in wish.say else "silent")
    if here is None and len({thing.room for thing in best}) > 1:
        return wish.sentence("room")
    return wish.sentence("default", state=_degrees(best[0], state_of(best[0])))


def described(things: Sequence[Entity], contents: Contents, state_of: StateOf) -> str:
    """A line for each thing with its room and state."""
    return "\n".join(_lines(things, contents, state_of)) or "Nothing is exposed."


def _lines(things: Sequence[Entity], contents: Contents, state_of: StateOf) -> Iterator[str]:
    rooms = {room.id: room.names[0] for room in contents.rooms}
    for thing in things[:LONGEST]:
        now = state_of(thing)
        place = f" ({rooms[thing.room]})" if thing.room in rooms else ""
        details = [f"{key} {_amount(key, now.attributes[key])}" for key in _TOLD
                   if now is not None and now.attributes.get(key) is not None]  # fmt: skip
        said = (
            "does not answer" if now is None else ", ".join([_describe_state(thing, now), *details])
        )
        yield f"{thing.name}{place}: {said}"
    if len(things) > LONGEST:
        yield f"and {len(things) - LONGEST} more: name a thing or a room"


def _amount(key: str, value: object) -> str:
    if isinstance(value, int | float) and key in ("brightness", "volume_level"):
        return f"{round(value / 2.55 if key == 'brightness' else value * 100)} percent"
    return str(value)[:60]


def _describe_state(thing: Entity, now: State) -> str:
    """A state as it is said of this thing."""
    if thing.domain == "binary_sensor" and thing.device_class in _OPENINGS:
        return {"on": "open", "off": "closed"}.get(now.value, now.value)
    return spoken_state(now.value, now.attributes)


def _is(expected: str, thing: Entity, now: State) -> bool:
    if expected == "on":
        return now.value not in ("unknown", *_IS["off"])
    return _describe_state(thing, now) in _IS.get(expected, (expected,))


def _degrees(thing: Entity, now: State | None) -> str | None:
    """What a thing measures, in words; None where it is no thermometer."""
    if now is None:
        return None
    if thing.domain in ("climate", "water_heater"):
        value = now.attributes.get("current_temperature")
        return None if value is None else f"{value} degrees"
    if thing.domain != "sensor" or thing.device_class != "temperature" or now.value == "unknown":
        return None
    return spoken_state(now.value, now.attributes)


def _rank(thing: Entity, room: Area | None) -> tuple[bool, bool]:
    """The thermometer that somebody chose for the room, then a thermostat, then any sensor."""
    return room is None or thing.id != room.thermometer, thing.domain != "climate"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
