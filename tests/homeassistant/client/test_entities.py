"""Names are compared and bounded as they are said."""

from __future__ import annotations

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from satellite.homeassistant.client.entities import (
    MOST_NAMES,
    MOST_ROOMS,
    Area,
    Contents,
    Entity,
    plain,
)
from satellite.homeassistant.client.search import search
from satellite.homeassistant.client.service_calls import (
    HomeCommand,
    HomeQuery,
    HomeRequest,
    action,
    read,
)
from satellite.homeassistant.client.states import State, States

NAMES = st.text(max_size=12)
ROOMS = st.lists(
    st.builds(Area, id=st.sampled_from("abc"), names=st.tuples(NAMES, NAMES)), max_size=4
).map(tuple)
THINGS = st.lists(
    st.builds(
        Entity,
        id=st.sampled_from(["light.a", "light.b", "cover.c", "lock.d", "sensor.e"]),
        names=st.tuples(NAMES, NAMES),
        room=st.none() | st.sampled_from("abcx"),
    ),
    max_size=8,
).map(tuple)
WISHES = st.builds(
    HomeCommand,
    deed=st.sampled_from(["turn_on", "open", "level"]),
    name=st.none() | NAMES | st.sampled_from(["lights", "lamp"]),
    area=st.none() | NAMES,
    all=st.booleans(),
    value=st.none() | st.floats(0, 100),
    say=st.dictionaries(st.sampled_from(["default", "missing"]), NAMES),
)


@given(THINGS, ROOMS, WISHES, st.none() | NAMES)
def test_a_search_ends_in_things_of_the_home_or_says_why_not(
    things: tuple[Entity, ...], rooms: tuple[Area, ...], wish: HomeCommand, near: str | None
) -> None:
    found = search(Contents(things=things, rooms=rooms), wish, near, lambda thing: True)
    assert set(found.things) <= set(things)
    assert found.things or found.outcome


@given(THINGS, ROOMS)
def test_what_is_known_survives_the_disk(
    things: tuple[Entity, ...], rooms: tuple[Area, ...]
) -> None:
    contents = Contents(things=things, rooms=rooms)
    there = msgspec.msgpack.decode(msgspec.msgpack.encode(contents), type=Contents)
    assert there == contents
    assert there.names == contents.names


def test_names_are_bounded() -> None:
    things = tuple(Entity(id=f"light.l{n}", names=(f"lamp {n}", f"alias {n}")) for n in range(900))
    rooms = tuple(Area(id=f"r{n}", names=(f"room {n}",)) for n in range(200))
    contents = Contents(things=things, rooms=rooms)
    assert (len(contents.names), len(contents.areas)) == (MOST_NAMES, MOST_ROOMS)


@given(NAMES)
@example("ẖ")
def test_names_are_compared_without_what_nobody_says(name: str) -> None:
    assert plain(name) == plain(f"  {name.upper()}- ") or name.upper().casefold() != name.casefold()


@given(WISHES)
def test_a_wish_travels_as_an_action(wish: HomeCommand) -> None:
    assert read(action(wish)) == wish


@given(st.text(), st.text())
def test_a_sentence_is_filled_and_nothing_else_is_evaluated(form: str, target: str) -> None:
    """It may come from another machine."""
    wish = HomeRequest(
        target=target or "x", say={"default": f"{form} {{target.__class__}} {{nobody}}"}
    )
    said = wish.sentence("default")
    assert "class '" not in said


def test_things_are_listed_as_people_do() -> None:
    wish = HomeQuery(say={"and": "und"})
    assert [wish.listed("abc"[:n]) for n in range(4)] == ["", "a", "a und b", "a, b und c"]


def test_changes_of_states_are_taken_in() -> None:
    states = States()
    states.hear({"a": {"x": {"s": "on", "a": {"level": 1, "color": "red"}}}})
    states.hear({"c": {"x": {"+": {"a": {"level": 2}}, "-": {"a": ["color"]}}}})
    assert states.of("x") == State("on", {"level": 2})
    states.hear({"c": {"x": {"+": {"s": "off"}}}, "r": ["y"]})
    assert states.of("x") == State("off", {"level": 2})
    states.hear({"r": ["x"]})
    assert states.of("x") is None
    states.hear({"a": None, "c": [], "r": None})
