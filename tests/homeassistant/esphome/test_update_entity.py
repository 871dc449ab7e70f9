"""Newer versions of the satellite in Home Assistant."""

from __future__ import annotations

from pathlib import Path

import aioesphomeapi
import pytest

from satellite.homeassistant.esphome.update_entity import UpdateEntity, update_entities
from satellite.updates.installation import Installation
from satellite.updates.pip import Release
from satellite.updates.updater import Updater
from tests.homeassistant.esphome.test_server import SETTINGS
from tests.support.scripted_esphome import esphome_satellite

NONE = Path("none")


class Requests(Updater):
    """An updater that notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__(Installation(NONE, NONE, NONE, isolated=True))
        self.installed = "1.0"
        self.requests: list[str] = []

    def request_check(self) -> None:
        self.requests.append("check")

    def request_install(self) -> None:
        self.requests.append("install")


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


async def test_a_newer_version_is_shown_and_installed() -> None:
    updater = Requests()
    async with esphome_satellite(SETTINGS, update_entities(updater)) as satellite:
        until = satellite.satellite.until
        async with satellite.connected(satellite.identity.make_key()) as client:
            entities, _ = await client.list_entities_services()
            (listed,) = [e for e in entities if isinstance(e, aioesphomeapi.UpdateInfo)]
            assert listed.name == "Update"
            states: list[aioesphomeapi.UpdateState] = []
            client.subscribe_states(
                lambda s: states.append(s) if isinstance(s, aioesphomeapi.UpdateState) else None
            )
            await until(lambda: bool(states))
            assert (states[-1].current_version, states[-1].latest_version) == ("1.0", "1.0")
            updater.newest = Release("2.0", "https://example.org/changes")
            satellite.device.touch()
            await until(lambda: len(states) == 2)
            shown = states[-1]
            assert (shown.current_version, shown.latest_version) == ("1.0", "2.0")
            assert (shown.release_url, shown.in_progress) == ("https://example.org/changes", False)
            client.update_command(listed.key, aioesphomeapi.UpdateCommand.CHECK)
            client.update_command(listed.key, aioesphomeapi.UpdateCommand.INSTALL)
            await until(lambda: updater.requests == ["check", "install"])
            updater.installing = True
            satellite.device.touch()
            await until(lambda: states[-1].in_progress)


async def test_a_client_without_the_key_neither_looks_nor_installs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    updater = Requests()
    async with (
        esphome_satellite(SETTINGS, update_entities(updater)) as satellite,
        satellite.connected() as client,
    ):
        client.update_command(UpdateEntity.KEY, aioesphomeapi.UpdateCommand.INSTALL)
        await satellite.satellite.until(lambda: "not updated over a connection" in caplog.text)
    assert updater.requests == []


def test_without_the_setting_there_is_no_entity() -> None:
    assert update_entities(None) == ()
