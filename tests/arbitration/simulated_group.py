"""Satellites in one process: election, network and time are real, everything else is scripted."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from satellite import events
from satellite.arbitration import group
from satellite.arbitration.arbiter import Arbiter
from satellite.listening.utterance import Utterance
from satellite.settings import RoomsSettings, Settings
from satellite.values import SPEECH, Detection
from tests.arbitration.test_multicast import LOOP
from tests.support.acoustics import at_level, pcm, room_noise, samples
from tests.support.ports import free_port
from tests.support.speech import speak

SOON = 5.0
WORD = "okay_nabu"


def settings(**changes: object) -> Settings:
    """Return settings of a new home: its own group, on its own port."""
    rooms = RoomsSettings(group=secrets.token_hex(8), port=free_port(socket.SOCK_DGRAM))
    return msgspec.structs.replace(Settings(wake="openwakeword:okay_nabu", rooms=rooms), **changes)


def word(level: float, late: float = 0.2) -> bytes:
    """Return five seconds of a room in which the wake word ended `late` seconds ago."""
    spoken = at_level(samples(speak("okay nabu", "en-us+m3")), level)
    noise = room_noise(5.0, -60.0)
    end = len(noise) - round(late * SPEECH.rate)
    noise[end - len(spoken) : end] += spoken
    return pcm(noise)


class SimulatedSatellite:
    """A satellite with an arbiter: its microphone's sound, and its actions."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.recorded = b""
        self.busy = False
        self.muted = False
        self.answered: list[Utterance] = []
        self.withdrawn: list[Utterance] = []
        self.closed: list[Utterance] = []
        self.published: list[events.Event] = []
        self.open: Utterance | None = None
        named = msgspec.structs.replace(settings, name=name)
        self.arbiter = Arbiter(named, self, self, self.published.append, on_yield=lambda: None)

    def wake(self, score: float = 0.9) -> bool:
        """Fire the detector."""
        return self.listen_now(Detection(word=WORD, score=score, sample=0))

    def listen_now(self, detection: Detection | None = None, preroll: float = 0.0) -> bool:
        if self.open is not None:
            return False
        utterance = Utterance(detection, 1.0)
        utterance.on_close(lambda: self._close(utterance))
        accepted = self.arbiter.accept(utterance)
        if accepted and utterance not in self.closed:
            self.open = utterance
        return accepted

    def recent(self, seconds: float) -> bytes:
        return self.recorded[-SPEECH.bytes_of(seconds) :]

    def accepts(self, utterance: Utterance) -> bool:
        return not self.muted

    def start(self, utterance: Utterance) -> bool:
        if self.accepts(utterance):
            self.answered.append(utterance)
        return self.accepts(utterance)

    def withdraw(self, utterance: Utterance) -> None:
        self.withdrawn.append(utterance)

    def events_of(self, kind: type[events.Event]) -> list[events.Event]:
        return [event for event in self.published if isinstance(event, kind)]

    def _close(self, utterance: Utterance) -> None:
        self.closed.append(utterance)
        self.open = None


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def home(
    monkeypatch: pytest.MonkeyPatch, *names: str, home_settings: Settings | None = None
) -> AsyncGenerator[list[SimulatedSatellite], None]:
    """Run satellites that know each other, on the loopback of this machine only."""
    monkeypatch.setattr(group, "interfaces", lambda: [LOOP])
    monkeypatch.setattr(group, "ASKS", (0.0, 0.02, 0.04))
    home_settings = home_settings or settings()
    satellites = [SimulatedSatellite(home_settings, name) for name in names]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(satellite.arbiter.run()) for satellite in satellites]
        try:
            await until(lambda: all(one.arbiter.others == len(names) - 1 for one in satellites))
            yield satellites
        finally:
            for task in running:
                task.cancel()
