"""A Home Assistant is connected with a typed token, which is never shown."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest

from satellite.cli.guided_setup.choose_home import TOKEN as FILE
from satellite.cli.guided_setup.choose_home import home
from satellite.cli.guided_setup.lan import FoundHome
from satellite.cli.guided_setup.wizard import Wizard
from satellite.config.keys import build
from tests.cli.guided_setup.person import Person
from tests.cli.guided_setup.test_script import NoPerson
from tests.diagnostics.doctor.test_home_client import TOKEN, home_assistant
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
        while "Try it now" not in person.read:
            person.until(r"\[[Yy]/[Nn]\] ")
            person.program.sendline("n")
        person.answer("Token for", TOKEN)
        assert person.end() == 0, person.read
        return person

    async with home_assistant() as url:
        person = await asyncio.to_thread(typed, url)
    assert TOKEN not in person.read
    assert "accepts the token" in person.read
    settings = tomllib.loads(person.file.read_text())["home"]
    assert settings == {"url": url, "token_file": str(person.file.with_name(FILE))}
