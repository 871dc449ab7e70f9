"""Settings by HTTP: listed, checked, saved into the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satellite.config import load as config
from satellite.config.edit import SettingsFile
from satellite.http.api.settings import setting_routes
from satellite.http.route import Route
from satellite.http.token import Token
from satellite.net.memory_budget import MemoryBudget
from tests.support.described_api import DescribedApi, served_routes

TOKEN = Token("0123456789abcdef0123")

TEXT = """\
# our kitchen
name = "kitchen"  # as it is called

[listen]
# slow speakers
silence = 0.9
"""


SECRET = 'asr = "openai:http://me:hunter2@10.0.0.5/v1"\n'


class Reloads:
    """Counts the reloads, after which the area takes a restart."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> tuple[str, ...]:
        self.count += 1
        return ("area", "speaker")


@asynccontextmanager
async def settings_api(
    folder: Path, text: str | None = TEXT, token: Token | None = TOKEN
) -> AsyncGenerator[tuple[DescribedApi, Path, Reloads], None]:
    path = folder / "satellite.toml"
    if text is not None:
        path.write_text(text)
    reload = Reloads()

    def load(instead: Mapping[Path, Path]) -> config.Configuration:
        environment = {"SATELLITE_VOLUME": "0.5"}
        return config.load(files=[instead.get(path, path)], environment=environment)

    def make() -> Sequence[Route]:
        return setting_routes(SettingsFile(path, load), MemoryBudget(), reload)

    async with asyncio.timeout(20), served_routes(make, token=token) as api:
        yield api, path, reload


async def test_every_setting_is_listed_with_its_explanation(tmp_path: Path) -> None:
    async with settings_api(tmp_path) as (api, path, _):
        listed = (await api.ask("GET", "/api/settings")).json
        assert listed["file"] == str(path)
        rows = {row["key"]: row for row in listed["settings"]}
        silence = rows["listen.silence"]
        assert (silence["value"], silence["unit"]) == (0.9, "s")
        assert silence["origin"] == f"file {path}"
        assert silence["explanation"]
        assert (rows["volume"]["value"], rows["volume"]["fixed"]) == (0.5, True)


async def test_values_are_saved_and_comments_stay(tmp_path: Path) -> None:
    async with settings_api(tmp_path) as (api, path, reload):
        values = {"values": {"listen.silence": 1.1, "area": "Kitchen", "name": "kitchen"}}
        saved = (await api.ask("PATCH", "/api/settings", json=values)).json
        assert (saved["changed"], saved["restart"]) == (["listen.silence", "area"], ["area"])
        assert Path(saved["copy"]).read_text() == TEXT
        text = path.read_text()
        for line in ("# our kitchen", "# as it is called", "# slow speakers", "silence = 1.1"):
            assert line in text
        assert config.load(files=[path], environment={}).settings.area == "Kitchen"
        again = (await api.ask("PATCH", "/api/settings", json=values)).json
        assert (again["changed"], again["copy"], reload.count) == ([], None, 1)


async def test_a_new_file_is_written(tmp_path: Path) -> None:
    async with settings_api(tmp_path, None) as (api, path, _):
        await api.ask("PATCH", "/api/settings", json={"values": {"area": "Kitchen"}})
        assert config.load(files=[path], environment={}).settings.area == "Kitchen"
        assert "satellite config" in path.read_text()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"listen.silence": "long"}, "listen.silence"),
        ({"listen.silnce": 1.0}, "did you mean listen.silence"),
        ({"listen.silence": None}, "name a value"),
        ({"listen": {"silence": 1.0}}, "listen is unknown"),
        ({"asr": "no-such-engine://x"}, "asr"),
        ({f"mcp.a{number}.url": "http://x" for number in range(300)}, "at most 200"),
    ],
)
async def test_wrong_values_are_reported_and_not_saved(
    tmp_path: Path, values: dict[str, Any], says: str
) -> None:
    async with settings_api(tmp_path) as (api, path, reload):
        checked = (await api.ask("POST", "/api/settings/check", json={"values": values})).json
        assert any(says in problem for problem in checked["problems"]), checked
        refused = await api.ask("PATCH", "/api/settings", json={"values": values})
        assert (refused.status, says in refused.json["error"]) == (400, True)
        assert (path.read_text(), reload.count) == (TEXT, 0)
        assert [file.name for file in tmp_path.iterdir()] == ["satellite.toml"]


async def test_right_values_have_no_problems_and_are_not_saved(tmp_path: Path) -> None:
    async with settings_api(tmp_path) as (api, path, _):
        body = {"values": {"listen.silence": 1.5}}
        assert (await api.ask("POST", "/api/settings/check", json=body)).json == {"problems": []}
        assert path.read_text() == TEXT


@pytest.mark.parametrize(
    "values",
    [
        {"hooks": ["leds"]},
        {"speaker": "command:/bin/sh"},
        {"llm": "intents, command:/bin/sh"},
        {"mcp.tools.command": "/bin/sh"},
        {"mic": "command?command=/bin/sh"},
        {"assistants.butler.llm": "intents,command:/bin/sh"},
        {"mcp.tools.env": ["LD_PRELOAD"]},
        {"hooks": ["command:/bin/sh"]},
    ],
)
async def test_no_program_is_named_by_http(tmp_path: Path, values: dict[str, Any]) -> None:
    async with settings_api(tmp_path) as (api, path, _):
        answer = await api.ask("PATCH", "/api/settings", json={"values": values})
        assert (answer.status, "names a program to run" in answer.json["error"]) == (400, True)
        assert path.read_text() == TEXT


@pytest.mark.parametrize("key", ["allow", "http.host", "http.token_file", "pairing.required"])
async def test_no_client_is_let_in_by_http(tmp_path: Path, key: str) -> None:
    """A browser that is logged out again would have left itself another way in."""
    async with settings_api(tmp_path) as (api, path, _):
        answer = await api.ask("PATCH", "/api/settings", json={"values": {key: "any"}})
        assert (answer.status, "which clients are let in" in answer.json["error"]) == (400, True)
        assert path.read_text() == TEXT


async def test_a_program_without_the_token_reads_only_and_no_secrets(tmp_path: Path) -> None:
    async with settings_api(tmp_path, SECRET, token=None) as (api, path, _):
        listed = await api.ask("GET", "/api/settings")
        assert (listed.status, b"hunter2" in listed.body) == (200, False)
        answer = await api.ask("PATCH", "/api/settings", json={"values": {"area": "Attic"}})
        assert (answer.status, "takes the token" in answer.json["error"]) == (403, True)
        assert path.read_text() == SECRET
    async with settings_api(tmp_path, SECRET) as (api, _, _):
        assert b"hunter2" in (await api.ask("GET", "/api/settings")).body
