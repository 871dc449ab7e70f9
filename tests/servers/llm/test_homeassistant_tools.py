"""Tools of a language model for the home: results, and limits to exposed entities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satellite import tools
from satellite.engines.home_aware import HomeLlm
from satellite.homeassistant.client import service_calls
from satellite.homeassistant.client.service_calls import HomeCommand
from satellite.ports import EngineContext
from satellite.values import Situation
from servers.llm.chat.toolbox import Toolbox
from tests.servers.llm.asking import ask, brain, done, heard
from tests.support.connected_home import connected, fake_home
from tests.support.ollama_fake import calls, fake_ollama, words

NEAR = Situation(home=True, area="Kitchen")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def reported(asked: dict[str, Any]) -> list[str]:
    """What tools told the model."""
    return [m["content"] for m in asked["messages"] if m["role"] == "tool"]


@pytest.mark.parametrize(
    ("call", "service", "result"),
    [
        (("switch_home", {"action": "turn_on", "name": "counter"}),
         ("light", "turn_on", {}, ["light.counter"]), "Done."),
        (("switch_home", {"action": "turn_off", "area": "kitchen", "name": "lights"}),
         ("light", "turn_off", {}, ["light.ceiling", "light.counter"]), "Done."),
        (("switch_home", {"action": "open", "name": "garage door"}),
         ("cover", "open_cover", {}, ["cover.garage"]), "Done."),
        (("switch_home", {"action": "run", "name": "movie time"}),
         ("script", "turn_on", {}, ["script.movie"]), "Done."),
        (("set_home_level", {"name": "counter", "percent": 20}),
         ("light", "turn_on", {"brightness_pct": 20}, ["light.counter"]), "Done."),
        (("set_home_level", {"name": "television", "percent": 35}),
         ("media_player", "volume_set", {"volume_level": 0.35}, ["media_player.tv"]), "Done."),
        (("set_home_temperature", {"name": "thermostat", "degrees": 21.5}),
         ("climate", "set_temperature", {"temperature": 21.5}, ["climate.living"]), "Done."),
        (("get_home_state", {"area": "garage"}), None, "Garage door (Garage): closed"),
        (("get_home_state", {"name": "television"}), None, "Television (Living Room): off"),
        (("switch_home", {"action": "turn_on", "name": "secret"}), None,
         "I know no such thing here: secret."),
        (("switch_home", {"action": "lock", "name": "television"}), None,
         "I can't do that with television."),
        (("switch_home", {"action": "turn_on"}), None,
         "Error: switch_home: give the name of a device, or a room"),
        (("switch_home", {"action": "explode", "name": "tv"}), None, "Error: switch_home: action"),
        (("set_home_level", {"name": "counter", "percent": 200}), None, "Error: set_home_level"),
    ],
)  # fmt: skip
async def test_a_model_with_a_connected_home_receives_the_result(
    tmp_path: Path, call: Any, service: Any, result: str
) -> None:
    async with (
        fake_home() as house,
        connected(tmp_path, house) as home,
        fake_ollama(calls(call), words("There.")) as fake,
        brain(fake.host, home=home) as engine,
    ):
        parts = await ask(HomeLlm(engine, home), "it is dark", NEAR)
        assert heard(parts) == "There."
        assert not done(parts)
        assert house.called == ([service] if service else [])
        (text,) = reported(fake.asked[1])
        assert text.startswith(result)


async def test_the_model_receives_the_failures_of_home_assistant(tmp_path: Path) -> None:
    call = ("switch_home", {"action": "turn_on", "name": "counter"})
    async with (
        fake_home() as house,
        connected(tmp_path, house) as home,
        fake_ollama(calls(call), words("It is broken.")) as fake,
        brain(fake.host, home=home) as engine,
    ):
        house.refused, house.refusal = {"light.turn_on"}, {"code": "x", "message": "no bulb"}
        assert heard(await ask(engine, "light", NEAR)) == "It is broken."
        assert "no bulb" in reported(fake.asked[1])[0]
        await house.stop()
        assert heard(await ask(engine, "light", NEAR)) == "It is broken."


async def test_a_model_without_a_home_sends_actions_and_sees_no_state(tmp_path: Path) -> None:
    """The satellite has the home: it does what is wished, and says what came of it."""
    script = (
        calls(
            ("switch_home", {"action": "turn_on", "name": "counter"}),
            ("get_home_state", {"name": "counter"}),
        ),
        words("So."),
    )
    async with fake_ollama(*script) as fake, brain(fake.host) as engine:
        parts = await ask(engine, "it is dark", NEAR)
        switched, seen = reported(fake.asked[1])
    (action,) = done(parts)
    wish = service_calls.read(action)
    assert isinstance(wish, HomeCommand)
    assert (wish.operation, wish.name) == ("turn_on", "counter")
    assert "The satellite does it" in switched
    assert "set home.url and home.token_file where the language model runs" in seen


async def test_tools_for_the_home_need_a_connected_home() -> None:
    def names(home: bool) -> set[str]:
        definitions = Toolbox(tools.installed(), home=home, context=EngineContext()).definitions()
        return {definition["function"]["name"] for definition in definitions}

    assert names(True) - names(False) == {
        "switch_home", "set_home_level", "set_home_temperature", "get_home_state",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "able"),
    [({}, True), ({"tool_rounds": 0}, False), ({"tool_rounds": 0, "local_first": True}, True)],
)
async def test_home_control_is_described_if_a_home_is_connected(
    tmp_path: Path, options: Any, able: bool
) -> None:
    async with (
        fake_home() as house,
        connected(tmp_path, house) as home,
        fake_ollama(words("x")) as fake,
        brain(fake.host, load=False, home=home, **options) as at_home,
        brain(fake.host, load=False, **options) as elsewhere,
    ):
        assert at_home.describe().home_control is able
        assert not elsewhere.describe().home_control
