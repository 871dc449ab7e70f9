"""Restarts and losses of a real Home Assistant that uses our satellite by ESPHome's API.

    python -m tests.soak.esphome [ROUNDS]

restarts the satellite and Home Assistant in turn, ten times each by default, kills Home Assistant
at each stage of a run, and prints the seconds until both were connected, or the satellite had
answered. Needs Home Assistant (tests/support/install_home_assistant.sh) and takes 40 s a round.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.homeassistant.real import installation, services, spoken_requests
from tests.homeassistant.real.esphome_device import EsphomeDevice, esphome_device
from tests.homeassistant.real.install import NEW, need

STAGES = {"wake": "wake", "speech": "speech_start", "end": "speech_end", "answer": "audio_start"}
"""The event of the satellite at which Home Assistant is killed, by stage."""


def main(rounds: int) -> None:
    """Run all and print what it took."""
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
            report("satellite restarted", [restart_satellite(device) for _ in range(rounds)])
            report("Home Assistant restarted", [restart_home(device) for _ in range(rounds)])
            for stage, event in STAGES.items():
                report(f"killed at {stage}, answered here", [kill(device, event)])


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
    main(int(sys.argv[1]) if sys.argv[1:] else 10)
