"""`satellite tools`: the tools that language models are offered."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.cli.program import satellite
from tests.net.mcp.connecting import SCRIPT


def test_tools_are_listed_with_their_servers(tmp_path: Path) -> None:
    config = tmp_path / "satellite.toml"
    servers = {"door": "server", "broken": "unable"}
    config.write_text(
        "".join(
            f"[mcp.{name}]\ncommand = \"'{sys.executable}' '{SCRIPT}' {behaviour}\"\n"
            for name, behaviour in servers.items()
        )
    )
    done = satellite("tools", "--config", str(config))
    assert done.code == 0
    lines = {line.split()[0]: line for line in done.output.splitlines() if line.strip()}
    assert lines["door_un_lock"].split() == ["door_un_lock", "door:", "un.lock", "yes", "Unlock."]
    assert "satellite" in lines["start_timer"]
    assert done.errors.count("no module named weather") == 1
    rows = json.loads(satellite("tools", "--json", "--config", str(config)).output)
    (echo,) = [row for row in rows if row["name"] == "door_echo"]
    assert (echo["origin"], echo["effect"], echo["home"]) == ("door: echo", False, False)
