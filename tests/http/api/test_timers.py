"""Timers and alarms by HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from satellite.http.lazy_routes import make_timer_routes
from satellite.http.route import Route
from satellite.net.memory_budget import MemoryBudget
from satellite.timers import MOST
from tests.support.described_api import DescribedApi, served_routes
from tests.support.scripted_satellite import QUIET, ScriptedSatellite


@asynccontextmanager
async def timers_api() -> AsyncGenerator[tuple[DescribedApi, ScriptedSatellite], None]:
    satellite = ScriptedSatellite(QUIET)

    def make() -> Sequence[Route]:
        return make_timer_routes(satellite.timers, "en", MemoryBudget())

    async with asyncio.timeout(20), satellite.open(), served_routes(make) as api:
        yield api, satellite


async def test_a_timer_is_set_paused_changed_and_cancelled() -> None:
    async with timers_api() as (api, satellite):
        body = {"seconds": 300, "name": "egg", "text": "The egg is done."}
        started = await api.ask("POST", "/api/timers", json=body)
        assert (started.status, started.json["name"]) == (201, "egg")
        path = f"/api/timers/{started.json['id']}"
        changed = await api.ask("PATCH", path, json={"paused": True, "add": 60})
        (timer,) = changed.json["timers"]
        assert (timer["paused"], round(timer["remaining"])) == (True, 360)
        assert (await api.ask("GET", "/api/timers")).json["timers"] == [timer]
        assert (await api.ask("DELETE", path)).json["timers"] == []
        for method in ("PATCH", "DELETE"):
            gone = await api.ask(method, path, json={"add": 1})
            assert (gone.status, "no timer has that id" in gone.json["error"]) == (404, True)
        assert not satellite.timers.states()


async def test_an_alarm_is_set_and_cancelled() -> None:
    async with timers_api() as (api, _):
        body = {"hour": 7, "minute": 30, "days": [0, 1], "name": "work"}
        alarm = await api.ask("POST", "/api/alarms", json=body)
        assert (alarm.status, alarm.json["days"]) == (201, [0, 1])
        assert "T07:30" in alarm.json["at"]
        path = f"/api/alarms/{alarm.json['id']}"
        assert (await api.ask("DELETE", path)).json["alarms"] == []
        assert (await api.ask("DELETE", path)).status == 404
        far = await api.ask("POST", "/api/alarms", json={"hour": 7, "date": "2199-01-01"})
        assert (far.status, "within a year" in far.json["error"]) == (409, True)


async def test_what_rings_is_snoozed() -> None:
    async with timers_api() as (api, satellite):
        assert (await api.ask("POST", "/api/snooze")).status == 409
        await api.ask("POST", "/api/timers", json={"seconds": 0.01, "name": "egg"})
        await satellite.until(lambda: satellite.timers.ringing)
        assert (await api.ask("GET", "/api/timers")).json["ringing"]
        again = await api.ask("POST", "/api/snooze", json={"seconds": 60})
        assert [timer["name"] for timer in again.json["timers"]] == ["egg"]
        assert not again.json["ringing"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/api/timers", {}, "seconds"),
        ("/api/timers", {"seconds": -1}, "seconds"),
        ("/api/timers", {"seconds": 1e12}, "seconds"),
        ("/api/timers", {"seconds": 5, "nam": "egg"}, "nam"),
        ("/api/alarms", {"hour": 24}, "hour"),
    ],
)
async def test_a_wrong_timer_is_explained(path: str, body: dict[str, Any], says: str) -> None:
    async with timers_api() as (api, _):
        answer = await api.ask("POST", path, json=body)
        assert (answer.status, says in answer.json["error"]) == (400, True)


async def test_timers_beyond_the_most_are_refused() -> None:
    async with timers_api() as (api, satellite):
        for _ in range(MOST):
            satellite.timers.start(600)
        answer = await api.ask("POST", "/api/timers", json={"seconds": 600})
        assert (answer.status, "cancel one first" in answer.json["error"]) == (409, True)
