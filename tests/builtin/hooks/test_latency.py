"""Hooks that hang, die and write garbage delay neither a turn nor the end of the satellite."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from satellite import events
from satellite.components import hooks
from satellite.lib.bus import Bus
from tests.support import requests
from tests.support.program import satellite

BAD = (
    "command:sleep 1000?limit=600",
    "command:sh -c 'kill -9 $$'",
    "command:sh -c 'while :; do cat /dev/urandom >&2; done'?limit=0.2",
    "command:sh -c 'head -c 1000000 /dev/urandom >&2; exit 1'",
    "command:no-such-program",
)

PUBLISHED = 0.001
"""Seconds for publishing an event to all subscribers: none is waited for."""

COST = 0.01
"""Seconds of processor time of the event loop that an event may cost for each bad hook: on a quick
machine a program is started in under a millisecond; this leaves room for a slow and busy one."""


@pytest.mark.timeout(180)
def test_a_turn_beside_bad_hooks_is_answered_and_the_satellite_ends(tmp_path: Path) -> None:
    request = requests.spoken_request(tmp_path / "in.wav", "what time is it", gap=1)
    arguments = ["--mic", f"wav:{request}", "--speaker", f"wav:{tmp_path / 'out.wav'}"]
    arguments += ["--no-zeroconf", "--listen", "", "--set", f"hooks={','.join(BAD)}"]
    with satellite(tmp_path, *arguments) as program:
        (ended,) = program.wait_for("turn_end")
        assert program.finish(30) == 0, program.report()
        assert ended["outcome"] == "answered", program.report()
        errors = program.errors()
    for hook in BAD[1:]:
        name = hook.partition("?")[0]
        assert errors.count(f"hook {name} failed") == 1  # logged once, not at every event
    assert "\x1b" not in errors


async def test_bad_hooks_cost_the_event_loop_hardly_any_time() -> None:
    bus = Bus()
    slowest = 0.0
    async with asyncio.timeout(60), hooks.hooked(BAD, bus):
        await asyncio.sleep(0)
        began = time.thread_time()
        for _ in range(10):
            event = events.Mute(muted=True)
            before = time.thread_time()
            bus.publish(event)
            slowest = max(slowest, time.thread_time() - before)
            await asyncio.sleep(0.05)
        spent = time.thread_time() - began
    assert slowest < PUBLISHED
    assert spent < 10 * len(BAD) * COST
