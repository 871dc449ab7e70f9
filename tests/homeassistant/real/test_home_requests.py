"""A real Home Assistant carries out what the built-in brain asks of a home beyond on and off.

Its integration `demo` has lights, players, a vacuum and weather; `shopping_list` has the list.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from satellite.engines.home_aware import HomeLlm
from satellite.homeassistant.client.home import Home, opened
from satellite.settings import HomeSettings
from satellite.values import ReplyRequest
from servers.llm.intents import Intents
from tests.homeassistant.real import installation
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.installation import Installation

pytestmark = pytest.mark.timeout(300)

EXPOSED = (
    *("light.bed_light", "light.kitchen_lights", "light.ceiling_lights"),
    *("media_player.walkman", "media_player.search", "weather.demo_weather_south"),
    *("todo.shopping_list", "cover.hall_window", "fan.living_room_fan", "climate.heatpump"),
)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Home Assistant with demonstration devices, of which some are exposed."""
    folder = tmp_path_factory.mktemp("demo")
    with installation.running(need(NEW), folder, integrations=("demo",)) as home:
        wanted = EXPOSED

        async def settle() -> list[str]:
            flow = "/api/config/config_entries/flow"
            form = await home.api.rest("POST", flow, {"handler": "shopping_list"})
            if form.get("type") == "form":
                await home.api.rest("POST", f"{flow}/{form['flow_id']}", {})
            present: list[str] = []
            for _ in range(40):
                states = await home.api.rest("GET", "/api/states")
                present = [s["entity_id"] for s in states]
                if set(EXPOSED) <= set(present):
                    return present
                await asyncio.sleep(0.5)
            raise AssertionError(f"missing: {set(EXPOSED) - set(present)}: {present}")

        present = home.loop.run(settle())
        vacuums = [id_ for id_ in present if id_.startswith("vacuum.")][:1]
        exposed = [id_ for id_ in present if id_ in wanted] + vacuums
        call = home.api.call(
            "homeassistant/expose_entity", assistants=["conversation"],
            entity_ids=exposed, should_expose=True,
        )  # fmt: skip
        home.loop.run(call)
        others = [id_ for id_ in present if id_ not in exposed]
        call = home.api.call(
            "homeassistant/expose_entity", assistants=["conversation"],
            entity_ids=others, should_expose=False,
        )  # fmt: skip
        home.loop.run(call)
        yield home


@pytest.fixture(scope="module")
def token(furnished: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    call = furnished.api.call("auth/long_lived_access_token", client_name="requests", lifespan=1)
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(furnished.loop.run(call))
    file.chmod(0o600)
    return file


@pytest_asyncio.fixture
async def brain(
    furnished: Installation, token: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[HomeLlm, None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = HomeSettings(url=furnished.api.base, token_file=str(token))
    async with opened(settings) as home:
        assert isinstance(home, Home)
        await home.known()
        intents = Intents(Intents.Options())
        yield HomeLlm(intents, home)
        await intents.close()


async def ask(brain: HomeLlm, text: str, language: str = "en") -> str:
    request = ReplyRequest(text=text, language=language)
    return "".join([getattr(part, "text", part) async for part in brain.reply(request)])


def state(home: Installation, entity: str) -> Any:
    found = home.loop.run(home.api.state(entity))
    assert found is not None
    return found


async def test_colors_are_set_where_a_light_has_them(
    furnished: Installation, brain: HomeLlm
) -> None:
    assert await ask(brain, "set the bed light to blue") == "Set the Bed Light to blue."
    bed = state(furnished, "light.bed_light")
    assert bed["state"] == "on"
    assert bed["attributes"]["rgb_color"] == [0, 0, 255]
    assert await ask(brain, "set the bed light to warm white") == "Set the Bed Light to warm white."
    assert abs(state(furnished, "light.bed_light")["attributes"]["color_temp_kelvin"] - 2700) < 50


async def test_lights_are_counted(furnished: Installation, brain: HomeLlm) -> None:
    await ask(brain, "turn off the bed light")
    assert "Kitchen Lights" in await ask(brain, "which lights are on")
    assert (await ask(brain, "are any lights on")).startswith("Yes: ")
    assert (await ask(brain, "how many lights are off")).startswith("1: Bed Light")


async def test_positions_speeds_and_temperatures_are_set(
    furnished: Installation, brain: HomeLlm
) -> None:
    assert "60 percent" in await ask(brain, "open the hall window to 60 percent")
    assert "50 percent" in await ask(brain, "set the speed of the living room fan to 50 percent")
    assert state(furnished, "fan.living_room_fan")["attributes"]["percentage"] == 50
    before = state(furnished, "climate.heatpump")["attributes"]["temperature"]
    assert str(int(before) + 1) in await ask(brain, "make it warmer")
    assert state(furnished, "climate.heatpump")["attributes"]["temperature"] == before + 1


async def test_items_of_the_shopping_list_are_changed(
    furnished: Installation, brain: HomeLlm
) -> None:
    assert "nothing on" in (await ask(brain, "what's on the shopping list"))
    assert "Added milk" in await ask(brain, "add milk to the shopping list")
    assert "Added two eggs" in await ask(brain, "put two eggs on the shopping list")
    assert "milk and two eggs" in await ask(brain, "what's on the shopping list")
    assert "Checked off milk" in await ask(brain, "check off milk on the shopping list")
    spoken = await ask(brain, "what's on the shopping list")
    assert "two eggs" in spoken
    assert "milk" not in spoken
    assert "is not on" in await ask(brain, "check off butter on the shopping list")


async def test_the_weather_is_reported_now_and_tomorrow(
    furnished: Installation, brain: HomeLlm
) -> None:
    south = state(furnished, "weather.demo_weather_south")
    assert "22 degrees" in await ask(brain, "what's the weather")
    assert south["attributes"]["temperature"] == 21.6
    tomorrow = await ask(brain, "what's the weather tomorrow")
    assert tomorrow.startswith("Tomorrow it will be rainy, between ")


async def test_players_are_paused_and_none_plays_without_a_search(
    furnished: Installation, brain: HomeLlm
) -> None:
    assert await ask(brain, "pause the music") == "Paused."
    assert state(furnished, "media_player.walkman")["state"] == "paused"
    assert await ask(brain, "resume the music") == "Playing."
    # the demonstration has no player that both searches and plays
    assert await ask(brain, "play some jazz") == "I can't do that with the speaker."
    walkman = "play some jazz on the walkman"
    assert await ask(brain, walkman) == "I can't do that with the Walkman."


async def test_a_vacuum_is_started_and_sent_home(furnished: Installation, brain: HomeLlm) -> None:
    assert await ask(brain, "start the vacuum") == "Started the vacuum."
    assert await ask(brain, "send the vacuum home") == "Sent the vacuum home."


async def test_states_are_said_in_the_language_of_the_request(
    furnished: Installation, brain: HomeLlm
) -> None:
    spoken = await ask(brain, "wie ist das Wetter", "de")
    assert "22 Grad" in spoken, spoken
