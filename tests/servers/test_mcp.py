"""`satellite --server` with an MCP server: its model gives the tools to satellites far away."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.values import TOOL_USED, Action, ReplyRequest
from tests.net.mcp.connecting import SCRIPT, until
from tests.support.ollama_fake import calls, fake_ollama, words
from tests.support.ports import free_port
from tests.support.program import satellite

pytestmark = pytest.mark.timeout(120)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


async def test_a_brain_far_away_calls_the_tools_of_its_machine(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "satellite.toml"
    config.write_text(f"[mcp.door]\ncommand = \"'{sys.executable}' '{SCRIPT}' stubborn\"\n")
    script = (
        calls(("door_echo", {"text": "x"})),
        calls(("door_un_lock", {})),
        words("It is open."),
    )
    async with fake_ollama(*script) as fake:
        host = fake.host.removeprefix("http://")
        brain = f"ollama:m?host=http://{host}&local_first=false"
        options = ("--llm", brain, "--llm-port", str(port), "--host", "127.0.0.1")
        flags = ("--server", "llm", *options, "--no-zeroconf", "--config", str(config))
        with satellite(tmp_path, *flags) as program:
            await asyncio.to_thread(program.wait_for, "ready")
            far = remote(f"tcp://127.0.0.1:{port}", "llm", Pairing())
            async with aclosing(far.reply(ReplyRequest(text="open the door"))) as parts:
                reply = [part async for part in parts]
            results = [m["content"] for m in fake.asked[-1]["messages"] if m["role"] == "tool"]
            pids = [int(pid) for pid in results[0].split()]
            assert pids[0] in children(program.process.pid)
            program.stop()
        assert reply == [Action(name=TOOL_USED, data={"tool": "door_un_lock"}), "It is open."]
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
