"""Requests beyond on and off: carried out by services of the home, and answered from its states."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from satellite.errors import HomeFailed
from satellite.homeassistant.client.home import Home
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery
from tests.support.connected_home import FakeHome, connected, fake_home, until

SPEAKER = {"supported_features": 1 | 16 | 32 | 4096 | 16384}
TOMORROW = datetime.now().astimezone() + timedelta(days=1)


def furnished() -> FakeHome:
    fake = FakeHome()
    kitchen, bath, living = fake.room("Kitchen"), fake.room("Bathroom"), fake.room("Living Room")
    fake.add("light.ceiling", "Ceiling", "on", area=kitchen,
             supported_color_modes=["hs", "color_temp"])  # fmt: skip
    fake.add("light.counter", "Counter", area=kitchen, supported_color_modes=["brightness"])
    fake.add("light.bath", "Mirror", "on", area=bath, supported_color_modes=["color_temp"])
    fake.add("media_player.radio", "Radio", "playing", area=kitchen, **SPEAKER)
    fake.add("media_player.tv", "TV", "off", area=living, **SPEAKER)
    fake.add("media_player.hifi", "Hi-Fi", "idle", area=living,
             supported_features=512 | 16384 | 1 << 22)  # fmt: skip
    fake.add("vacuum.robot", "Robby", "docked", supported_features=8192 | 16)
    fake.add("lawn_mower.mower", "Mowbert", "mowing", supported_features=1 | 4)
    fake.add("cover.blind", "Blind", "open", area=living, device_class="blind",
             supported_features=15)  # fmt: skip
    fake.add("binary_sensor.window", "Bath window", "on", area=bath, device_class="window")
    fake.add("binary_sensor.door", "Front door", "off", device_class="door")
    fake.add("lock.front", "Front door lock", "locked")
    fake.add("sensor.bath_humidity", "Bath humidity", "61.5", area=bath,
             device_class="humidity", unit_of_measurement="%")  # fmt: skip
    fake.add("sensor.phone", "Anna's Phone Battery level", "1", device_class="battery",
             unit_of_measurement="%")  # fmt: skip
    fake.add("sensor.washer", "Washing machine status", "run")
    fake.add("climate.living", "Thermostat", "heat", area=living, temperature=20.5, max_temp=21,
             current_humidity=40)  # fmt: skip
    fake.add("person.anna", "Anna", "not_home")
    fake.add("person.ben", "Ben", "Office")
    fake.add("todo.shopping_list", "Shopping List", "2", supported_features=7)
    fake.add("todo.chores", "Chores", "0", supported_features=1)
    fake.add("weather.home", "Home", "partlycloudy", temperature=8.6, supported_features=1)
    fake.responses["todo.get_items"] = {
        "items": [
            {"summary": "Milk", "uid": "m1", "status": "needs_action"},
            {"summary": "Bread", "uid": "b1", "status": "needs_action"},
        ]
    }
    fake.responses["weather.get_forecasts"] = {
        "forecast": [
            {"datetime": datetime.now().astimezone().isoformat(), "condition": "rainy"},
            {"datetime": TOMORROW.isoformat(), "condition": "sunny",
             "temperature": 12.4, "templow": 3.0},
        ]
    }  # fmt: skip
    fake.responses["media_player.search_media"] = {
        "result": [
            {"title": "A folder", "media_content_id": "f", "media_content_type": "dir",
             "can_play": False},
            {"title": "So What", "media_content_id": "s1", "media_content_type": "music",
             "can_play": True},
        ]
    }  # fmt: skip
    return fake


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncGenerator[tuple[FakeHome, Home], None]:
    async with fake_home(furnished()) as fake, connected(tmp_path, fake) as home:
        yield fake, home


def calls(fake: FakeHome) -> list[tuple[str, dict[str, Any], list[str]]]:
    return [(f"{domain}.{name}", data, ids) for domain, name, data, ids in fake.called]


@pytest.mark.parametrize(
    ("asked", "near", "call", "spoken"),
    [
        (HomeCommand(operation="color", color="red", name="ceiling",
                     say={"default": "To {color}."}), None,
         ("light.turn_on", {"color_name": "red"}, ["light.ceiling"]), "To red."),
        (HomeCommand(operation="color", color="red", name="lights"), "kitchen",
         ("light.turn_on", {"color_name": "red"}, ["light.ceiling"]), "Done."),
        (HomeCommand(operation="color", color="red", name="counter", target="it"), None,
         None, "I can't do that with it."),
        (HomeCommand(operation="color", color="red", name="mirror", target="it"), None,
         None, "I can't do that with it."),
        (HomeCommand(operation="color_temperature", value=2700, name="mirror",
                     say={"default": "To {color}."}), None,
         ("light.turn_on", {"color_temp_kelvin": 2700}, ["light.bath"]), "To warm white."),
        (HomeCommand(operation="color_temperature", value=3000, name="mirror",
                     say={"default": "To {color}."}), None,
         ("light.turn_on", {"color_temp_kelvin": 3000}, ["light.bath"]), "To 3000 kelvins."),
        (HomeCommand(operation="level", value=50, kind="cover.blind"), None,
         ("cover.set_cover_position", {"position": 50}, ["cover.blind"]), "Done."),
        (HomeCommand(operation="start", kind="vacuum"), None,
         ("vacuum.start", {}, ["vacuum.robot"]), "Done."),
        (HomeCommand(operation="dock", kind="vacuum"), "bathroom",
         ("vacuum.return_to_base", {}, ["vacuum.robot"]), "Done."),
        (HomeCommand(operation="start", kind="lawn_mower"), None,
         ("lawn_mower.start_mowing", {}, ["lawn_mower.mower"]), "Done."),
        (HomeCommand(operation="dock", kind="lawn_mower"), None,
         ("lawn_mower.dock", {}, ["lawn_mower.mower"]), "Done."),
        (HomeCommand(operation="pause", kind="media_player"), "living room",
         ("media_player.media_pause", {}, ["media_player.radio"]), "Done."),
        (HomeCommand(operation="next", kind="media_player"), None,
         ("media_player.media_next_track", {}, ["media_player.radio"]), "Done."),
        (HomeCommand(operation="stop", name="radio"), None,
         ("media_player.media_stop", {}, ["media_player.radio"]), "Done."),
        (HomeCommand(operation="next", name="hi-fi", target="it"), None,
         None, "I can't do that with it."),
        (HomeCommand(operation="resume", kind="media_player", area="kitchen",
                     say={"nothing": "Nothing is paused."}), None, None, "Nothing is paused."),
        (HomeCommand(operation="change_temperature", value=0.5, kind="climate",
                     say={"default": "{value} degrees."}), None,
         ("climate.set_temperature", {"temperature": 21.0}, ["climate.living"]), "21 degrees."),
        (HomeCommand(operation="change_temperature", value=5, kind="climate",
                     say={"default": "{value} degrees."}), None,
         ("climate.set_temperature", {"temperature": 21}, ["climate.living"]), "21 degrees."),
        (HomeCommand(operation="add_item", text="two eggs",
                     say={"default": "{item} on {list}."}), None,
         ("todo.add_item", {"item": "two eggs"}, ["todo.shopping_list"]),
         "Two eggs on Shopping List."),
        (HomeCommand(operation="add_item", text="sweep", name="chores"), None,
         ("todo.add_item", {"item": "sweep"}, ["todo.chores"]), "Done."),
        (HomeCommand(operation="add_item", text="sweep", name="garden"), None,
         None, "I know no such thing here: garden."),
    ],
)  # fmt: skip
async def test_a_command_is_the_service_that_carries_it_out(
    house: Any,
    asked: HomeCommand,
    near: str | None,
    call: tuple[str, dict[str, Any], list[str]] | None,
    spoken: str,
) -> None:
    fake, home = house
    assert await home.carry_out(asked, near) == spoken
    assert calls(fake) == ([] if call is None else [call])


async def test_lights_are_set_to_what_each_can_be(house: Any) -> None:
    fake, home = house
    await home.do(HomeCommand(operation="color_temperature", value=4000, name="lights", all=True))
    (call,) = calls(fake)
    assert call == ("light.turn_on", {"color_temp_kelvin": 4000}, ["light.bath", "light.ceiling"])


async def test_an_item_is_checked_off_by_its_id(house: Any) -> None:
    fake, home = house
    say = {"default": "Off: {item}.", "unknown": "{item} is not there."}
    done = HomeCommand(operation="complete_item", text="milk", say=say)
    assert await home.do(done) == "Off: Milk."
    assert calls(fake)[1] == (
        "todo.update_item", {"item": "m1", "status": "completed"}, ["todo.shopping_list"],
    )  # fmt: skip
    missing = HomeCommand(operation="complete_item", text="butter", say=say)
    assert await home.do(missing) == "Butter is not there."
    assert await home.do(HomeCommand(operation="remove_item", text="bread", say=say))
    assert calls(fake)[-1] == ("todo.remove_item", {"item": ["b1"]}, ["todo.shopping_list"])


async def test_a_list_that_cannot_be_checked_off_says_so(house: Any) -> None:
    fake, home = house
    done = HomeCommand(operation="complete_item", text="sweep", name="chores", target="chores")
    assert await home.do(done) == "I can't do that with chores."
    assert not fake.called


async def test_the_first_result_that_can_be_played_is_played(house: Any) -> None:
    fake, home = house
    say = {"default": "Playing {title}.", "nothing": "Nothing for {query}."}
    play = HomeCommand(operation="play", text="miles davis", kind="media_player", say=say)
    assert await home.do(play) == "Playing So What."
    assert calls(fake) == [
        ("media_player.search_media", {"search_query": "miles davis"}, ["media_player.hifi"]),
        ("media_player.play_media",
         {"media_content_id": "s1", "media_content_type": "music"}, ["media_player.hifi"]),
    ]  # fmt: skip
    fake.responses["media_player.search_media"] = {"result": []}
    assert await home.do(play) == "Nothing for miles davis."
    assert len(fake.called) == 3


async def test_a_player_without_a_search_is_declined(house: Any) -> None:
    """One that can only search, as Home Assistant's demonstration has, is not enough either."""
    fake, home = house
    await fake.set("media_player.hifi", "idle", supported_features=1 << 22)
    await until(
        lambda: (
            home.state(home.contents.called("hi-fi")[0]).attributes["supported_features"] == 1 << 22
        )
    )
    search = HomeCommand(operation="play", text="jazz", name="hi-fi", target="it")
    assert await home.do(search) == "I can't do that with it."
    play = HomeCommand(operation="play", text="jazz", name="radio", target="the radio")
    assert await home.do(play) == "I can't do that with the radio."
    assert not fake.called


@pytest.mark.parametrize("answer", [None, {"items": 3}, {"items": [{"uid": "x"}]}])
async def test_a_malformed_answer_is_a_failure(house: Any, answer: Any) -> None:
    fake, home = house
    fake.responses["todo.get_items"] = answer
    with pytest.raises(HomeFailed):
        await home.ask(HomeQuery(about="list"))


@pytest.mark.parametrize(
    ("asked", "near", "spoken"),
    [
        (HomeQuery(kind="light", quantity="any", expected="on"), "kitchen",
         "Yes: Mirror and Ceiling."),
        (HomeQuery(kind="light", quantity="any", expected="on", area="living room"), None,
         "I know no such thing here: living room."),
        (HomeQuery(kind="light", quantity="which", expected="on", area="kitchen"), None,
         "Ceiling."),
        (HomeQuery(kind="light", quantity="how_many", expected="on"), None,
         "2: Mirror and Ceiling."),
        (HomeQuery(kind="light", quantity="all", expected="on"), None, "No: not Counter."),
        (HomeQuery(kind="lock", quantity="all", expected="locked"), None, "Yes, all of them."),
        (HomeQuery(kind="lock", quantity="which", expected="unlocked"), None, "None."),
        (HomeQuery(kind="cover.window", quantity="any", expected="open"), None,
         "Yes: Bath window."),
        (HomeQuery(kind="cover.door", quantity="any", expected="open"), None, "No."),
        (HomeQuery(kind="person", quantity="any", expected="home"), None, "No."),
        (HomeQuery(about="place", name="anna", target="Anna"), None, "Anna is away."),
        (HomeQuery(about="place", name="ben", target="Ben"), None, "Ben is at Office."),
        (HomeQuery(about="place", name="carl", target="Carl"), None,
         "I know no such thing here: Carl."),
        (HomeQuery(name="anna", expected="home", target="Anna"), None, "No, Anna is away."),
        (HomeQuery(about="sensor", kind="sensor.humidity", area="bathroom",
                   say={"default": "{name}: {state}."}), None, "Bath humidity: 61.5 percent."),
        (HomeQuery(about="sensor", kind="sensor.humidity", area="living room",
                   say={"default": "{name}: {state}."}), None, "Thermostat: 40 percent."),
        (HomeQuery(about="sensor", kind="sensor.humidity"), None, "In which room?"),
        (HomeQuery(about="sensor", kind="sensor.humidity",
                   say={"default": "{name}: {state}."}), "bathroom",
         "Bath humidity: 61.5 percent."),
        (HomeQuery(about="sensor", kind="sensor.battery", name="phone",
                   say={"default": "{name}: {state}."}), None,
         "Anna's Phone Battery level: 1 percent."),
        (HomeQuery(about="sensor", kind="sensor.battery", name="watch",
                   say={"missing": "No such sensor."}), None, "No such sensor."),
        (HomeQuery(name="washing machine", part_of_name=True, expected="running",
                   target="the washing machine"), None,
         "Yes, the washing machine is running."),
        (HomeQuery(name="dryer", part_of_name=True, expected="running", target="the dryer"), None,
         "I know no such thing here: the dryer."),
        (HomeQuery(about="list", say={"default": "{list}: {things}."}), None,
         "Shopping List: Milk and Bread."),
        (HomeQuery(about="list", name="shopping", say={"default": "{things}."}), None,
         "Milk and Bread."),
        (HomeQuery(about="weather", say={"default": "{state}, {temperature}."}), None,
         "Partly cloudy, 9 degrees."),
        (HomeQuery(about="weather", day=1, say={"tomorrow": "{state}, {low} to {high}."}), None,
         "Sunny, 3 to 12 degrees."),
        (HomeQuery(about="weather", day=2, say={"unknown": "No forecast."}), None,
         "No forecast."),
    ],
)  # fmt: skip
async def test_a_question_is_answered_from_the_home(
    house: Any, asked: HomeQuery, near: str | None, spoken: str
) -> None:
    _fake, home = house
    assert await home.carry_out(asked, near) == spoken


async def test_without_an_answering_list_nothing_is_claimed(house: Any) -> None:
    fake, home = house
    await fake.set("todo.shopping_list", "unavailable")
    await until(lambda: home.state(home.contents.called("shopping list")[0]) is None)
    add = HomeCommand(operation="add_item", text="milk", target="the list")
    assert await home.do(add) == "The list does not answer."
    assert not fake.called


async def test_an_outcome_without_a_sentence_is_not_reported_as_done(house: Any) -> None:
    fake, home = house
    await fake.set("media_player.radio", "off")
    await until(lambda: home.state(home.contents.called("radio")[0]).value == "off")
    pause = HomeCommand(operation="pause", kind="media_player", target="the music")
    assert await home.do(pause) == "I can't do that with the music."
    assert not fake.called


async def test_an_empty_list_is_said_to_be_empty(house: Any) -> None:
    fake, home = house
    fake.responses["todo.get_items"] = {"items": []}
    asked = HomeQuery(about="list", say={"none": "Nothing on {list}."})
    assert await home.ask(asked) == "Nothing on Shopping List."


async def test_a_forecast_by_the_hour_is_that_of_the_day(house: Any) -> None:
    fake, home = house
    hours = [TOMORROW.replace(hour=hour) for hour in (6, 12, 18)]
    weather = zip(hours, ("fog", "sunny", "rainy"), (2, 9, 5), strict=True)
    fake.responses["weather.get_forecasts"] = {
        "forecast": [
            {"datetime": at.isoformat(), "condition": condition, "temperature": degrees}
            for at, condition, degrees in weather
        ]
    }
    say = {"tomorrow": "{state}, {low} to {high}."}
    asked = HomeQuery(about="weather", day=1, say=say)
    assert await home.ask(asked) == "Sunny, 2 to 9 degrees."
