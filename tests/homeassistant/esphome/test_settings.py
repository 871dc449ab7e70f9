"""Settings that Home Assistant changes: saved in the file and used at once."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aioesphomeapi
import pytest
from aioesphomeapi import APIClient

from satellite.config import load
from satellite.config.edit import SettingsFile
from satellite.engines.reload import Reload
from satellite.homeassistant.esphome import setting_entities as setting_entities_module
from satellite.homeassistant.esphome.entities import Reading
from satellite.homeassistant.esphome.identity import Identity
from satellite.homeassistant.esphome.setting_entities import LiveSettings, setting_entities
from satellite.ports import EngineContext, Wake
from satellite.requirements import Package
from satellite.settings import Settings
from tests.homeassistant.esphome.test_server import SETTINGS
from tests.support import microphone
from tests.support.engines import ScriptedWake
from tests.support.program import Program, satellite
from tests.support.scripted_esphome import EsphomeSatellite, esphome_satellite
from tests.support.scripted_satellite import SOON

FOLLOW_UP, STOP_WORDS, GAIN, SENSITIVITY, NOISE, AUTO_GAIN = 6, 7, 8, 9, 10, 11


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


class Changes:
    """A file of settings, and the satellite that uses it."""

    def __init__(self, path: Path, *flags: str) -> None:
        self.path = path
        self._pairs = list(flags)
        self.adopted: list[Settings] = []
        read = self._configuration().settings
        self.reload = Reload(
            *(read, ScriptedWake(), lambda: self._configuration().settings, self._adopt),
            EngineContext(),
        )
        self.file = SettingsFile(path, self._configuration)
        live = LiveSettings(lambda: self.reload.settings, self.file.change, self.reload.now)
        self.entities = setting_entities(live)

    def _configuration(self, instead: Any = None) -> load.Configuration:
        file = (instead or {}).get(self.path, self.path)
        files = [file] if file.exists() else []
        return load.load(flags={}, pairs=self._pairs, file=None, files=files)

    async def _adopt(self, settings: Settings, engine: Wake | None) -> None:
        self.adopted.append(settings)


class States:
    """The newest states by key, as a client receives them."""

    def __init__(self, client: APIClient) -> None:
        self.newest: dict[int, Any] = {}
        client.subscribe_states(self._take)

    def _take(self, state: Any) -> None:
        self.newest[state.key] = getattr(state, "state", None)


@asynccontextmanager
async def changed(
    changes: Changes, *, key: bool = True
) -> AsyncGenerator[tuple[EsphomeSatellite, APIClient, States], None]:
    async with esphome_satellite(SETTINGS, changes.entities) as esphome:
        text = esphome.identity.make_key() if key else None
        async with esphome.connected(text) as client:
            states = States(client)
            await esphome.satellite.until(lambda: GAIN in states.newest)
            yield esphome, client, states


async def test_settings_are_saved_and_used_at_once(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('# mine\nname = "kitchen"\n[listen]\nsilence = 0.9 # slow\n')
    changes = Changes(file)
    async with changed(changes) as (esphome, client, states):
        entities, _ = await client.list_entities_services()
        selects = {e.name: e.options for e in entities if isinstance(e, aioesphomeapi.SelectInfo)}
        assert selects == {
            "Follow-up": ["Never", "After questions", "After every answer"],
            "Wake word sensitivity": ["Lowest", "Low", "Usual", "High", "Highest"],
            "Noise suppression": ["Off", "6 dB", "12 dB", "18 dB", "21 dB"],
        }
        assert states.newest[FOLLOW_UP] == "After questions"
        assert (states.newest[STOP_WORDS], states.newest[GAIN]) == (True, 1.0)
        until = esphome.satellite.until
        client.select_command(FOLLOW_UP, "After every answer")
        await until(lambda: states.newest[FOLLOW_UP] == "After every answer")
        client.switch_command(STOP_WORDS, False)
        await until(lambda: not states.newest[STOP_WORDS])
        client.number_command(GAIN, 2.4)
        await until(lambda: round(states.newest[GAIN], 3) == 2.4)
        client.select_command(SENSITIVITY, "High")
        await until(lambda: states.newest[SENSITIVITY] == "High")
        client.select_command(NOISE, "12 dB")
        await until(lambda: states.newest[NOISE] == "12 dB")
        client.number_command(AUTO_GAIN, 15.0)
        await until(lambda: states.newest[AUTO_GAIN] == 15.0)
    used = changes.adopted[-1]
    assert (used.listen.follow_up, used.listen.stop_words) == ("always", False)
    assert (used.sound.mic_volume, used.sound.noise_suppression) == (2.4, 2)
    assert used.sound.auto_gain == 15.0
    assert used.listen.sensitivity == "high"
    text = file.read_text()
    assert "# mine" in text
    assert "silence = 0.9 # slow" in text
    again = Changes(file).reload.settings  # after a restart
    assert (again.listen.follow_up, again.listen.stop_words) == ("always", False)
    assert again.sound.mic_volume == 2.4


async def test_each_of_several_wake_words_has_a_sensitivity(tmp_path: Path) -> None:
    changes = Changes(tmp_path / "config.toml", "wake=openwakeword:okay_nabu,hey_jarvis")
    async with changed(changes) as (esphome, client, states):
        entities, _ = await client.list_entities_services()
        keys = {e.name: e.key for e in entities if isinstance(e, aioesphomeapi.SelectInfo)}
        jarvis, nabu = keys["Sensitivity of hey jarvis"], keys["Sensitivity of okay nabu"]
        assert len(set(keys.values())) == len(keys)
        assert (states.newest[jarvis], states.newest[nabu]) == ("As all", "As all")
        client.select_command(jarvis, "Highest")
        await esphome.satellite.until(lambda: states.newest[jarvis] == "Highest")
        client.select_command(nabu, "Low")
        await esphome.satellite.until(lambda: states.newest[nabu] == "Low")
        assert changes.adopted[-1].listen.sensitivities == ("hey_jarvis=highest", "okay_nabu=low")
        client.select_command(jarvis, "Loud")
        client.select_command(jarvis, "As all")
        await esphome.satellite.until(lambda: states.newest[jarvis] == "As all")
    again = Changes(changes.path).reload.settings  # after a restart
    assert again.listen.sensitivities == ("okay_nabu=low",)


async def test_noise_suppression_is_offered_only_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        setting_entities_module, "WEBRTC", Package("no_such_package", extra="sound")
    )
    async with changed(Changes(tmp_path / "config.toml")) as (_, client, states):
        await client.device_info()
        assert SENSITIVITY in states.newest
        assert not {NOISE, AUTO_GAIN} & states.newest.keys()


async def test_what_is_no_value_changes_nothing(tmp_path: Path) -> None:
    changes = Changes(tmp_path / "config.toml")
    async with changed(changes) as (_, client, states):
        before = dict(states.newest)
        client.select_command(FOLLOW_UP, "Sometimes")
        for value in (-1.0, 101.0, float("nan"), float("inf")):
            client.number_command(GAIN, value)
        client.switch_command(STOP_WORDS, True)  # as it is
        await client.device_info()  # what was sent before it has been handled
        assert states.newest == before
    assert not changes.path.exists()
    assert not changes.adopted


async def test_a_client_without_the_key_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changes = Changes(tmp_path / "config.toml")
    async with changed(changes, key=False) as (_, client, states):
        client.switch_command(STOP_WORDS, False)
        await client.device_info()
        assert states.newest[STOP_WORDS] is True
    assert not changes.path.exists()
    assert "without encryption" in caplog.text


async def test_a_setting_of_the_command_line_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changes = Changes(tmp_path / "config.toml", "listen.follow_up=never")
    async with changed(changes) as (_, client, states):
        client.select_command(FOLLOW_UP, "After every answer")
        await client.device_info()
        assert states.newest[FOLLOW_UP] == "Never"
    assert "a flag or the environment sets it" in caplog.text
    assert not changes.path.exists()


async def test_a_file_that_cannot_be_written_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changes = Changes(tmp_path / "config.toml")
    changes.file.path = tmp_path  # a folder
    async with changed(changes) as (_, client, states):
        client.switch_command(STOP_WORDS, False)
        await client.device_info()
        assert states.newest[STOP_WORDS] is True
    assert "cannot change listen.stop_words" in caplog.text


async def test_a_reading_that_always_changes_is_sent_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, values = [100.0], iter(range(-60, 0))
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    reading = Reading(5, "Microphone level", "mdi:microphone", lambda: next(values), every=10.0)
    assert reading.listed().disabled_by_default
    assert [reading.state().state for _ in range(3)] == [-60, -60, -60]
    now[0] += 10.0
    assert reading.state().state == -59


def test_the_program_changes_its_settings_while_it_runs(tmp_path: Path) -> None:
    """All of it: the command's file, its parts, and what the HTTP API shows of them."""
    file = tmp_path / "config.toml"
    file.write_text('name = "kitchen"\n')
    arguments = (
        *("--config", str(file), "--no-zeroconf", "--asr", "pocketsphinx", "--llm", "intents"),
        *("--tts", "espeak", "--speaker", "command:cat", "--set", "homeassistant.listen="),
        *("--set", "http.port=0", "--set", "homeassistant.protocol=esphome"),
        *("--set", "homeassistant.esphome=tcp://127.0.0.1:0"),
        *("--mic", f"command:{sys.executable} {microphone.__file__} {tmp_path}"),
    )
    key = Identity("kitchen").make_key()
    with satellite(tmp_path, *arguments, environment={"STATE_DIRECTORY": str(tmp_path)}) as program:
        program.wait_for("ready", timeout=60)
        asyncio.run(switched_off(port_of(program), key))
        assert "stop_words = false" in file.read_text()
        program.wait_until(lambda: "in use now: listen.stop_words" in program.errors(), "reload")


def port_of(program: Program) -> int:
    line = next(line for line in program.errors().splitlines() if "ESPHome's API at" in line)
    return int(line.rpartition(":")[2])


async def switched_off(port: int, key: str) -> None:
    client = APIClient("127.0.0.1", port, None, noise_psk=key)
    async with asyncio.timeout(SOON):
        await client.connect(login=True)
        entities, _ = await client.list_entities_services()
        assert {"Follow-up", "Stop words", "Microphone gain", "Microphone level"} <= {
            entity.name for entity in entities
        }
        states = States(client)
        while states.newest.get(STOP_WORDS) is not True:
            await asyncio.sleep(0.01)
        assert states.newest[5] < 0  # the level of silence
        client.switch_command(STOP_WORDS, False)
        while states.newest[STOP_WORDS]:
            await asyncio.sleep(0.01)
        await client.disconnect()
