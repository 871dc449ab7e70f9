"""The wire, field by field: logs of Home Assistant 2026.11.0 and 2024.3.3.

`sends` is what Home Assistant sends, `says` what is said in the room, `receives` what the satellite
sends next; rows of audio chunks are one line, and `*` is anything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted_home_assistant import ScriptedHomeAssistant, connected_home_assistant
from tests.support.scripted_satellite import ScriptedSatellite

GOLDEN = Path(__file__).parents[2] / "golden"


def like(said: Any, wanted: Any) -> Any:
    """Return the events, with a placeholder where any value is right."""
    if wanted == "*":
        return "*"
    if isinstance(wanted, dict) and isinstance(said, dict):
        return {key: like(value, wanted.get(key)) for key, value in said.items()}
    return said


async def send(home: ScriptedHomeAssistant, line: dict[str, Any]) -> None:
    payload = bytes(line["bytes"]) if "bytes" in line else None
    for _ in range(line.get("times", 1)):
        await home.send(line["sends"], payload, **line["data"])


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("satellite_*.jsonl")))
async def test_the_wire(name: str) -> None:
    lines = [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text().splitlines()]
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri, drive=False) as home,
    ):
        home.logs_pongs = True
        passed = 0
        for line in lines:
            if "says" in line:
                await satellite.until(lambda: satellite.activity.idle)
                satellite.room.ask()
            elif "sends" in line:
                await send(home, line)
            else:
                passed = await home.past_chunks(passed)
                event = home.log[passed]
                wanted = {"type": line["receives"], "data": line["data"]}
                said = {"type": event.type, "data": like(event.data, line["data"])}
                assert said == wanted
                passed += 1
        await satellite.until(lambda: satellite.activity.idle or name.endswith("understood"))
