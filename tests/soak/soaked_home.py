"""A satellite and a server, each on its own machine, and incidents that happen to them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import msgspec
import psutil

from tests.faults.machine import inside
from tests.soak.accelerated import SET_CLOCK, SUSPEND, TELL
from tests.soak.day_report import DayReport
from tests.soak.home_assistant_driver import drive
from tests.soak.process_state import ProcessState
from tests.soak.target import waited
from tests.support.microphone import say
from tests.support.netns import Namespace, network
from tests.support.program import Program, satellite
from tests.support.speech import silence, speak

PATIENCE = 120.0
"""Seconds for a turn to end: the longest utterance and every deadline of a turn."""
_DEADLINES = ("deadlines.asr=30", "deadlines.tts=20")
"""Twice the usual deadlines: the built-in engines must answer on a busy machine, too."""
RETURN = 60.0
"""Seconds for the server to be used again after an incident, including its start."""
_AWAY = 4.0
_WIFI = 1.0
"""Seconds from resuming until a fast laptop has its network again."""
_QUIET = 2.0
"""Seconds after a turn in which its tasks end."""
_SOON = 10.0
_BUSY = 2.0
"""Seconds of waiting for a processor within one turn from which the machine is too busy to judge
the turn: the time that the wake engine may lag before audio is lost."""


class SoakedHome:
    """The satellite, the server, and the results so far."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._room = folder / "room"
        self._room.mkdir()
        self._kitchen, self._cellar = stack.enter_context(network(2))
        self._servers = 0
        self._waited = 0.0
        self._addresses = cycle([f"10.77.0.{last}" for last in (102, 103, 104)])
        self._address = self._cellar.address
        self._request = (
            speak("okay nabu", voice="en-us+m3")
            + silence(0.8)
            + speak("what time is it")
            + silence(1.5)
        )
        self.day = DayReport()
        self.server = self._start_server()
        self.satellite = self._start_satellite()

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
                environment={"HELD": str(self._folder / "held")},
                prefix=self._kitchen.prefix,
                module="tests.soak.accelerated",
            )
        )
        program.wait_for("ready", timeout=60)
        return program

    def say(self) -> None:
        """Let a person ask for the time."""
        self._waited = waited(self.satellite.process.pid)
        say(self._room, self._request)

    def ask(self) -> bool:
        """Ask for the time; return whether the server did the speech-to-text."""
        ended = self.ended
        self.say()
        return self.answered(ended + 1).startswith("tcp://")

    @property
    def ended(self) -> int:
        """The number of turns so far."""
        return len(self.satellite.events("turn_end"))

    def answered(self, turns: int) -> str:
        """Wait until a number of turns have ended; return the speech-to-text engine of the last
        one."""
        last = self.satellite.wait_for("turn_end", turns, timeout=PATIENCE)[-1]
        outcome = last["outcome"]
        late = waited(self.satellite.process.pid) - self._waited
        if outcome != "answered" and late > _BUSY:
            self.day.busy += 1
            return ""
        self.day.outcomes[outcome] = self.day.outcomes.get(outcome, 0) + 1
        finals = [event for event in self.satellite.events("transcript") if event["final"]]
        engine = str(finals[-1]["engine"]) if finals and finals[-1]["turn"] == last["turn"] else ""
        self.day.by_server += engine.startswith("tcp://")
        self.day.by_home += engine == "homeassistant"
        return engine

    def settle(self, what: str) -> None:
        """Ask until the server is used again."""
        until = time.monotonic() + RETURN
        while not self.ask():
            if time.monotonic() > until:
                self.day.missed.append(what)
                return

    def measure(self) -> None:
        """Record the resources of the idle satellite."""
        process, file = psutil.Process(self.satellite.process.pid), self._folder / "held"
        time.sleep(_QUIET)
        before, began = sum(process.cpu_times()[:2]), time.monotonic()
        time.sleep(_QUIET)
        busy = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)
        process.send_signal(TELL)
        self.satellite.wait_until(file.exists, "what it holds", _SOON)
        state = msgspec.json.decode(file.read_bytes(), type=ProcessState)
        file.unlink()
        self.day.held.append(msgspec.structs.replace(state, busy=round(busy, 3)))

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
        """Suspend the machine: the satellite, its microphone and its player stop, and the network
        is down. tests/soak/accelerated.py describes the clocks that the satellite sees."""
        process = psutil.Process(self.satellite.process.pid)
        process.send_signal(SUSPEND)
        self._stopped(process)
        others = process.children(recursive=True)
        for other in others:
            other.suspend()
        self._ip(self._kitchen, "link set eth0 down")
        time.sleep(_AWAY)
        for program in (*others, process):
            program.resume()
        time.sleep(_WIFI)
        self._ip(self._kitchen, "link set eth0 up")

    def suspend_in_a_turn(self) -> None:
        ended, woken = self.ended, len(self.satellite.events("wake"))
        self.say()
        self.satellite.wait_for("wake", woken + 1, timeout=PATIENCE)
        self.suspend()
        self.answered(ended + 1)

    def stand_still(self) -> None:
        """Stop the satellite while clocks, microphone and network run on."""
        process = psutil.Process(self.satellite.process.pid)
        process.send_signal(signal.SIGSTOP)
        self._stopped(process)
        time.sleep(_AWAY)
        process.resume()

    def set_clock(self) -> None:
        self.satellite.process.send_signal(SET_CLOCK)

    def home_assistant(self) -> None:
        """Let Home Assistant drive a turn, die within the next, come back and drive another."""
        uri = f"tcp://{self._kitchen.address}:10700"
        for dies in (False, True, False):
            ended, before = self.ended, self.day.by_home
            with inside(self._cellar):
                drive(uri, self.say, dies)
            self.answered(ended + 1)
            assert dies or self.day.by_home > before, "Home Assistant drives what it is there for"

    def _stopped(self, process: psutil.Process) -> None:
        self.satellite.wait_until(
            lambda: process.status() == psutil.STATUS_STOPPED, "stopped satellite", _SOON
        )

    def _ip(self, machine: Namespace, command: str) -> None:
        subprocess.run([*machine.prefix, "ip", *command.split()], check=True, timeout=10)
