"""Turns against a real Home Assistant: python -m tests.soak.homeassistant

First several restarts of either side, each followed by a turn; then one turn after another for the
requested time. Every turn is checked from the wake word to the last sample of its answer. The
memory of Home Assistant, our satellite and our services is printed every few minutes; at the end,
none of ours may have grown. tests/support/install_home_assistant.sh installs Home Assistant.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from tests.homeassistant.real import install, installation, services
from tests.homeassistant.real import satellite as satellites
from tests.homeassistant.real.outages import RECONNECT, restart_home, restart_satellite
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.turns import check_turn

TELL = 300.0
"""Seconds between two lines about memory."""
SETTLED = 600.0
"""Seconds after which a process has warmed up; from then on it may not grow."""
GROWTH = 8.0
"""Megabytes by which ours may grow, as allocators do not return all memory."""


def main() -> int:
    """Run the soak; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="how long turns are taken")
    parser.add_argument("--restarts", type=int, default=10, help="restarts of either side")
    parser.add_argument("--version", default=install.NEW, choices=install.VERSIONS)
    given = parser.parse_args()
    try:
        found = install.need(given.version)
    except pytest.skip.Exception as error:
        print(error)
        return 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("house", "services", "kitchen"):
            (folder / part).mkdir()
        with (
            installation.running(found, folder / "house") as home_assistant,
            services.furnished(home_assistant, folder / "services") as home,
            satellites.connected_satellite(home, folder / "kitchen") as place,
        ):
            print(f"Home Assistant {home_assistant.version} and our satellite are connected")
            failed = _restarts(place, given.restarts)
            return 1 if failed + _turns(place, given.minutes * 60) else 0


def _restarts(place: RealSatellite, count: int) -> int:
    failed = 0
    for number in range(1, count + 1):
        for what, restart in (
            ("Home Assistant", restart_home),
            ("our satellite", restart_satellite),
        ):
            took = restart(place)
            fine = took < RECONNECT and _turn(place)
            failed += not fine
            told = "" if fine else "  FAILED"
            print(f"restart {number} of {what}: connected {took:.1f} s later{told}", flush=True)
    return failed


def _turns(place: RealSatellite, seconds: float) -> int:
    began, told = time.monotonic(), 0.0
    done = failed = 0
    settled: tuple[float, ...] = ()
    while (now := time.monotonic() - began) < seconds:
        failed += not _turn(place)
        done += 1
        if now >= told:
            told += TELL
            memory = _memory(place)
            if not settled and now >= min(SETTLED, seconds / 3):
                settled = memory
            print(
                f"{now / 60:5.1f} min  {done} turns, {failed} failed;  MB: Home Assistant "
                f"{memory[0]:.1f}, satellite {memory[1]:.1f}, services {memory[2]:.1f}",
                flush=True,
            )
    memory = _memory(place)
    links = {event.link for event in place.tap.events if event.type == "run-satellite"}
    print(f"{done} turns, {failed} failed; driving connections so far: {len(links)}")
    for name, first, last in zip(("satellite", "services"), settled[1:], memory[1:], strict=False):
        print(f"{name}: {last - first:+.1f} MB since it had settled")
        failed += last - first > GROWTH
    return failed


def _turn(place: RealSatellite) -> bool:
    try:
        check_turn(place)
    except (AssertionError, TimeoutError) as error:
        print(f"a turn failed: {error}\n{place.tap.report(max(0, len(place.tap.events) - 400))}")
        place.idle()
        return False
    return True


def _memory(place: RealSatellite) -> tuple[float, float, float]:
    """Return the megabytes of Home Assistant, our satellite and our services."""
    ours = (place.program.process.pid, place.home.services.program.process.pid)
    satellite, served = (psutil.Process(pid).memory_info().rss / 1e6 for pid in ours)
    return place.home_assistant.resident() / 1e6, satellite, served


if __name__ == "__main__":
    sys.exit(main())
