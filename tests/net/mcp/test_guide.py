"""The example of the guide is a server that works."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.net.mcp.connecting import call, script, servers

GUIDE = Path(__file__).parents[3] / "servers" / "README.md"


async def test_the_example_of_the_guide_answers(tmp_path: Path) -> None:
    text = GUIDE.read_text("utf-8")
    found = re.search(r"<!-- example: an MCP server -->\n```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    program = tmp_path / "weather.py"
    program.write_text(found[1])
    target = script("", name="weather", argv=(sys.executable, str(program)))
    async with servers(target) as connected:
        (tool,) = await connected.offered()
        assert (tool.name, tool.effect) == ("weather_forecast", False)
        said = await call(connected, "weather_forecast", city="Rome")
    assert said == "Sunny and 21 degrees in Rome."
