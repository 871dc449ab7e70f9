"""Our satellite as a process with a microphone and a speaker, known to Home Assistant."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import soxr

from tests.homeassistant.real import entries
from tests.homeassistant.real.entries import Entry
from tests.homeassistant.real.services import VOICE, FurnishedHome
from tests.homeassistant.real.wyoming_tap import HOME, OURS, RecordedEvent, Tap
from tests.support import loudspeaker, microphone
from tests.support.ports import free_port
from tests.support.program import Event, Program, satellite

NAME = "connected_satellite"
_ATTEMPTS = 3
_MISSED = 5.0
"""Seconds after a request's end until which its wake word may be detected on a busy machine."""
_SUPPORT = Path(microphone.__file__).parent


class RealSatellite:
    """The satellite with its speech input, its sound output and its recorded events."""

    def __init__(self, home: FurnishedHome, folder: Path, *more: str) -> None:
        self.home = home
        self.home_assistant = home.home_assistant
        self.tap = Tap(free_port())
        self.entry: Entry
        self.program: Program
        self.folder = folder
        self._more = more
        self._stack = ExitStack()
        self._starts = 0
        self._silenced = 0
        for name in ("microphone", "speaker"):
            (folder / name).mkdir()

    def start(self) -> None:
        """Start the satellite and wait until it listens."""
        self._starts += 1
        microphone_, speaker = self.folder / "microphone", self.folder / "speaker"
        python = sys.executable
        arguments = (
            *("--name", NAME, "--area", "Kitchen", "--no-zeroconf", "--tts", VOICE),
            *("--mic", f"command:{python} {_SUPPORT / 'microphone.py'} {microphone_}"),
            *("--speaker", f"command:{python} {_SUPPORT / 'loudspeaker.py'} {speaker}"),
            *("--listen", f"tcp://127.0.0.1:{self.tap.target}", "--wake", "openwakeword:okay_nabu"),
            *("--set", "cues.awake=false"),
        )
        self.program = self._stack.enter_context(
            satellite(self.folder, *arguments, *self._more, name=f"satellite-{self._starts}")
        )
        self.program.wait_for("ready")
        self.home_assistant.loop.run(self.tap.open())

    def stop(self) -> None:
        """Stop the satellite as systemd does."""
        self.home_assistant.loop.run(self.tap.refuse())
        if self.program.process.poll() is None:
            self.program.stop()
        self._stack.close()
        self.home_assistant.loop.run(self.tap.close())

    def kill(self) -> None:
        """Kill the satellite."""
        self.home_assistant.loop.run(self.tap.refuse())
        self._stack.close()
        self.home_assistant.loop.run(self.tap.close())

    def add(self) -> None:
        """Add the satellite to Home Assistant."""
        self.entry = self.home_assistant.loop.run(entries.add(self.home.api, self.tap.port))

    def say(self, pcm: bytes) -> int:
        """Play speech to the satellite; return a mark in the recorded events."""
        mark = len(self.tap.events)
        microphone.say(self.folder / "microphone", pcm)
        return mark

    def ask(self, pcm: bytes) -> int:
        """Say a wake word and a request, as `say` does, and again while the word is missed.

        On a busy machine the satellite drops sound that it cannot take in time: then a person says
        it again. For tests of what follows.
        """
        for _ in range(_ATTEMPTS):
            wakes = len(self.program.events("wake"))
            mark = self.say(pcm)
            until = time.monotonic() + len(pcm) / 32000 + _MISSED
            while time.monotonic() < until:
                if len(self.program.events("wake")) > wakes:
                    return mark
                time.sleep(0.05)
        raise AssertionError(f"the wake word was missed {_ATTEMPTS} times: {self.program.report()}")

    def wait(self, kind: str, mark: int, timeout: float = 20.0, sender: str = "") -> RecordedEvent:
        """Wait for an event after a mark."""
        return self.home_assistant.loop.run(self.tap.wait(kind, mark, timeout, sender), timeout + 5)

    def connected(self, mark: int, timeout: float = 20.0) -> RecordedEvent:
        """Wait until Home Assistant has connected and received a pong on that connection."""
        deadline = time.monotonic() + timeout
        began = self.wait("run-satellite", mark, timeout, HOME)
        while True:
            left = max(0.1, deadline + 5.0 - time.monotonic())
            pong = self.wait("pong", self.tap.events.index(began), left, OURS)
            newest = self.tap.since(mark, HOME, "run-satellite")[-1]
            if pong.link == newest.link:
                return newest
            began = newest

    def idle(self, timeout: float = 15.0, entity: bool = True) -> None:
        """Wait until the satellite and Home Assistant are idle."""
        self.program.wait_until(
            lambda: (self.program.events("phase") or [{"phase": "idle"}])[-1]["phase"] == "idle",
            "end of the turn",
            timeout,
        )
        names = self.entry.entities.get("assist_satellite") if entity else None
        deadline = time.monotonic() + timeout
        while names:
            state = self.home_assistant.loop.run(self.home.api.state(names[0]))
            if state is None or state["state"] == "idle":
                return
            assert time.monotonic() < deadline, f"Home Assistant says {state}"
            time.sleep(0.05)

    def switch(self, muted: bool) -> None:
        """Mute or unmute the satellite in Home Assistant."""
        switch = self.home_assistant.loop.run(entries.entity(self.home.api, self.entry, "mute"))
        service = "switch.turn_on" if muted else "switch.turn_off"
        self.home_assistant.loop.run(self.home.api.service(service, entity_id=switch))

    def silence(self) -> None:
        """Discard the sound played so far."""
        self._silenced = len(self._sounds())

    def played(self) -> bytes:
        """Return the sound played since `silence`, as 16 kHz mono."""
        raw = b"".join(file.read_bytes() for file in self._sounds()[self._silenced :])
        samples = np.frombuffer(raw, "<i2") / 32768
        return (soxr.resample(samples, loudspeaker.RATE, 16000) * 32767).astype("<i2").tobytes()

    def finals(self, since: int = 0) -> list[Event]:
        """Return the final transcripts in the event log."""
        return [event for event in self.program.events("transcript") if event["final"]][since:]

    def _sounds(self) -> list[Path]:
        return sorted((self.folder / "speaker").glob("*.raw"))


@contextmanager
def connected_satellite(home: FurnishedHome, folder: Path, *more: str) -> Iterator[RealSatellite]:
    """Run a connected satellite during this block; `more` are its arguments."""
    place = RealSatellite(home, folder, *more)
    try:
        place.start()
        mark = len(place.tap.events)
        place.add()
        place.connected(mark)
        try:
            yield place
        finally:
            home.home_assistant.loop.run(entries.remove(home.api, place.entry))
    except AssertionError as error:
        error.add_note(f"between them:\n{place.tap.report()}\n{place.program.report()}")
        raise
    finally:
        place.kill()
