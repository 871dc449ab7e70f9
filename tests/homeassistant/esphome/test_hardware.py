"""The lamps and buttons of the satellite's machine in Home Assistant."""

from __future__ import annotations

from pathlib import Path

import aioesphomeapi
import pytest

from satellite.homeassistant.esphome.hardware import ButtonEvents, LampsLight, hardware_entities
from tests.homeassistant.esphome.test_server import SETTINGS
from tests.support.scripted_esphome import esphome_satellite


class Lamps:
    """Lamps that remember their brightness."""

    brightness = 0.3

    def dim(self, brightness: float) -> None:
        self.brightness = brightness


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


async def test_lamps_are_dimmed_and_switched_off_and_on() -> None:
    lamps = Lamps()
    async with esphome_satellite(SETTINGS, hardware_entities(lamps, None)) as satellite:
        until = satellite.satellite.until
        async with satellite.connected(satellite.identity.make_key()) as client:
            entities, _ = await client.list_entities_services()
            (light,) = [e for e in entities if isinstance(e, aioesphomeapi.LightInfo)]
            assert light.name == "Lamps"
            states: list[aioesphomeapi.LightState] = []
            client.subscribe_states(
                lambda s: states.append(s) if isinstance(s, aioesphomeapi.LightState) else None
            )
            await until(lambda: bool(states))
            assert (states[-1].state, round(states[-1].brightness, 3)) == (True, 0.3)
            client.light_command(light.key, state=True, brightness=0.8)
            await until(lambda: round(lamps.brightness, 3) == 0.8)
            client.light_command(light.key, state=False)
            await until(lambda: lamps.brightness == 0 and not states[-1].state)
            client.light_command(light.key, state=True)
            await until(lambda: round(lamps.brightness, 3) == 0.8)
            client.light_command(light.key, state=True, brightness=float("nan"))
            client.light_command(light.key, state=True, brightness=7.0)
            client.light_command(light.key, state=False)
            await until(lambda: lamps.brightness == 0)


async def test_a_client_without_the_key_does_not_dim(caplog: pytest.LogCaptureFixture) -> None:
    lamps = Lamps()
    more = hardware_entities(lamps, None)
    async with esphome_satellite(SETTINGS, more) as satellite, satellite.connected() as client:
        client.light_command(LampsLight.KEY, state=False)
        await satellite.satellite.until(lambda: "the lamps are not dimmed" in caplog.text)
    assert lamps.brightness == 0.3


async def test_each_press_is_sent_once_to_all_who_follow() -> None:
    presses = ButtonEvents()
    async with esphome_satellite(SETTINGS, hardware_entities(None, presses)) as satellite:
        device, until = satellite.device, satellite.satellite.until
        device.occur(presses.occurrence("hold"))  # before anybody follows
        async with satellite.connected() as first, satellite.connected() as second:
            entities, _ = await first.list_entities_services()
            (listed,) = [e for e in entities if isinstance(e, aioesphomeapi.EventInfo)]
            assert (listed.device_class, listed.event_types) == ("button", ["press", "hold"])
            heard: dict[str, list[str]] = {"first": [], "second": []}
            following: set[str] = set()
            for name, client in (("first", first), ("second", second)):

                def take(state: aioesphomeapi.EntityState, name: str = name) -> None:
                    following.add(name)
                    if isinstance(state, aioesphomeapi.Event):
                        heard[name].append(state.event_type)

                client.subscribe_states(take)
            await until(lambda: len(following) == 2)
            for press in ("press", "press", "hold"):
                device.occur(presses.occurrence(press))
            await until(lambda: all(len(each) == 3 for each in heard.values()))
            assert heard == {name: ["press", "press", "hold"] for name in ("first", "second")}
