"""The connection never delays anything, comes back by itself, and what was learnt is kept."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from time import monotonic

import pytest

from satellite.errors import HomeDown, HomeFailed, HomeRefused
from satellite.homeassistant.client import connection
from satellite.homeassistant.client.home import Home, opened
from satellite.homeassistant.client.service_calls import HomeCommand
from satellite.settings import HomeSettings
from tests.support.connected_home import (
    FakeHome,
    connected,
    fake_home,
    furnished_home,
    token_file,
    until,
)

LAMP = HomeCommand(operation="turn_on", name="living room lamp")


def levels(caplog: pytest.LogCaptureFixture, text: str) -> list[int]:
    return [record.levelno for record in caplog.records if text in record.getMessage()]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other quickly."""
    monkeypatch.setattr(connection, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(connection, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(connection, "SETTLE", 0.01)


async def test_names_and_rooms_are_learnt(tmp_path: Path) -> None:
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        names, areas = home.contents.names, home.contents.areas
    assert names[:3] == ("Thermostat", "Garage door", "living room lamp")
    # aliases, words for sorts that are there, names without their rooms
    assert {"kitchen lamp", "lights", "reading lamp"} <= set(names)
    assert "Secret" not in names
    assert "fans" not in names
    assert areas == ("Kitchen", "Living Room", "Bedroom", "Garage", "lounge")


async def test_a_new_name_is_followed_live(tmp_path: Path, impatient: None) -> None:
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        fake.add("light.new", "Chandelier", area="kitchen")
        await fake.announce()
        await until(lambda: "Chandelier" in home.contents.names)
        fake.room("Attic")
        await fake.announce("area_registry_updated")
        await until(lambda: "Attic" in home.contents.areas)
        fake.exposed.discard("light.new")
        await fake.announce()
        await until(lambda: "Chandelier" not in home.contents.names)
        assert fake.connections == 1


async def test_a_restart_with_home_assistant_away_still_knows_the_names(
    tmp_path: Path, own_cache: Path
) -> None:
    async with fake_home() as fake:
        async with connected(tmp_path, fake) as home:
            known = home.contents
            await until(lambda: list(own_cache.rglob("*.msgpack")))
        await fake.stop()
        async with connected(tmp_path, fake) as home:
            assert home.contents == known
            with pytest.raises(HomeDown):
                await home.do(LAMP)
    (kept,) = own_cache.rglob("*.msgpack")
    assert kept.stat().st_mode & 0o077 == 0
    assert b"secret" not in kept.read_bytes()


async def test_a_damaged_cache_is_as_none(tmp_path: Path, own_cache: Path) -> None:
    async with fake_home() as fake:
        async with connected(tmp_path, fake):
            await until(lambda: list(own_cache.rglob("*.msgpack")))
        (kept,) = own_cache.rglob("*.msgpack")
        kept.write_bytes(b"\xff\x00 no")
        async with connected(tmp_path, fake) as home:
            assert "living room lamp" in home.contents.names


async def test_a_home_that_is_down_delays_nothing_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, impatient: None
) -> None:
    caplog.set_level(logging.DEBUG)
    fake = furnished_home()
    await fake.start()
    await fake.stop()
    began = monotonic()
    async with connected(tmp_path, fake) as home:
        assert monotonic() - began < connection.WAIT / 2
        await until(lambda: len(levels(caplog, "is not connected")) > 3)
        await fake.start()
        await until(lambda: "living room lamp" in home.contents.names)
        assert await home.do(LAMP) == "Done."
        await fake.stop()
        await until(lambda: levels(caplog, "ended"))
    warnings = [one for one in levels(caplog, "is not connected") if one > logging.DEBUG]
    assert warnings == [logging.WARNING] * 2  # at the start, and when it was lost
    assert levels(caplog, "connected to Home Assistant") == [logging.INFO]


async def test_a_request_does_not_wait_for_the_pause_to_end(tmp_path: Path) -> None:
    """Home Assistant is back, and would only be asked again after a second or more."""
    fake = furnished_home()
    await fake.start()
    await fake.stop()
    async with connected(tmp_path, fake) as home:
        with pytest.raises(HomeDown, match="check that it runs"):
            await home.do(LAMP)
        await fake.start()
        try:
            began = monotonic()
            await home.do(LAMP)
            assert monotonic() - began < connection.FIRST_PAUSE
        finally:
            await fake.stop()


async def test_a_lost_connection_fails_the_request_at_once(tmp_path: Path) -> None:
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        await home.do(LAMP)
        fake.hold.clear()
        asking = asyncio.ensure_future(home.do(LAMP))
        await until(lambda: fake.held)
        await fake.stop()
        with pytest.raises(HomeDown, match="ended"):
            await asking
        fake.hold.set()


async def test_a_wrong_token_is_logged_and_a_new_one_is_used_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, impatient: None
) -> None:
    async with fake_home() as fake:
        file = token_file(tmp_path, "not-the-right-one")
        async with opened(HomeSettings(url=fake.url, token_file=file)) as home:
            assert isinstance(home, Home)
            with pytest.raises(HomeRefused, match="does not accept the token of the file"):
                await home.do(LAMP)
            token_file(tmp_path)
            await until(lambda: home.contents.entities)
            assert await home.do(LAMP) == "Done."
    assert "not-the-right-one" not in caplog.text
    assert fake.token not in caplog.text


async def test_only_administrators_may_ask_what_is_exposed(tmp_path: Path) -> None:
    fake = furnished_home()
    fake.refused = {"homeassistant/expose_entity/list"}
    fake.refusal = {"code": "unauthorized", "message": "Unauthorized"}
    async with fake_home(fake), connected(tmp_path, fake) as home:
        with pytest.raises(HomeRefused, match="administrators"):
            await home.do(LAMP)


async def test_a_home_that_exposes_nothing_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with fake_home(FakeHome()) as fake, connected(tmp_path, fake) as home:
        assert home.contents.names == ()
        assert (await home.do(LAMP)).startswith("I know no such thing here")
    assert "exposes no entities" in caplog.text


async def test_a_silent_home_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from satellite.homeassistant.client import socket

    async with fake_home() as fake, connected(tmp_path, fake) as home:
        monkeypatch.setattr(socket, "ANSWER", 0.05)
        fake.hold.clear()
        with pytest.raises(HomeFailed, match="did not answer"):
            await home.do(LAMP)
        fake.hold.set()
