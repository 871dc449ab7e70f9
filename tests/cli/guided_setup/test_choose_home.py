"""A Home Assistant is connected with a typed token, which is never shown."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from satellite.cli.guided_setup.choose_home import TOKEN as FILE
from satellite.cli.guided_setup.choose_home import home
from satellite.cli.guided_setup.lan import FoundHome
from satellite.cli.guided_setup.wizard import Wizard
from satellite.config.keys import build
from satellite.homeassistant.client.access_token import VARIABLE
from tests.cli.guided_setup.person import Person
from tests.cli.guided_setup.test_script import NoPerson
from tests.diagnostics.doctor.test_home_client import TOKEN, home_assistant
from tests.support.fake_home_assistant import FakeHome
from tests.support.speech import silence, write_wav


class Owner(NoPerson):
    """A person with a token."""

    present = True

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    async def secret(self, question: str) -> str:
        return self._token


@pytest.mark.parametrize("token", [TOKEN, "a-wrong-one"])
async def test_a_token_is_saved_for_its_owner_and_tried(tmp_path: Path, token: str) -> None:
    async with home_assistant() as url:
        ask = Owner(token)
        session = Wizard(ask, build({}), file=tmp_path / "satellite.toml")
        await home(session, [FoundHome("House", url, "2026.11")])
    file = tmp_path / FILE
    assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{token}\n", 0o600)
    assert session.chosen == {"home.url": url, "home.token_file": str(file)}
    text = "\n".join(ask.lines)
    assert ("answers and accepts the token" in text) == (token == TOKEN)
    assert token not in text


class Answering(NoPerson):
    """A person with texts and tokens to type, in this order, who says yes."""

    present = True

    def __init__(self, *typed: str) -> None:
        super().__init__()
        self._typed = list(typed)

    async def text(self, question: str, default: str) -> str:
        return self._typed.pop(0)

    async def secret(self, question: str) -> str:
        return self._typed.pop(0)

    async def yes(self, question: str, default: bool) -> bool:
        return True


@pytest.fixture
async def house() -> AsyncGenerator[FakeHome, None]:
    fake = FakeHome()
    await fake.start()
    try:
        yield fake
    finally:
        await fake.stop()


async def test_an_address_and_a_token_are_typed_until_they_work(
    tmp_path: Path, house: FakeHome
) -> None:
    ask = Answering("homeassistant", house.url, "a-wrong-one", house.token)
    session = Wizard(ask, build({"name": "den"}), file=tmp_path / "satellite.toml")
    assert await home(session, ()) == "missing"
    text = "\n".join(ask.lines)
    assert "No Home Assistant was found on this network." in text
    assert '"homeassistant" is no address such as http://homeassistant.local:8123' in text
    assert "does not accept the token" in text
    assert "answers and accepts the token" in text
    assert (tmp_path / FILE).read_text() == f"{house.token}\n"


FLOW = {"handler": "wyoming", "context": {"title_placeholders": {"name": "den"}}}


@pytest.mark.parametrize(
    ("entry", "flows", "state", "shown"),
    [
        ("loaded", [], "connected", 'Home Assistant has this satellite: "den"'),
        ("setup_retry", [], "added", "connects to it when it runs"),
        (None, [FLOW], "offered", 'offers the satellite "den"'),
        (None, [{"handler": "wyoming", "context": {}}], "missing", 'no satellite "den" yet'),
    ],
)
async def test_whether_it_has_the_satellite_is_shown(
    tmp_path: Path,
    house: FakeHome,
    monkeypatch: pytest.MonkeyPatch,
    entry: str | None,
    flows: list[dict[str, Any]],
    state: str,
    shown: str,
) -> None:
    monkeypatch.setenv(VARIABLE, house.token)
    house.integrations = [{"domain": "wyoming", "title": "attic", "state": "loaded"}]
    if entry is not None:
        house.integrations.append({"domain": "wyoming", "title": "den", "state": entry})
    house.flows = flows
    ask = NoPerson()
    session = Wizard(ask, build({"name": "den", "home.url": house.url}), file=tmp_path / "s.toml")
    assert await home(session, None) == state
    assert shown in ask.lines[-1]


async def test_a_token_of_no_administrator_is_reported(
    tmp_path: Path, house: FakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, house.token)
    house.refused = {"config_entries/flow/progress"}
    house.refusal = {"code": "unauthorized", "message": "Unauthorized"}
    ask = NoPerson()
    session = Wizard(ask, build({"home.url": house.url}), file=tmp_path / "s.toml")
    assert await home(session, ()) is None
    assert "answers and accepts the token" in ask.lines[-2]
    assert "only for administrators" in ask.lines[-1]


async def test_without_a_token_nothing_is_set(tmp_path: Path) -> None:
    session = Wizard(Owner(""), build({}), file=tmp_path / "satellite.toml")
    await home(session, [FoundHome("House", "http://h:8123", "")])
    await home(session, [])
    assert (session.chosen, list(tmp_path.iterdir())) == ({}, [])


async def test_a_typed_token_is_not_shown(tmp_path: Path) -> None:
    room = write_wav(tmp_path / "in.wav", silence(1.0))
    devices = ("--mic", f"wav:{room}", "--speaker", f"wav:{tmp_path / 'out.wav'}")

    def typed(url: str) -> Person:
        named = ("--name", "den", "--area", "Den", "--wake", "openwakeword:okay_nabu")
        person = Person(tmp_path, *devices, *named, "--no-zeroconf", "--home", url)
        person.answer("Which language")
        while "Try it now" not in person.read:
            person.until(r"\[[Yy]/[Nn]\] ")
            person.program.sendline("n")
        person.answer("Token for", TOKEN)
        person.answer("Try it all together", "n")
        assert person.end() == 0, person.read
        return person

    async with home_assistant() as url:
        person = await asyncio.to_thread(typed, url)
    assert TOKEN not in person.read
    assert "accepts the token" in person.read
    settings = tomllib.loads(person.file.read_text())["home"]
    assert settings == {"url": url, "token_file": str(person.file.with_name(FILE))}
