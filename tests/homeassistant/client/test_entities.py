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
REQUESTS = st.builds(
    HomeCommand,
    operation=st.sampled_from(["turn_on", "open", "level"]),
    name=st.none() | NAMES | st.sampled_from(["lights", "lamp"]),
    area=st.none() | NAMES,
    all=st.booleans(),
    value=st.none() | st.floats(0, 100),
    say=st.dictionaries(st.sampled_from(["default", "missing"]), NAMES),
)


@given(THINGS, ROOMS, REQUESTS, st.none() | NAMES)
def test_a_search_finds_entities_of_the_home_or_gives_a_reason(
    entities: tuple[Entity, ...], rooms: tuple[Area, ...], request: HomeCommand, near: str | None
) -> None:
    found = search(Contents(entities=entities, rooms=rooms), request, near, lambda entity: True)
    assert set(found.entities) <= set(entities)
    assert found.entities or found.outcome


@given(THINGS, ROOMS)
def test_the_contents_survive_the_disk(
    entities: tuple[Entity, ...], rooms: tuple[Area, ...]
) -> None:
    contents = Contents(entities=entities, rooms=rooms)
    there = msgspec.msgpack.decode(msgspec.msgpack.encode(contents), type=Contents)
    assert there == contents
    assert there.names == contents.names


def test_names_are_bounded() -> None:
    entities = tuple(
        Entity(id=f"light.l{n}", names=(f"lamp {n}", f"alias {n}")) for n in range(900)
    )
    rooms = tuple(Area(id=f"r{n}", names=(f"room {n}",)) for n in range(200))
    contents = Contents(entities=entities, rooms=rooms)
    assert (len(contents.names), len(contents.areas)) == (MOST_NAMES, MOST_ROOMS)


@given(NAMES)
@example("ẖ")
def test_names_are_compared_without_case_and_punctuation(name: str) -> None:
    assert plain(name) == plain(f"  {name.upper()}- ") or name.upper().casefold() != name.casefold()


@given(REQUESTS)
def test_a_request_travels_as_an_action(asked: HomeCommand) -> None:
    assert read(action(asked)) == asked


def test_the_names_on_the_wire_and_on_disk_stay_those_of_older_versions() -> None:
    sent = action(HomeCommand(operation="turn_on", name="lamp"))
    assert (sent.name, sent.data["deed"], "operation" in sent.data) == ("home.do", "turn_on", False)
    stored = msgspec.to_builtins(Contents(entities=(Entity(id="light.a", names=("lamp",)),)))
    assert [entity["id"] for entity in stored["things"]] == ["light.a"]
    assert "entities" not in stored


@given(st.text(), st.text())
def test_a_sentence_is_filled_and_nothing_else_is_evaluated(form: str, target: str) -> None:
    """It may come from another machine."""
    request = HomeRequest(
        target=target or "x", say={"default": f"{form} {{target.__class__}} {{nobody}}"}
    )
    said = request.sentence("default")
    assert "class '" not in said


def test_names_are_listed_as_in_speech() -> None:
    request = HomeQuery(say={"and": "und"})
    assert [request.listed("abc"[:n]) for n in range(4)] == ["", "a", "a und b", "a, b und c"]


def test_changes_of_states_are_applied() -> None:
    states = States()
    states.hear({"a": {"x": {"s": "on", "a": {"level": 1, "color": "red"}}}})
    states.hear({"c": {"x": {"+": {"a": {"level": 2}}, "-": {"a": ["color"]}}}})
    assert states.of("x") == State("on", {"level": 2})
    states.hear({"c": {"x": {"+": {"s": "off"}}}, "r": ["y"]})
    assert states.of("x") == State("off", {"level": 2})
    states.hear({"r": ["x"]})
    assert states.of("x") is None
    states.hear({"a": None, "c": [], "r": None})
