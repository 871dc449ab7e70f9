"""Servers by the official package, which this client was not written with."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from satellite.errors import EngineFailed, EngineTimeout
from satellite.net.mcp.server import Target
from tests.net.mcp.connecting import call, servers, until
from tests.support import mcp_peer_place
from tests.support.ports import free_port

PEER = str(Path(mcp_peer_place.__file__).with_name("mcp_peer.py"))

pytestmark = pytest.mark.timeout(120)


@asynccontextmanager
async def peer(kind: str, timeout: float = 10.0) -> AsyncIterator[Target]:
    """Run a server of a kind: stdio, or http with its options."""
    python = mcp_peer_place.python()
    if kind == "stdio":
        yield Target(name="p", argv=(python, PEER, "stdio"), timeout=timeout)
        return
    port = free_port()
    argv = [python, PEER, "streamable-http", str(port), *kind.split()[1:]]
    run = await asyncio.create_subprocess_exec(*argv, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield Target(name="p", url=f"http://127.0.0.1:{port}/mcp", timeout=timeout)
    finally:
        run.kill()
        await run.wait()


TOOLS = ("forecast", "numbers", "fail", "wait", "ended", "ask")
KINDS = ("stdio", "http", "http json", "http stateless", "http json stateless")


@pytest.mark.parametrize("kind", KINDS)
async def test_its_tools_are_listed_and_called(kind: str) -> None:
    async with peer(kind) as target, servers(target) as found:
        await until(lambda: bool(found.servers[0].tools), 60.0)
        offered = {t.name: t for t in await found.offered()}
        assert list(offered) == [
            f"p_{n}" for n in ("forecast", "numbers", "fail", "wait", "ended", "ask")
        ]
        assert [t.effect for t in offered.values()] == [False, False, True, True, False, True]
        parameters = offered["p_forecast"].parameters
        assert parameters["required"] == ["place"]
        assert parameters["properties"]["place"]["properties"]["city"] == {
            "type": "string",
            "description": "Name of the city",
        }
        assert parameters["properties"]["unit"] == {"type": "string", "enum": ["C", "F"]}
        said = await call(found, "p_forecast", place={"city": "Rome"}, unit="F")
        assert said == "Rome None 1 F"
        assert '"one": 1' in await call(found, "p_numbers")
        with pytest.raises(EngineFailed, match=r"^Error executing tool fail"):
            await call(found, "p_fail")
        with pytest.raises(EngineFailed, match=r"(?i:valid|error)"):
            await call(found, "p_forecast", place={"city": 5})
        assert (await call(found, "p_ask")).startswith("refused")


@pytest.mark.parametrize("kind", ["stdio", "http"])
async def test_a_call_that_lasts_too_long_is_cancelled_there(kind: str) -> None:
    async with peer(kind, timeout=2.0) as target, servers(target) as found:
        await until(lambda: bool(found.servers[0].tools), 60.0)
        with pytest.raises(EngineTimeout):
            await call(found, "p_wait")
        calling = asyncio.create_task(call(found, "p_wait"))
        await asyncio.sleep(0.5)
        calling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await calling
        async with asyncio.timeout(10):
            while await call(found, "p_ended") != "wait,wait":
                await asyncio.sleep(0.1)
