"""A day in a home: python -m tests.soak.home [--hours 24]

A satellite and a server, real programs on machines of their own as far as the network goes. Every
simulated hour two things happen to them: the server is restarted or killed, stopped for a while, or
gets another address; the Wi-Fi is gone for some seconds; the satellite's machine is suspended; its
clock jumps; Home Assistant connects and dies. During and after each, somebody asks for the time.
In the end the satellite has to listen, use the server, and take no more memory than in the morning.
"""

from __future__ import annotations

import argparse
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import psutil
from wyoming.event import Event

from satellite.net.wire import encode
from tests.faults.machine import inside
from tests.soak.day import Day
from tests.support.microphone import say
from tests.support.netns import Namespace, network
from tests.support.program import Program, satellite
from tests.support.speech import silence, speak

PATIENCE = 120.0
"""Seconds for a turn to end: the longest utterance, and every deadline of a turn."""
_DEADLINES = ("deadlines.asr=30", "deadlines.tts=20")
"""Twice the usual ones: the built-in engines shall answer on a machine that does much else, too."""
RETURN = 60.0
"""Seconds for the server to be used again after whatever happened; it takes some to start."""
_AWAY = 4.0


class Home:
    """The satellite, the server, and what happens to them."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._room = folder / "room"
        self._room.mkdir()
        self._kitchen, self._cellar = stack.enter_context(network(2))
        self._servers = 0
        self._addresses = cycle([f"10.77.0.{last}" for last in (102, 103, 104)])
        self._address = self._cellar.address
        self._request = (
            speak("okay nabu", voice="en-us+m3")
            + silence(0.8)
            + speak("what time is it")
            + silence(1.5)
        )
        self.server = self._start_server()
        self.satellite = self._start_satellite()
        self.day = Day()

    def _start_server(self) -> Program:
        self._servers += 1
        name, prefix = f"server{self._servers}", self._cellar.prefix
        return self._stack.enter_context(
            satellite(self._folder, "--server", prefix=prefix, name=name)
        )

    def _start_satellite(self) -> Program:
        hears = f"command:{sys.executable} -m tests.support.microphone {self._room}"
        plays = "command:dd of=/dev/null status=none"
        program = self._stack.enter_context(
            satellite(
                self._folder,
                *("--mic", hears, "--speaker", plays),
                *(part for deadline in _DEADLINES for part in ("--set", deadline)),
                *("--set", "sound.echo_cancellation=false"),  # nobody hears this speaker
                prefix=self._kitchen.prefix,
                module="tests.soak.accelerated",
            )
        )
        program.wait_for("ready", timeout=60)
        return program

    def ask(self) -> bool:
        """Ask for the time; whether speech-to-text was done by the server."""
        ended = len(self.satellite.events("turn_end"))
        say(self._room, self._request)
        self.satellite.wait_for("turn_end", ended + 1, timeout=PATIENCE)
        outcome = self.satellite.events("turn_end")[-1]["outcome"]
        self.day.outcomes[outcome] = self.day.outcomes.get(outcome, 0) + 1
        finals = [event for event in self.satellite.events("transcript") if event["final"]]
        served = bool(finals) and finals[-1]["engine"].startswith("tcp://")
        self.day.by_server += served
        return served

    def settle(self, what: str) -> None:
        """Ask until the server is used again."""
        until = time.monotonic() + RETURN
        while not self.ask():
            if time.monotonic() > until:
                self.day.missed.append(what)
                return

    def happen(self, what: str, deed: Callable[[], None]) -> None:
        """Let something happen, and see that the satellite lives with it."""
        print(f"  {what}", flush=True)
        deed()
        self.settle(what)

    def measure(self) -> None:
        """Note what the satellite takes."""
        process = psutil.Process(self.satellite.process.pid)
        self.day.memory.append(process.memory_info().rss / 1e6)

    def restart_server(self) -> None:
        self.server.stop()
        self.ask()
        self.server = self._start_server()

    def kill_server(self) -> None:
        self.server.process.kill()
        self.server.process.wait()
        self.ask()
        self.server = self._start_server()

    def stop_server(self) -> None:
        pid = self.server.process.pid
        subprocess.run(["kill", "-STOP", str(pid)], check=True)
        try:
            self.ask()
        finally:
            subprocess.run(["kill", "-CONT", str(pid)], check=True)

    def move_server(self) -> None:
        before, self._address = self._address, next(self._addresses)
        self._ip(self._cellar, f"addr add {self._address}/24 dev eth0")
        self._ip(self._cellar, f"addr del {before}/24 dev eth0")
        self._ip(self._cellar, f"addr replace {self._address}/24 dev eth0")

    def drop_wifi(self) -> None:
        self._ip(self._kitchen, "link set eth0 down")
        try:
            self.ask()
            time.sleep(_AWAY)
        finally:
            self._ip(self._kitchen, "link set eth0 up")

    def suspend(self) -> None:
        pid = self.satellite.process.pid
        subprocess.run(["kill", "-STOP", str(pid)], check=True)
        time.sleep(_AWAY)
        subprocess.run(["kill", "-USR1", str(pid)], check=True)
        subprocess.run(["kill", "-CONT", str(pid)], check=True)

    def suspend_in_a_turn(self) -> None:
        ended = len(self.satellite.events("turn_end"))
        woken = len(self.satellite.events("wake"))
        say(self._room, self._request)
        self.satellite.wait_for("wake", woken + 1, timeout=PATIENCE)
        self.suspend()
        self.satellite.wait_for("turn_end", ended + 1, timeout=PATIENCE)

    def home_assistant(self) -> None:
        """It connects, takes the satellite over, and dies without a goodbye; twice."""
        for _ in range(2):
            with (
                inside(self._cellar),
                socket.create_connection((self._kitchen.address, 10700), 5.0) as peer,
            ):
                peer.sendall(encode(Event("describe")) + encode(Event("run-satellite")))
                peer.settimeout(5.0)
                assert peer.recv(4096)
                linger = struct.pack("ii", 1, 0)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _ip(self, machine: Namespace, command: str) -> None:
        subprocess.run([*machine.prefix, "ip", *command.split()], check=True, timeout=10)


def live(hours: int, folder: Path) -> Day:
    """So many hours."""
    with ExitStack() as stack:
        home = Home(stack, folder)
        home.server.wait_for("ready", timeout=60)
        happenings = cycle(
            [
                ("a restart of the server", home.restart_server),
                ("the satellite's machine is suspended", home.suspend),
                ("the server gets another address", home.move_server),
                ("no Wi-Fi", home.drop_wifi),
                ("Home Assistant dies", home.home_assistant),
                ("the server hangs", home.stop_server),
                ("suspended in the middle of a turn", home.suspend_in_a_turn),
                ("the server is killed", home.kill_server),
            ]
        )
        home.settle("the start")
        for hour in range(hours):
            print(f"{hour:02}:00", flush=True)
            for _ in range(2):
                home.happen(*next(happenings))
            home.measure()
        assert home.ask(), "in the end the satellite listens and uses the server"
        return home.day


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        day = live(options.hours, Path(folder))
    turns = sum(day.outcomes.values())
    print(f"{turns} turns: {day.outcomes}; {day.by_server} of them by the server")
    print(f"memory: {' '.join(f'{size:.0f}' for size in day.memory)} MB; {day.growth:+.1f} MB")
    if problems := day.problems():
        sys.exit("; ".join(problems))


if __name__ == "__main__":
    main()
