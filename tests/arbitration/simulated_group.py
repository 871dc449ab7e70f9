"""Satellites in one process: their agreement, network and time are real, the rest is scripted."""

from __future__ import annotations

import asyncio
import secrets
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
from tests.arbitration.test_multicast import LOOP, free_port
from tests.support.acoustics import at_level, pcm, room_noise, samples
from tests.support.speech import speak

SOON = 5.0
WORD = "okay_nabu"


def settings(**changes: object) -> Settings:
    """A home of its own, on a port of its own."""
    rooms = RoomsSettings(group=secrets.token_hex(8), port=free_port())
    return msgspec.structs.replace(Settings(wake="openwakeword:okay_nabu", rooms=rooms), **changes)


def word(level: float, late: float = 0.2) -> bytes:
    """Five seconds of a room in which the wake word has just been said, `late` seconds ago."""
    said = at_level(samples(speak("okay nabu", "en-us+m3")), level)
    noise = room_noise(5.0, -60.0)
    end = len(noise) - round(late * SPEECH.rate)
    noise[end - len(said) : end] += said
    return pcm(noise)


class Room:
    """A satellite: what its microphone has heard, and what it did."""

    def __init__(self, its: Settings, name: str) -> None:
        self.heard = b""
        self.busy = False
        self.muted = False
        self.answered: list[Utterance] = []
        self.withdrawn: list[Utterance] = []
        self.closed: list[Utterance] = []
        self.happened: list[events.Event] = []
        self.open: Utterance | None = None
        named = msgspec.structs.replace(its, name=name)
        self.rooms = Arbiter(named, self, self, self.happened.append, on_yield=lambda: None)

    def wake(self, score: float = 0.9) -> bool:
        """The detector hears the word."""
        return self.listen_now(Detection(word=WORD, score=score, sample=0))

    def listen_now(self, detection: Detection | None = None, preroll: float = 0.0) -> bool:
        if self.open is not None:
            return False
        utterance = Utterance(detection, 1.0)
        utterance.cut_by(lambda: self._close(utterance))
        wanted = self.rooms.accept(utterance)
        if wanted and utterance not in self.closed:
            self.open = utterance
        return wanted

    def recent(self, seconds: float) -> bytes:
        return self.heard[-SPEECH.bytes_of(seconds) :]

    def accepts(self, utterance: Utterance) -> bool:
        return not self.muted

    def start(self, utterance: Utterance) -> bool:
        if self.accepts(utterance):
            self.answered.append(utterance)
        return self.accepts(utterance)

    def withdraw(self, utterance: Utterance) -> None:
        self.withdrawn.append(utterance)

    def of(self, kind: type[events.Event]) -> list[events.Event]:
        return [event for event in self.happened if isinstance(event, kind)]

    def _close(self, utterance: Utterance) -> None:
        self.closed.append(utterance)
        self.open = None


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not true():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def home(
    monkeypatch: pytest.MonkeyPatch, *names: str, its: Settings | None = None
) -> AsyncGenerator[list[Room], None]:
    """Satellites that know each other, on this machine's loop alone."""
    monkeypatch.setattr(group, "interfaces", lambda: [LOOP])
    monkeypatch.setattr(group, "ASKS", (0.0, 0.02, 0.04))
    its = its or settings()
    living = [Room(its, name) for name in names]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(room.rooms.run()) for room in living]
        try:
            await until(lambda: all(room.rooms.others == len(names) - 1 for room in living))
            yield living
        finally:
            for task in running:
                task.cancel()
