"""The words for a home come from the pack of the request's language."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.homeassistant.client import service_calls
from satellite.homeassistant.client.entities import Contents, Entity
from satellite.homeassistant.client.search import search
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery
from satellite.homeassistant.client.state_codes import code_of, fits
from satellite.homeassistant.client.states import State
from satellite.homeassistant.client.words import joined, words_of
from satellite.languages import pack
from satellite.languages.names import areas_for, names_for, names_of
from satellite.languages.pack import Pack, Packs
from satellite.settings import USUAL_AREAS, USUAL_NAMES, HomeSettings
from satellite.values import Action

NAMES = """
areas: [Küche]
names: [Lampe]
kinds:
  light: {one: [Licht, Lampe, Lampen], all: [Lichter, Lampen]}
states: {"on": eingeschaltet, "off": ausgeschaltet, open: offen}
not: "nicht {state}"
units: {"°C": {one: Grad, few: Grade, other: Gradern}, "%": "{number} von hundert"}
decimal: ","
"""


@pytest.fixture
def invented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A language that nobody speaks, installed for the test."""
    folder = tmp_path / "qaa"
    folder.mkdir()
    (folder / "language.yaml").write_text(
        'name: Q\nenglish: Q\nplurals: {one: "n = 1", few: "n = 2"}\n'
    )
    (folder / "names.yaml").write_text(NAMES)
    packs = Packs({}, tmp_path)
    english = pack.pack("en")

    def found(language: str | None) -> Pack:
        return (packs.find(language) if language else None) or english

    monkeypatch.setattr(pack, "pack", found)
    return "qaa"


def light(number: int) -> Entity:
    return Entity(id=f"light.l{number}", names=(f"L {number}",), room=None)


def test_the_english_defaults_are_those_of_the_settings() -> None:
    assert names_of("en").names == USUAL_NAMES
    assert names_of("en-US").areas == USUAL_AREAS


def test_usual_names_are_those_of_the_language_unless_some_are_set(invented: str) -> None:
    assert names_for(HomeSettings(), invented) == ("Lampe",)
    assert areas_for(HomeSettings(), invented) == ("Küche",)
    assert names_for(HomeSettings(names=("Hut",)), invented) == ("Hut",)
    assert areas_for(HomeSettings(areas=()), invented) == ()


def test_states_and_numbers_are_said_in_the_language(invented: str) -> None:
    words = words_of(invented)
    assert words.state(light(1), State("on")) == "eingeschaltet"
    assert words.other_than("on") == "nicht eingeschaltet"
    meter = Entity(id="sensor.t", names=("T",), device_class="temperature")
    degrees = {"unit_of_measurement": "°C"}
    spoken = [words.state(meter, State(value, degrees)) for value in ("1", "2.0", "20.5", "-3")]
    assert spoken == ["1 Grad", "2 Grade", "20,5 Gradern", "-3 Gradern"]
    assert words.amount(60, "%") == "60 von hundert"
    assert words.amount(5, "bar") == "5 bar"


def test_kinds_are_found_by_their_words_in_the_language(invented: str) -> None:
    contents = Contents(entities=(light(1), light(2)))
    for command, count in (
        (HomeCommand(operation="turn_on", name="Lichter", all=True, language=invented), 2),
        (HomeCommand(operation="turn_on", name="lights", all=True, language=invented), 0),
        (HomeCommand(operation="turn_on", name="lights", all=True), 2),
        (HomeCommand(operation="turn_on", name="x", kind="light", all=True, language=invented), 2),
        (HomeCommand(operation="turn_on", kind="cover.blind", all=True), 0),
    ):
        assert len(search(contents, command, None, lambda entity: True).entities) == count, command
    assert contents.names_in(invented)[2:] == ("Lichter", "Lampen", "Licht", "Lampe")
    assert contents.names_in(None)[2:] == ("lights", "lamps", "light", "lamp")


def test_a_word_for_one_and_for_all_does_not_stand_for_all(invented: str) -> None:
    words = words_of(invented)
    assert [words.stands_for_all(word) for word in ("Lichter", "Lampen", "Licht")] == [
        True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "value", "code"),
    [
        ("binary_sensor.window", "on", "open"),
        ("binary_sensor.battery", "on", "low"),
        ("binary_sensor.moisture", "off", "not_wet"),
        ("binary_sensor.unheard_of", "on", "on"),
        ("sensor.window", "on", "on"),
        ("lock.door", "jammed", "jammed"),
    ],
)
def test_on_means_what_the_entity_is(entity: str, value: str, code: str) -> None:
    domain, _, kind = entity.partition(".")
    found = Entity(id=f"{domain}.x", names=("x",), device_class=kind)
    assert code_of(found, value) == code
    assert fits(code, found, value)
    assert fits(value, found, value)
    assert not fits(code, found, "unavailable")


def test_what_is_running_is_known_by_its_state() -> None:
    machine = Entity(id="sensor.washing_machine", names=("washing machine",))
    assert fits("running", machine, "run")
    assert not fits("running", machine, "idle")
    assert fits("not_running", machine, "idle")


def test_a_request_of_an_older_program_is_read() -> None:
    """Neither a kind nor a language, and a conjunction in place of a pattern for lists."""
    data = {"deed": "turn_off", "name": "lights", "all": True, "say": {"and": "und"}}
    request = service_calls.read(Action(name="home.do", data=data))
    assert request is not None
    assert (request.kind, request.language) == (None, None)
    assert request.listed(["a", "b", "c"]) == "a, b und c"


def test_lists_are_joined_as_the_request_or_its_language_does() -> None:
    own = HomeQuery(say={"between": "、", "last": "和"})
    assert own.listed(["灯", "风扇", "电视"]) == "灯、风扇和电视"
    assert HomeQuery().listed(["a", "b", "c"]) == "a, b and c"
    assert [joined("abc"[:n], "-", "+") for n in range(4)] == ["", "a", "a+b", "a-b+c"]
