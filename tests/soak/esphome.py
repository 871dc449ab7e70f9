"""Restarts and losses of a real Home Assistant that uses our satellite by ESPHome's API.

    python -m tests.soak.esphome [--rounds 10] [--minutes 60]

restarts the satellite and Home Assistant in turn, kills Home Assistant at each stage of a run, and
prints the seconds until both were connected, or the satellite had answered. Then it takes one turn
after another for the minutes, checks each from the wake word to the sound of its answer, and prints
the memory of each side. The exit code is 1 where a turn failed or the satellite has grown. Needs
Home Assistant (tests/support/install_home_assistant.sh) and takes 40 s a round.
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
from tests.homeassistant.real.esphome_device import EsphomeDevice, esphome_device
from tests.homeassistant.real.esphome_turns import check_turn
from tests.homeassistant.real.install import NEW, need
from tests.soak.homeassistant import GROWTH, SETTLED, TELL

STAGES = {"wake": "wake", "speech": "speech_start", "end": "speech_end", "answer": "audio_start"}
"""The event of the satellite at which Home Assistant is killed, by stage."""


def main() -> int:
    """Run all and print what it took; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="restarts of either side")
    parser.add_argument("--minutes", type=float, default=60, help="how long turns are taken")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("house", "services", "esphome"):
            (folder / name).mkdir()
        with (
            installation.running(need(NEW), folder / "house") as home_assistant,
            services.furnished(home_assistant, folder / "services") as home,
            esphome_device(home, folder / "esphome") as device,
        ):
            device.add()
            if given.rounds:
                again = range(given.rounds)
                report("satellite restarted", [restart_satellite(device) for _ in again])
                report("Home Assistant restarted", [restart_home(device) for _ in again])
                for stage, event in STAGES.items():
                    report(f"killed at {stage}, taken over", [kill(device, event)])
            return 1 if turns(device, given.minutes * 60) else 0


def turns(device: EsphomeDevice, seconds: float) -> int:
    """Take turns for so long; return how many failed, and one more if the satellite has grown."""
    began, due = time.monotonic(), 0.0
    done = failed = 0
    settled: float | None = None
    while (now := time.monotonic() - began) < seconds:
        try:
            check_turn(device)
        except AssertionError as error:
            failed += 1
            print(f"a turn failed: {error}", flush=True)
        done += 1
        if now < due:
            continue
        due += min(TELL, seconds / 5)
        ours, theirs = memory(device)
        if settled is None and now >= min(SETTLED, seconds / 3):
            settled = ours
        print(
            f"{now / 60:5.1f} min  {done} turns, {failed} failed;  MB: satellite {ours:.1f}, "
            f"Home Assistant {theirs:.1f}",
            flush=True,
        )
    grown = memory(device)[0] - settled if settled is not None else 0.0
    print(f"{done} turns, {failed} failed; satellite: {grown:+.1f} MB since it had settled")
    return failed + (grown > GROWTH)


def memory(device: EsphomeDevice) -> tuple[float, float]:
    """Return the megabytes of our satellite and of Home Assistant."""
    ours = psutil.Process(device.program.process.pid).memory_info().rss / 1e6
    return ours, device.home.home_assistant.resident() / 1e6


def report(what: str, seconds: list[float]) -> None:
    middle, most = statistics.median(seconds), max(seconds)
    print(f"{what}: {len(seconds)} times, median {middle:.2f} s, at most {most:.2f} s", flush=True)


def restart_satellite(device: EsphomeDevice) -> float:
    """Return the seconds from the satellite being ready until Home Assistant is connected."""
    device.stop()
    device.start()
    seconds = device.until(lambda: device.connections, "the connection")
    device.until(lambda: device.state("assist_satellite") == "idle", "the satellite")
    return seconds


def restart_home(device: EsphomeDevice) -> float:
    """Return the seconds from Home Assistant's start, its entries loaded, until it is connected."""
    before = device.connections
    device.home.restart()
    seconds = device.until(lambda: device.connections > before, "the connection", 60)
    device.until(lambda: device.state("assist_satellite") == "idle", "the satellite", 60)
    return seconds


def kill(device: EsphomeDevice, event: str) -> float:
    """Kill Home Assistant in a run; return the seconds from then, or from the end of the request,
    until the satellite has gone on by itself."""
    events = device.program.events
    before = {kind: len(events(kind)) for kind in (event, "turn_end", "failover")}
    device.say(spoken_requests.request())
    device.until(lambda: len(events(event)) > before[event], event, 30)
    killed = time.time()
    device.home.home_assistant.kill()
    device.until(lambda: len(events("turn_end")) > before["turn_end"], "the end of the turn", 60)
    assert events("turn_end")[-1]["outcome"] == "answered", device.program.report()
    went_on = 0.0
    if len(events("failover")) > before["failover"]:
        end = float(events("speech_end")[-1].get("decided", 0.0))
        went_on = max(0.0, float(events("failover")[-1]["time"]) - max(killed, end))
    device.home.home_assistant.start()
    device.until(lambda: device.state("assist_satellite") == "idle", "the satellite", 60)
    return went_on


if __name__ == "__main__":
    sys.exit(main())
