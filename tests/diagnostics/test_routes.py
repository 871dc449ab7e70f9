"""Recordings, statistics, turns and findings by HTTP."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satellite.config.keys import build
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.routes import doctor_route
from satellite.diagnostics.log.latest_messages import LatestMessages
from satellite.diagnostics.log.routes import log_route
from satellite.diagnostics.recordings.folder import Recording, RecordingFolder
from satellite.diagnostics.recordings.routes import recording_routes
from satellite.diagnostics.stats import database
from satellite.diagnostics.stats.collector import TurnRow
from satellite.diagnostics.stats.routes import stats_routes
from satellite.http.route import Route
from satellite.http.token import Token
from satellite.settings import RecordingSettings
from tests.support.described_api import DescribedApi, served_routes

TOKEN = Token("0123456789abcdef0123")


@asynccontextmanager
async def served(*routes: Route, token: Token | None = TOKEN) -> AsyncGenerator[DescribedApi, None]:
    def make() -> Sequence[Route]:
        return routes

    async with asyncio.timeout(60), served_routes(make, token=token) as api:
        yield api


def recorded(folder: Path) -> RecordingSettings:
    settings = RecordingSettings(folder=str(folder), turns=True)
    recording = Recording(
        id="20261130-010203-turn-1", kind="turn", time=time.time(), seconds=1.0, transcript="hello"
    )
    RecordingFolder(settings).add(recording, b"\x10\x00" * 16_000)
    return settings


async def test_recordings_are_listed_heard_and_deleted(tmp_path: Path) -> None:
    async with served(*recording_routes(recorded(tmp_path))) as api:
        listed = (await api.ask("GET", "/api/recordings")).json
        (recording,) = listed["recordings"]
        assert (recording["transcript"], listed["turns"]) == ("hello", True)
        path = f"/api/recordings/{recording['id']}"
        sound = await api.ask("GET", path)
        assert (sound.kind, len(sound.body)) == ("audio/wav", 44 + 32_000)
        assert (await api.ask("DELETE", path)).json["recordings"] == []
        assert (await api.ask("GET", path)).status == 404
    assert not list(tmp_path.glob("2026*"))


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "20261130"])
async def test_no_other_file_is_sent_or_deleted(tmp_path: Path, name: str) -> None:
    settings = recorded(tmp_path)
    async with served(*recording_routes(settings)) as api:
        for method in ("GET", "DELETE"):
            answer = await api.session.request(method, f"{api.address}/api/recordings/{name}")
            assert answer.status == 404
    assert len(RecordingFolder(settings).recordings()) == 1


async def test_recordings_are_not_for_programs_without_the_token(tmp_path: Path) -> None:
    async with served(*recording_routes(recorded(tmp_path)), token=None) as api:
        for method, path in (
            ("GET", "/api/recordings"),
            ("GET", "/api/recordings/20261130-010203-turn-1"),
            ("DELETE", "/api/recordings/20261130-010203-turn-1"),
        ):
            answer = await api.ask(method, path)
            assert (answer.status, "takes the token" in answer.json["error"]) == (403, True)


async def test_statistics_and_the_latest_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "stats.sqlite"
    monkeypatch.setattr(database, "find_file", lambda name: file)
    store = database.Database(file)
    now = time.time()
    store.write(
        [
            TurnRow(id=str(number), at=now - 100 + number, outcome="answered", asr=0.5, answer=1.0)
            for number in range(5)
        ]
    )
    store.close()
    async with served(*stats_routes("kitchen")) as api:
        stats = (await api.ask("GET", "/api/stats?days=7")).json
        assert (stats["turns"], stats["outcomes"]) == (5, {"answered": 5})
        turns = (await api.ask("GET", "/api/turns?count=2")).json["turns"]
        assert [turn["id"] for turn in turns] == ["4", "3"]
        assert (await api.ask("GET", "/api/turns?count=0")).status == 400


async def test_the_findings_of_the_doctor() -> None:
    def context() -> Any:
        machine = Context(say=lambda text: None, seconds=1.0)
        machine.settings = build({})
        return machine

    async with served(doctor_route(context)) as api:
        found = (await api.ask("GET", "/api/doctor?areas=configuration")).json["findings"]
        assert {finding["area"] for finding in found} == {"configuration"}
        for area in ("audio", "nonsense"):
            answer = await api.ask("GET", f"/api/doctor?areas={area}")
            assert (answer.status, "is none of" in answer.json["error"]) == (400, True)


async def test_the_log_is_for_those_who_have_logged_in() -> None:
    latest = LatestMessages()
    with latest.collected():
        logging.getLogger("satellite.turns").warning("no answer of %s", "http://a:secret@b/")
        logging.getLogger("satellite.turns").error("the voice is gone")
    async with served(log_route(latest)) as api:
        listed = (await api.ask("GET", "/api/log?level=warning&count=2")).json["messages"]
        assert [message["text"] for message in listed] == [
            "the voice is gone",
            "no answer of http://***@b/",
        ]
        assert (listed[0]["level"], listed[0]["about"]) == ("error", "satellite.turns")
        assert len((await api.ask("GET", "/api/log?level=error")).json["messages"]) == 1
        for wrong in ("level=loud", "count=0", "count=301", "other=1"):
            assert (await api.ask("GET", f"/api/log?{wrong}")).status == 400
    async with served(log_route(latest), token=None) as api:
        assert (await api.ask("GET", "/api/log")).status == 403
