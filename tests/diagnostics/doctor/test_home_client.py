"""The Home Assistant that is asked: a wrong token, an address where none is, another clock."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest
from aiohttp import web

from satellite.diagnostics.doctor import home_client
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding
from satellite.diagnostics.doctor.home_client import clocks
from satellite.homeassistant.client.access_token import VARIABLE
from satellite.settings import HomeSettings, Settings
from tests.diagnostics.doctor.examined import findings, of, only

TOKEN = "the-right-token"


@asynccontextmanager
async def home_assistant(*, ahead: float = 0, status: int = 0) -> AsyncGenerator[str, None]:
    """What answers /api/ as Home Assistant does; `ahead` is its clock, `status` its only answer."""

    async def api(request: web.Request) -> web.Response:
        headers = {"Date": formatdate(time() + ahead, usegmt=True)}
        if status:
            return web.Response(status=status, headers=headers)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401, text="401: Unauthorized", headers=headers)
        return web.json_response({"message": "API running."}, headers=headers)

    app = web.Application()
    app.router.add_get("/api/", api)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        server: Any = site._server  # noqa: SLF001  # aiohttp does not tell the port otherwise
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """A file with the right token that only its owner can read."""
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return file


async def asked(url: str, file: Path | str = "") -> list[Finding]:
    settings = Settings(home=HomeSettings(url=url, token_file=str(file)))
    return await findings(home_client.home, ExaminationInput(settings))


async def test_the_right_token_is_accepted(token: Path) -> None:
    async with home_assistant() as url:
        found = await asked(url, token)
    assert [finding.state for finding in found] == ["ok", "ok"]
    assert "accepts the token" in found[0].found


async def test_the_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    async with home_assistant() as url:
        assert (await asked(url))[0].state == "ok"


async def test_a_wrong_token_is_told(token: Path) -> None:
    token.write_text("another")
    async with home_assistant() as url:
        problem = only("broken", await asked(url, token))
    assert f"does not accept the token of {token}" in problem.found
    assert "long-lived access token" in problem.remedy
    assert "another" not in str(problem)


async def test_an_address_where_nothing_is_is_told(token: Path) -> None:
    async with home_assistant() as url:
        pass
    problem = only("broken", await asked(url, token))
    assert f"{url} is not reached" in problem.found
    assert "home.url" in problem.remedy


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (403, "broken", "banned"),
        (302, "broken", "sends on"),
        (503, "warning", "not ready"),
        (404, "broken", "is no Home Assistant"),
    ],
)
async def test_other_answers(token: Path, status: int, state: str, words: str) -> None:
    async with home_assistant(status=status) as url:
        assert words in only(state, await asked(url, token)).found


async def test_a_token_that_others_can_read_is_told(token: Path) -> None:
    token.chmod(0o644)
    async with home_assistant() as url:
        assert only("warning", await asked(url, token)).remedy == f"chmod 600 {token}"


async def test_no_token_and_a_file_without_one_are_told(token: Path) -> None:
    token.write_text("two words")
    async with home_assistant() as url:
        assert "there is none" in only("broken", await asked(url)).found
        missing = of("broken", await asked(url, "/nowhere/token"))[0]
        assert "/nowhere/token cannot be read: No such file" in missing.found
        assert "does not hold a token alone" in of("broken", await asked(url, token))[0].found


async def test_a_clock_that_is_apart_is_told(token: Path) -> None:
    async with home_assistant(ahead=100) as url:
        problem = only("warning", await asked(url, token))
    assert "behind Home Assistant's" in problem.found


def test_a_date_that_is_none_tells_nothing() -> None:
    assert clocks("yesterday") is None


async def test_without_an_address_there_is_a_note() -> None:
    (found,) = await findings(home_client.home, ExaminationInput(Settings()))
    assert found.state == "note"
