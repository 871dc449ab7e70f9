"""The buttons of this satellite in Home Assistant."""

from __future__ import annotations

from pathlib import Path

import aioesphomeapi
import pytest

from satellite.homeassistant.esphome.buttons import buttons
from tests.homeassistant.esphome.test_server import SETTINGS
from tests.support.scripted_esphome import esphome_satellite

TALK, STOP = 12, 13


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


async def test_they_are_pressed_by_a_client_with_the_key() -> None:
    pressed: list[str] = []
    more = buttons(lambda: pressed.append("talk"), lambda: pressed.append("stop"))
    async with esphome_satellite(SETTINGS, more) as satellite:
        key = satellite.identity.make_key()
        async with satellite.connected(key) as client:
            entities, _ = await client.list_entities_services()
            found = {e.name: e.key for e in entities if isinstance(e, aioesphomeapi.ButtonInfo)}
            assert found == {"Talk": TALK, "Stop": STOP}
            states: list[int] = []
            client.subscribe_states(lambda state: states.append(state.key))
            client.button_command(STOP)
            client.button_command(TALK)
            await satellite.satellite.until(lambda: pressed == ["stop", "talk"])
            await satellite.satellite.until(lambda: len(states) > 1)
            assert not {TALK, STOP} & set(states)


async def test_a_client_without_the_key_stops_and_does_not_talk(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pressed: list[str] = []
    more = buttons(lambda: pressed.append("talk"), lambda: pressed.append("stop"))
    async with esphome_satellite(SETTINGS, more) as satellite, satellite.connected() as client:
        client.button_command(TALK)
        client.button_command(STOP)
        await satellite.satellite.until(lambda: pressed == ["stop"])
    assert "the button Talk does nothing" in caplog.text
