"""ESPHome's API with the client that Home Assistant uses: plain, encrypted, and provisioned."""

from __future__ import annotations

import asyncio
import base64
import secrets
from pathlib import Path

import aioesphomeapi
import msgspec
import pytest
from aioesphomeapi import ZERO_NOISE_PSK, APIClient, ReconnectLogic

from satellite.homeassistant.esphome import device as devices
from satellite.settings import Settings
from tests.support.scripted_esphome import EsphomeSatellite, esphome_satellite
from tests.support.scripted_satellite import HOME, QUIET, SOON

SETTINGS: Settings = msgspec.structs.replace(
    QUIET,
    homeassistant=msgspec.structs.replace(HOME, protocol="esphome", esphome="tcp://127.0.0.1:0"),
)


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


def make_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


async def described(client: APIClient) -> aioesphomeapi.DeviceInfo:
    async with asyncio.timeout(SOON):
        return await client.device_info()


async def test_a_plain_client_sees_the_device_and_its_entities() -> None:
    async with esphome_satellite(SETTINGS) as satellite, satellite.connected() as client:
        info = await described(client)
        assert info.friendly_name == "kitchen"
        assert info.name == f"kitchen-{satellite.identity.mac[-6:]}"
        assert info.mac_address.replace(":", "").lower() == satellite.identity.mac
        assert info.suggested_area == "Kitchen"
        assert info.project_name.count(".") == 1
        assert (info.api_encryption_supported, info.api_encryption_provisionable) == (True, True)
        assert info.voice_assistant_feature_flags_compat(client.api_version) == 61
        entities, services = await client.list_entities_services()
        assert {entity.name for entity in entities} == {"Media player", "Mute"}
        assert services == []


async def test_the_address_is_made_once() -> None:
    async with esphome_satellite(SETTINGS) as satellite:
        mac = satellite.identity.mac
    async with esphome_satellite(SETTINGS) as satellite, satellite.connected() as client:
        assert (await described(client)).mac_address.replace(":", "").lower() == mac
        assert int(mac[:2], 16) & 3 == 2  # of no manufacturer, and of one device


async def test_a_client_with_the_key() -> None:
    async with esphome_satellite(SETTINGS) as satellite:
        key = satellite.identity.make_key()
        async with satellite.connected(key) as client:
            info = await described(client)
            assert not info.api_encryption_provisionable
            assert info.friendly_name == "kitchen"


async def fails(satellite: EsphomeSatellite, key: str | None, error: type[Exception]) -> None:
    client = satellite.client(key)
    with pytest.raises(error):
        async with asyncio.timeout(SOON):
            await client.connect(login=True)
    await client.disconnect(force=True)


async def test_refusals_are_those_by_which_home_assistant_knows_the_cause() -> None:
    async with esphome_satellite(SETTINGS) as satellite:
        await fails(satellite, make_key(), aioesphomeapi.EncryptionPlaintextAPIError)
        satellite.identity.make_key()
        await fails(satellite, make_key(), aioesphomeapi.InvalidEncryptionKeyAPIError)
        await fails(satellite, ZERO_NOISE_PSK, aioesphomeapi.InvalidEncryptionKeyAPIError)
        await fails(satellite, None, aioesphomeapi.RequiresEncryptionAPIError)


async def test_home_assistant_makes_the_key_and_forgets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(devices, "SETTLE", 0.1)
    async with esphome_satellite(SETTINGS) as satellite:
        key = make_key()
        lost = asyncio.get_running_loop().create_future()

        async def note(expected: bool) -> None:
            lost.set_result(expected)

        async with satellite.connected(on_stop=note):
            async with satellite.connected(ZERO_NOISE_PSK) as provisioning:
                assert await provisioning.noise_encryption_set_key(key.encode())
            assert satellite.identity.key_text == key
            await satellite.satellite.until(lambda: lost.done())
        await fails(satellite, None, aioesphomeapi.RequiresEncryptionAPIError)
        async with satellite.connected(key) as client:
            assert not (await described(client)).api_encryption_provisionable
            assert await client.noise_encryption_set_key(b"")
        assert satellite.identity.key == b""
        async with satellite.connected() as client:
            assert (await described(client)).api_encryption_provisionable


async def test_a_key_is_taken_on_no_plain_connection_and_no_bad_one_is() -> None:
    async with esphome_satellite(SETTINGS) as satellite:
        async with satellite.connected() as plain:
            assert not await plain.noise_encryption_set_key(make_key().encode())
        async with satellite.connected(ZERO_NOISE_PSK) as client:
            for key in (b"", b"short", ZERO_NOISE_PSK.encode(), b"\xff" * 44):
                assert not await client.noise_encryption_set_key(key)
        assert satellite.identity.key == b""


async def test_the_mute_switch_works_there_and_here() -> None:
    async with esphome_satellite(SETTINGS) as satellite, satellite.connected() as client:
        states: list[bool] = []
        client.subscribe_states(
            lambda state: (
                states.append(state.state) if isinstance(state, aioesphomeapi.SwitchState) else None
            )
        )
        mute, until = satellite.satellite.speech.mute, satellite.satellite.until
        await until(lambda: states == [False])
        client.switch_command(2, True)
        await until(lambda: mute.muted and states[-1])
        client.switch_command(2, False)
        await until(lambda: not mute.muted and not states[-1])
        mute.set(True)
        await until(lambda: states[-1])
        client.switch_command(2, False)  # a client without the key does not open the microphone
        await asyncio.sleep(0.05)
        assert mute.muted
    async with esphome_satellite(SETTINGS) as satellite:
        key, mute = satellite.identity.make_key(), satellite.satellite.speech.mute
        async with satellite.connected(key) as client:
            mute.set(True)
            client.switch_command(2, False)
            await satellite.satellite.until(lambda: not mute.muted)


async def test_every_client_sees_the_change_of_another() -> None:
    async with (
        esphome_satellite(SETTINGS) as satellite,
        satellite.connected() as first,
        satellite.connected() as second,
    ):
        seen: dict[str, list[bool]] = {"first": [], "second": []}
        for name, client in (("first", first), ("second", second)):

            def note(state: object, name: str = name) -> None:
                if isinstance(state, aioesphomeapi.SwitchState):
                    seen[name].append(state.state)

            client.subscribe_states(note)
        until = satellite.satellite.until
        await until(lambda: seen == {"first": [False], "second": [False]})
        first.switch_command(2, True)
        await until(lambda: seen == {"first": [False, True], "second": [False, True]})


async def test_volume_is_set_and_sent() -> None:
    async with esphome_satellite(SETTINGS) as satellite, satellite.connected() as client:
        states: list[float] = []
        client.subscribe_states(
            lambda state: (
                states.append(round(state.volume, 2))
                if isinstance(state, aioesphomeapi.MediaPlayerEntityState)
                else None
            )
        )
        await satellite.satellite.until(lambda: states == [1.0])
        client.media_player_command(1, volume=0.4)
        await satellite.satellite.until(lambda: states[-1] == 0.4)
        up = aioesphomeapi.MediaPlayerCommand.VOLUME_UP
        client.media_player_command(1, command=up)
        await satellite.satellite.until(lambda: states[-1] == 0.5)


async def test_a_client_of_the_usual_kind_comes_back_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reconnect logic of the client library, as Home Assistant uses it."""
    monkeypatch.setattr(devices, "SETTLE", 0.1)
    async with esphome_satellite(SETTINGS) as satellite:
        client, came = satellite.client(), asyncio.Queue[str]()

        async def connected() -> None:
            await came.put("connected")

        async def disconnected(expected: bool) -> None:
            await came.put("disconnected")

        logic = ReconnectLogic(
            client=client, on_connect=connected, on_disconnect=disconnected, name="kitchen"
        )
        await logic.start()
        try:
            async with asyncio.timeout(SOON):
                assert await came.get() == "connected"
                satellite.device.key_changed(None)  # closes every connection
                assert await came.get() == "disconnected"
                assert await came.get() == "connected"
        finally:
            await logic.stop()
            await client.disconnect(force=True)
