"""What is wished of a home is done there and told truthfully; nothing but exposed things counts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from satellite.errors import EngineFailed, HomeFailed
from satellite.homeassistant.client.home import Home
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery, action
from satellite.values import Action
from tests.support.connected_home import FakeHome, connected, fake_home, until


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncGenerator[tuple[FakeHome, Home], None]:
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        yield fake, home


def ids(fake: FakeHome) -> set[str]:
    """Everything that was touched."""
    return {id_ for *_, called in fake.called for id_ in called}


@pytest.mark.parametrize(
    ("asked", "near", "touched", "said"),
    [
        (HomeCommand(operation="turn_on", name="living room lamp", target="the lamp"), None,
         {"input_boolean.living_room_lamp"}, "Done."),
        (HomeCommand(operation="turn_on", name="Kitchen-Lamp"), None, {"light.ceiling"}, "Done."),
        (HomeCommand(operation="turn_off", name="lights", area="kitchen"), None,
         {"light.ceiling", "light.counter"}, "Done."),
        (HomeCommand(operation="turn_off", name="lights"), "kitchen",
         {"light.ceiling", "light.counter"}, "Done."),
        (HomeCommand(operation="turn_on", name="reading lamp", area="bedroom"), None,
         {"light.bed"}, "Done."),
        (HomeCommand(operation="turn_on", name="lamp", area="lounge"), None,
         {"input_boolean.living_room_lamp"}, "Done."),
        (HomeCommand(operation="turn_off", name="lights", all=True), "kitchen",
         {"light.ceiling", "light.counter", "light.bed"}, "Done."),
        (HomeCommand(operation="turn_off", all=True), None,
         {"light.ceiling", "light.counter", "light.bed", "input_boolean.living_room_lamp",
          "media_player.tv"}, "Done."),
        (HomeCommand(operation="open", name="garage door"), None, {"cover.garage"}, "Done."),
        (HomeCommand(operation="run", name="movie time"), None, {"script.movie"}, "Done."),
        (HomeCommand(operation="turn_off", name="lights"), None, set(), "In which room?"),
        (HomeCommand(operation="open", name="television", target="the television"), None, set(),
         "I can't do that with the television."),
        (HomeCommand(operation="turn_on", name="secret", target="the secret"), None, set(),
         "I know no such thing here: the secret."),
        (HomeCommand(operation="turn_on", name="lights", area="cellar", target="the cellar lights"),
         None,
         set(),
         "I know no such thing here: the cellar lights."),
        (HomeCommand(operation="turn_on"), None, set(), "I know no such thing here: it."),
    ],
)  # fmt: skip
async def test_the_right_things_are_switched(
    house: Any, asked: HomeCommand, near: str | None, touched: set[str], said: str
) -> None:
    fake, home = house
    assert await home.carry_out(asked, near) == said
    assert ids(fake) == touched


@pytest.mark.parametrize(
    ("asked", "call"),
    [
        (HomeCommand(operation="level", value=40, name="counter"),
         ("light", "turn_on", {"brightness_pct": 40})),
        (HomeCommand(operation="level", value=30, name="television"),
         ("media_player", "volume_set", {"volume_level": 0.3})),
        (HomeCommand(operation="level", value=300, name="garage door"),
         ("cover", "set_cover_position", {"position": 100})),
        (HomeCommand(operation="temperature", value=21.5, name="thermostat"),
         ("climate", "set_temperature", {"temperature": 21.5})),
    ],
)  # fmt: skip
async def test_values_are_set(house: Any, asked: HomeCommand, call: tuple[Any, ...]) -> None:
    fake, home = house
    await home.do(asked)
    ((domain, service, data, _),) = fake.called
    assert (domain, service, data) == call


async def test_to_dim_everything_is_not_to_turn_down_the_music(house: Any) -> None:
    fake, home = house
    await home.do(HomeCommand(operation="level", value=10, area="living room"))
    assert not fake.called


async def test_of_several_with_one_name_the_one_in_the_same_room_is_meant(house: Any) -> None:
    fake, home = house
    fake.add("light.counter2", "Counter", area="bedroom")
    await fake.announce()
    await until(lambda: len(home.contents.called("counter")) == 2)
    asked = HomeCommand(operation="turn_on", name="counter")
    assert (await home.do(asked)).startswith("There is more than one: Counter and Counter.")
    await home.do(asked, "Bedroom")
    assert ids(fake) == {"light.counter2"}


async def test_an_entity_no_longer_exposed_is_not_touched_even_without_an_event(house: Any) -> None:
    fake, home = house
    fake.exposed.discard("input_boolean.living_room_lamp")
    asked = HomeCommand(operation="turn_on", name="living room lamp", target="the lamp")
    assert await home.do(asked) == "I know no such thing here: the lamp."
    assert not fake.called


async def test_a_thing_that_does_not_answer_is_not_claimed_to_be_switched(house: Any) -> None:
    fake, home = house
    await fake.set("cover.garage", "unavailable")
    await until(lambda: home.state(home.contents.called("garage door")[0]) is None)
    asked = HomeCommand(operation="open", name="garage door", target="the garage door")
    assert await home.do(asked) == "The garage door does not answer."
    assert not fake.called


async def test_a_failure_of_home_assistant_s_is_raised_in_its_words(house: Any) -> None:
    fake, home = house
    fake.refused, fake.refusal = {"light.turn_on"}, {"code": "x", "message": "bulb\nis broken"}
    with pytest.raises(HomeFailed, match="call_service: bulb is broken"):
        await home.do(HomeCommand(operation="turn_on", name="counter"))


@pytest.mark.parametrize(
    ("asked", "near", "said"),
    [
        (HomeQuery(name="garage door", expected="open", target="the door"), None,
         "No, the door is closed."),
        (HomeQuery(name="garage door", expected="closed", target="the door"), None,
         "Yes, the door is closed."),
        (HomeQuery(name="lights", area="kitchen", expected="on"), None, "No, they are off."),
        (HomeQuery(name="lights", area="bedroom", expected="off"), None, "Yes, they are off."),
        (HomeQuery(name="bedroom thermometer", target="it"), None, "Done."),
        (HomeQuery(name="thermometer", area="bedroom", say={"default": "{state}!"}), None,
         "20.5 degrees!"),
        (HomeQuery(about="temperature", area="bedroom", say={"default": "{state}."}), None,
         "20.5 degrees."),
        (HomeQuery(about="temperature", say={"default": "{state}."}), "lounge", "21.5 degrees."),
        (HomeQuery(about="temperature"), None, "In which room?"),
        (HomeQuery(about="temperature", area="garage", say={"unknown": "None there."}), None,
         "None there."),
        (HomeQuery(name="secret", target="the secret"), None,
         "I know no such thing here: the secret."),
    ],
)  # fmt: skip
async def test_questions_are_answered_by_how_things_are(
    house: Any, asked: HomeQuery, near: str | None, said: str
) -> None:
    _, home = house
    assert await home.carry_out(asked, near) == said


async def test_states_are_followed(house: Any) -> None:
    fake, home = house
    await fake.set("light.counter", "on")
    asked = HomeQuery(name="lights", area="kitchen", expected="on")
    await until(lambda: home.state(home.contents.called("counter")[0]).value == "on")
    assert await home.ask(asked) == "Only Counter."


async def test_a_description_for_a_model_has_every_entity_with_its_state(house: Any) -> None:
    fake, home = house
    await fake.set("light.counter", "on", brightness=128)
    await until(lambda: home.state(home.contents.called("counter")[0]).value == "on")
    told = await home.describe(None, "kitchen", None)
    assert told.splitlines() == [
        "Ceiling light (Kitchen): off", "Counter (Kitchen): on, brightness 50 percent"
    ]  # fmt: skip
    whole = await home.describe(None, None, None)
    assert "Garage door (Garage): closed" in whole
    assert "Secret" not in whole


async def test_an_action_is_performed_and_reported_in_words(house: Any) -> None:
    _, home = house
    lamp = HomeCommand(operation="turn_on", name="counter", area="kitchen", target="the counter")
    assert await home.perform(action(lamp)) == "Done."
    with pytest.raises(EngineFailed, match="no action of the home"):
        await home.perform(Action(name="volume", data={"level": 1}))
