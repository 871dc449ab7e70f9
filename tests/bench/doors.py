"""First sound and idle cost through each of Home Assistant's doors: Wyoming and ESPHome's API.

    python -m tests.bench.doors [--turns 8] [--seconds 20]

A real Home Assistant 2026.11 has one satellite by each protocol, both with the same microphone,
wake word and voice, and an Assist pipeline of our services (PocketSphinx, the sentences, eSpeak).
First both are idle, and the CPU time of their processes is measured at once. Then the same spoken
request goes to one after the other: the time is from the detection of the wake word, after which
the request has a fixed length, to the first sound of the answer.

The exit code is 1 if the median by ESPHome is more than 50 ms later than by Wyoming, which is
the noise of this measurement, or if idling costs 1 % of a core more.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.homeassistant.real import installation, services, spoken_requests
from tests.homeassistant.real.esphome_device import esphome_device
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.satellite import connected_satellite
from tests.support import microphone
from tests.support.program import Program

LATER, COST = 0.05, 0.01
"""The limits: seconds, cores."""

WAIT = 30.0
"""Seconds for a turn."""

APART = 2.5
"""Seconds between two turns: Home Assistant takes the same wake word within two for an echo."""


def turn(program: Program, folder: Path) -> float:
    """Say a request; return the seconds from its wake word to the first sound of the answer."""
    before = {kind: len(program.events(kind)) for kind in ("wake", "audio_start", "turn_end")}
    microphone.say(folder / "microphone", spoken_requests.request())
    program.wait_for("turn_end", before["turn_end"] + 1, WAIT)
    end = program.events("turn_end")[-1]
    if end["outcome"] != "answered":
        raise AssertionError(f"a turn ended as {end['outcome']}: {program.report()}")
    wake = program.events("wake")[before["wake"]]
    sound = program.events("audio_start")[before["audio_start"]]
    return float(sound["mono"]) - float(wake["mono"])


def idle(programs: dict[str, Program], seconds: float) -> dict[str, float]:
    """Return the cores that each takes at the same time."""
    processes = {name: psutil.Process(each.process.pid) for name, each in programs.items()}

    def used() -> dict[str, float]:
        times = {name: process.cpu_times() for name, process in processes.items()}
        return {name: spent.user + spent.system for name, spent in times.items()}

    before, began = used(), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return {name: (spent - before[name]) / took for name, spent in used().items()}


def main() -> int:
    """Measure both; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("house", "services", "wyoming", "esphome"):
            (folder / name).mkdir()
        with (
            installation.running(need(NEW), folder / "house") as home_assistant,
            services.furnished(home_assistant, folder / "services") as home,
            connected_satellite(home, folder / "wyoming") as wyoming,
            esphome_device(home, folder / "esphome") as esphome,
        ):
            esphome.add()
            programs = {"wyoming": wyoming.program, "esphome": esphome.program}
            for name, program in programs.items():
                turn(program, folder / name)  # the first is slower
                time.sleep(APART)
            cores = idle(programs, given.seconds)
            took: dict[str, list[float]] = {name: [] for name in programs}
            for _ in range(given.turns):
                for name, program in programs.items():
                    took[name].append(turn(program, folder / name))
                    time.sleep(APART)
    middle = {name: statistics.median(seconds) for name, seconds in took.items()}
    for name, seconds in took.items():
        each = ", ".join(f"{one:.2f}" for one in sorted(seconds))
        print(f"{name}: first sound {middle[name]:.3f} s after the wake word (median of {each})")
        print(f"{name}: {cores[name]:.4f} cores while idle")
    later, more = middle["esphome"] - middle["wyoming"], cores["esphome"] - cores["wyoming"]
    print(f"ESPHome: {later * 1000:+.0f} ms to the first sound, {more:+.4f} cores while idle")
    return int(later > LATER or more >= COST)


if __name__ == "__main__":
    sys.exit(main())
