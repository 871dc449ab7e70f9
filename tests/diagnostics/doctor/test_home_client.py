"""The Home Assistant that the satellite calls: its token, its address, its clock."""

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
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.home_client import compare_clocks
from satellite.homeassistant.client.access_token import VARIABLE
from satellite.lib.finding import Finding
from satellite.settings import HomeSettings, Settings
from tests.diagnostics.doctor.findings import findings, only

TOKEN = "the-right-token"


@asynccontextmanager
async def home_assistant(*, ahead: float = 0, status: int = 0) -> AsyncGenerator[str, None]:
    """Answer /api/ as Home Assistant does, with a clock `ahead`, or always with `status`."""

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
        server: Any = site._server  # noqa: SLF001  # aiohttp has no public name for the port
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """Write the right token into a file that only its owner can read."""
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return file


async def call(url: str, file: Path | str = "") -> list[Finding]:
    settings = Settings(home=HomeSettings(url=url, token_file=str(file)))
    return await findings(home_client.home, Context(settings=settings))


async def test_the_right_token_is_accepted(token: Path) -> None:
    async with home_assistant() as url:
        found = await call(url, token)
    assert [finding.state for finding in found] == ["ok", "ok"]
    assert "accepts the token" in found[0].found


async def test_the_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    async with home_assistant() as url:
        assert (await call(url))[0].state == "ok"


async def test_a_wrong_token_is_reported(token: Path) -> None:
    token.write_text("another")
    async with home_assistant() as url:
        problem = only("broken", await call(url, token))
    assert str(token) in problem.found
    assert "long-lived access token" in problem.remedy
    assert "another" not in str(problem)


async def test_an_address_without_an_answer_is_reported(token: Path) -> None:
    async with home_assistant() as url:
        pass
    problem = only("broken", await call(url, token))
    assert url in problem.found
    assert "home.url" in problem.remedy


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (403, "broken", "ip_bans.yaml"),
        (302, "broken", "home.url"),
        (503, "warning", "wait a minute"),
        (404, "broken", "home.url"),
    ],
)
async def test_other_answers(token: Path, status: int, state: str, words: str) -> None:
    async with home_assistant(status=status) as url:
        problem = only(state, await call(url, token))
    assert url in problem.found
    assert words in problem.found + problem.remedy


async def test_a_token_that_other_users_can_read_is_reported(token: Path) -> None:
    token.chmod(0o644)
    async with home_assistant() as url:
        assert only("warning", await call(url, token)).remedy == f"chmod 600 {token}"


async def test_a_missing_token_and_a_file_without_one_are_reported(token: Path) -> None:
    token.write_text("two words")
    async with home_assistant() as url:
        assert VARIABLE in only("broken", await call(url)).found
        missing = only("broken", await call(url, "/nowhere/token"))
        assert "/nowhere/token" in missing.found
        assert "No such file" in missing.found
        assert str(token) in only("broken", await call(url, token)).found


async def test_clocks_that_disagree_are_reported(token: Path) -> None:
    async with home_assistant(ahead=100) as url:
        problem = only("warning", await call(url, token))
    assert "behind Home Assistant's" in problem.found


def test_an_invalid_date_is_ignored() -> None:
    assert compare_clocks("yesterday") is None


async def test_without_an_address_there_is_a_note() -> None:
    (found,) = await findings(home_client.home, Context())
    assert found.state == "note"
