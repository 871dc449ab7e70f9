"""Servers of MCP in processes, good ones and bad ones."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from pathlib import Path

import pytest

from satellite.errors import AnswerBroken, EngineDown, EngineError, EngineFailed, EngineTimeout
from satellite.net.mcp.servers import connected
from tests.net.mcp.connecting import call, script, servers, tool, until


def alive(pid: int) -> bool:
    """Return whether a process runs; a zombie is one that was not waited for."""
    return Path(f"/proc/{pid}").exists()


async def test_tools_are_offered_with_their_servers_name_and_called() -> None:
    async with servers(script("server")) as found:
        offered = await found.offered()
        assert [(t.name, t.origin, t.effect) for t in offered] == [
            ("s_echo", "s: echo", False),
            ("s_un_lock", "s: un.lock", True),  # not marked as only reading
        ]
        assert offered[0].parameters["required"] == ["text"]
        assert await call(found, "s_echo", text="hello", times=2) == "hello hello"
        assert await call(found, "s_un_lock") == "done"


async def test_only_allowed_tools_are_offered() -> None:
    async with servers(script("server", allowed=("ec*",))) as found:
        assert [t.name for t in await found.offered()] == ["s_echo"]
        assert found.servers[0].found == ("echo", "un.lock")


async def test_a_server_is_not_started_before_a_brain_wants_it() -> None:
    async with connected([script("server")]) as found:
        assert found is not None
        await asyncio.sleep(0.2)
        assert not found.servers[0].tried.is_set()


async def test_two_servers_do_not_collide() -> None:
    targets = (script("server"), script("server", name="S"), script("server", name="s-"))
    async with servers(*targets) as found:
        names = [t.name for t in await found.offered()]
        assert len(set(names)) == 6
        assert names[0] == "s_echo"
        assert [n for n in names if n.lower() == "s_echo"] == ["s_echo"]
        assert all(len(n) <= 64 for n in names)


async def test_a_call_without_an_answer_ends_and_is_cancelled_at_the_server() -> None:
    async with servers(script("hanging", timeout=0.5)) as found:
        with pytest.raises(EngineTimeout, match=r"did not answer within 0\.5 s"):
            await call(found, "s_echo", text="x")
        seen = json.loads(await call(found, "s_echo", text="seen"))
    (asked,) = [m for m in seen if m.get("params", {}).get("arguments") == {"text": "x"}]
    (cancelled,) = [m for m in seen if m["method"] == "notifications/cancelled"]
    assert cancelled["params"]["requestId"] == asked["id"]


async def test_a_turn_that_ends_cancels_its_call() -> None:
    async with servers(script("hanging")) as found:
        calling = asyncio.create_task(call(found, "s_echo", text="x"))
        await asyncio.sleep(0.3)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        seen = json.loads(await call(found, "s_echo", text="seen"))
    assert [m["method"] for m in seen][-2:] == ["notifications/cancelled", "tools/call"]


@pytest.mark.parametrize("behaviour", ["dead", "deaf"])
async def test_a_server_that_answers_nothing_any_more_is_started_again(
    behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satellite.net.mcp.session.PING", 0.3)
    async with servers(script(behaviour, timeout=0.3)) as found:
        with pytest.raises(EngineTimeout):
            await call(found, "s_echo", text="x")
        await until(lambda: not found.servers[0].tools)
        assert await found.offered() == ()  # what does not work is not offered
        await until(lambda: bool(found.servers[0].tools))


async def test_strange_lines_wrong_ids_and_second_answers_harm_nothing() -> None:
    async with servers(script("babbling")) as found:
        for number in range(3):
            assert await call(found, "s_echo", text=f"right {number}") == f"right {number}"


async def test_a_line_that_is_too_long_is_left_out() -> None:
    async with servers(script("giant", timeout=20.0)) as found:
        with pytest.raises(AnswerBroken, match="more than 1 MiB"):
            await call(found, "s_echo", text="x")
        assert await call(found, "s_echo", text="y") == "y"


@pytest.mark.parametrize("behaviour", ["endless", "flooding"])
async def test_a_flood_is_ended(behaviour: str) -> None:
    async with servers(script(behaviour, timeout=20.0)) as found:
        with pytest.raises(EngineError):
            await call(found, "s_echo", text="x")
        await until(lambda: found.servers[0].error is not None)
        assert "it is disconnected" in str(found.servers[0].error)


async def test_complaints_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "satellite.net.mcp.stdio")
    async with servers(script("complaining")) as found:
        assert await call(found, "s_echo", text="x") == "x"
    assert len(caplog.records) <= 50


async def test_a_server_that_dies_fails_the_call_and_is_started_again() -> None:
    async with servers(script("dying")) as found:
        with pytest.raises(AnswerBroken, match="status 3: Traceback: out of luck"):
            await call(found, "s_echo", text="x")
        await until(lambda: bool(found.servers[0].tools))


async def test_a_server_that_cannot_start_is_tried_ever_more_rarely(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, "satellite.net.mcp.server")
    monkeypatch.setattr("satellite.net.mcp.server.PAUSES", (0.2, 10.0))
    async with servers(script("unable")) as found:
        await until(lambda: len(caplog.records) >= 4)
        assert await found.offered() == ()
    times = [record.created for record in caplog.records]
    assert times[3] - times[2] > times[1] - times[0] + 0.3  # 0.8 s and 0.2 s, and its start
    warnings = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "ended with status 1: ModuleNotFoundError: no module named weather" in warnings[0]


async def test_a_missing_program_is_reported() -> None:
    async with servers(script("server", argv=("no-such-program",))) as found:
        assert isinstance(found.servers[0].error, EngineDown)
        assert "no-such-program" in str(found.servers[0].error)


async def test_a_stubborn_server_and_its_child_end_with_us() -> None:
    async with servers(script("stubborn")) as found:
        pids = [int(p) for p in (await call(found, "s_echo", text="x")).split()]
        assert all(alive(pid) for pid in pids)
    await until(lambda: not alive(pids[0]))
    await until(lambda: not alive(pids[1]))  # its parent is gone: init takes leave of it


async def test_requests_of_the_server_are_refused_and_pings_answered() -> None:
    async with servers(script("asking")) as found:
        answers = json.loads(await call(found, "s_echo", text="x"))
    assert answers == {
        "ping": {},
        "sampling/createMessage": -32601,
        "elicitation/create": -32601,
        "roots/list": -32601,
    }


async def test_changed_tools_are_listed_again() -> None:
    async with servers(script("changing")) as found:
        await call(found, "s_echo", text="x")
        await until(
            lambda: len(found.servers[0].tools) == 2 and found.servers[0].tools[1].name == "later"
        )
        assert [t.name for t in await found.offered()] == ["s_echo", "s_later"]


async def test_a_server_gets_no_secrets_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATELLITE_HOME_TOKEN", "secret-of-the-home")
    monkeypatch.setenv("WEATHER_KEY", "its-own")
    monkeypatch.setenv("OTHER_KEY", "another")
    async with servers(script("environment", environment=("WEATHER_KEY",))) as found:
        names = json.loads(await call(found, "s_echo", text="x"))
    assert {"PATH", "WEATHER_KEY"} <= set(names)
    assert not {"SATELLITE_HOME_TOKEN", "OTHER_KEY"} & set(names)


async def test_failures_are_texts_without_invisible_characters() -> None:
    async with servers(script("failing")) as found:
        with pytest.raises(EngineFailed, match=r"^No such city\.$"):
            await call(found, "s_echo", text="x")
        with pytest.raises(EngineFailed, match=r"refused tools/call: bad arguments\[31m$"):
            await call(found, "s_un_lock")


async def test_an_unknown_version_is_reported() -> None:
    async with servers(script("ancient")) as found:
        assert 'speaks version "1999-01-01" of MCP' in str(found.servers[0].error)


async def test_what_is_no_tool_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with servers(script("lying")) as found:
        offered = await found.offered()
        names = [t.name for t in offered]
    assert names[0] == "s_echo"
    assert len(names) == len({n.replace("_", "").lower() for n in names}) == 3
    assert all(
        set(n) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
        for n in names
    )
    assert [r for r in caplog.records if "left out" in r.getMessage()]


async def test_500_calls_leave_nothing() -> None:
    async with servers(script("server")) as found:
        one = await tool(found, "s_echo")
        before = len(os.listdir("/proc/self/fd"))
        for number in range(500):
            calling = asyncio.create_task(one.run({"text": "x"}))
            if number % 2:
                await asyncio.sleep(0)
                calling.cancel()
            await asyncio.wait([calling])
        assert await one.run({"text": "last"}) == "last"
        assert len(os.listdir("/proc/self/fd")) <= before + 1
        assert len(asyncio.all_tasks()) < 12
