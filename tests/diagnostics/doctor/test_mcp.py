"""The check of MCP servers."""

from __future__ import annotations

import shlex
import sys

import pytest

from satellite.diagnostics.doctor import mcp
from satellite.diagnostics.doctor.context import Context
from satellite.settings import McpSettings, Settings
from tests.diagnostics.doctor.findings import findings, of, only
from tests.net.mcp.connecting import SCRIPT


def settings(behaviour: str, llm: str = "auto", **more: object) -> Settings:
    command = shlex.join((sys.executable, SCRIPT, behaviour))
    server = McpSettings(command=command, **more)  # type: ignore[arg-type]
    return Settings(llm=llm, mcp={"door": server})


async def test_without_servers_there_is_a_note() -> None:
    (finding,) = await findings(mcp.servers)
    assert finding.state == "note"


async def test_a_working_server_is_reported_with_its_tools() -> None:
    (finding,) = await findings(mcp.servers, Context(settings=settings("server")))
    assert finding.state == "ok"
    assert finding.found == "2 of 2 tools are used (2 allowed): echo, un.lock"


async def test_a_server_whose_tools_are_not_allowed_is_a_warning() -> None:
    chosen = settings("server", tools=("read_*",))
    found = only("warning", await findings(mcp.servers, Context(settings=chosen)))
    assert "it has 2 tools, and none of them is used" in found.found
    assert "mcp.door.tools" in found.remedy


async def test_a_server_that_ends_is_broken() -> None:
    found = only("broken", await findings(mcp.servers, Context(settings=settings("unable"))))
    assert "no module named weather" in found.found


async def test_a_server_without_an_answer_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "PATIENCE", 0.3)
    found = only("broken", await findings(mcp.servers, Context(settings=settings("silent"))))
    assert "no answer within 0.3 s" in found.found


async def test_tools_that_cannot_be_used_are_notes() -> None:
    found = await findings(mcp.servers, Context(settings=settings("lying")))
    assert any(
        "no_schema is left out: it has no schema" in note.found for note in of("note", found)
    )


async def test_a_model_elsewhere_does_not_have_the_tools_of_this_machine() -> None:
    chosen = settings("server", llm="tcp://10.0.0.5:10600")
    found = only("warning", await findings(mcp.servers, Context(settings=chosen)))
    assert "tcp://10.0.0.5:10600" in found.found
