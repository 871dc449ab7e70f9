"""Nothing that a plugin raises or returns ends the satellite: every role with every kind of error.

The whole satellite runs in this process, with a plugin of every role from "installed" packages.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from satellite import app, events
from satellite.announcements.announcement import AnnouncementStyle
from satellite.audio import capture
from satellite.components import registry
from satellite.errors import DeviceLost
from satellite.events import Event
from satellite.lib.bus import Bus
from satellite.listening import listener
from satellite.settings import (
    CueSettings,
    DuckingSettings,
    HomeAssistantSettings,
    HttpSettings,
    ListenSettings,
    Settings,
    SoundSettings,
    StatsSettings,
)
from satellite.turns import openings
from satellite.values import AudioChunk, AudioFormat
from tests.support.scripted_satellite import Room
from tests.support.strange_plugins import ROLES, Trouble, plugins

pytestmark = pytest.mark.contained_failures

STRANGE = Settings(
    name="strange",
    **{role: "strange" for role in ROLES if role != "hook"},  # type: ignore[arg-type]
    hooks=("strange",),
    zeroconf=False,
    # requests follow each other so soon that they would be taken for one, without the wake word
    listen=ListenSettings(stop_words=False, by_meaning=False),
    cues=CueSettings(awake=False, error=False),
    sound=SoundSettings(echo_cancellation=False),
    ducking=DuckingSettings(enabled=False),
    homeassistant=HomeAssistantSettings(listen=""),
    http=HttpSettings(port=0),
    stats=StatsSettings(enabled=False),
)
LOST = 20
"""Looks at a silent room without a turn after which a request was lost on its way."""
SOON = 10.0
"""Seconds within which a satellite on a busy machine has answered."""


def errors() -> list[BaseException]:
    """Return an error of every kind, new ones each time."""
    return [
        ValueError("strange"),
        MemoryError(),
        RecursionError("maximum recursion depth exceeded"),
        KeyError("\x1b[31mred"),
        OSError(5, "Input/output error"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        StopAsyncIteration(),
        asyncio.CancelledError(),
        SystemExit(3),
        ExceptionGroup("several", [ValueError("one"), KeyError("two")]),
        BaseExceptionGroup("several", [SystemExit(1), ValueError("two")]),
    ]


SOUND = [
    AudioChunk(audio=b"\x01\x00" * 800, format=AudioFormat(rate)) for rate in (0, 1, -1, 10**9)
]
NOTHING: list[Any] = [None, 7, "text", float("nan"), [], object()]
WRONG: dict[str, list[Any]] = {
    "mic": NOTHING,
    "wake": NOTHING,
    "vad": [*NOTHING, 1e300, -1],
    "asr": NOTHING,
    "llm": [None, 7, float("nan"), [], object()],
    "tts": [*NOTHING, *SOUND, AudioChunk(audio=b"\0\0", format=AudioFormat(16000, 0))],
    "speaker": [],
    "hook": [],
}


class StrangeHome:
    """A satellite of strange plugins, and what it publishes."""

    def __init__(self) -> None:
        self.trouble, self.room, self.bus = Trouble(), Room(), Bus()
        self.happened: list[Event] = []

    def outcomes(self) -> list[str]:
        """Return the outcomes of the turns so far."""
        return [event.outcome for event in self.happened if isinstance(event, events.TurnEnd)]

    @property
    def in_turn(self) -> bool:
        """Whether a turn runs."""
        phases = [event.phase for event in self.happened if isinstance(event, events.Phase)]
        return bool(phases) and phases[-1] != "idle"

    async def until(self, true: Any) -> None:
        async with asyncio.timeout(SOON):
            while not true():
                assert not self.running.done(), self.running
                await asyncio.sleep(0.005)

    async def answered(self) -> None:
        """Ask until the satellite has answered, which proves that it listens."""
        before = len(self.outcomes())
        async with asyncio.timeout(SOON):
            while "answered" not in self.outcomes()[before:]:
                count, waited = len(self.outcomes()), 0
                self.room.ask()
                for _ in range(2000):
                    assert not self.running.done(), self.running
                    await asyncio.sleep(0.005)
                    waited = waited + 1 if self.room.silent and not self.in_turn else 0
                    if len(self.outcomes()) > count or waited > LOST:
                        break

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[StrangeHome, None]:
        async with self.bus.subscribe("test") as happening:

            async def collect() -> None:
                async for event in happening:
                    self.happened.append(event)

            collecting = asyncio.create_task(collect())
            self.running = asyncio.create_task(app.run(STRANGE, self.bus))
            try:
                await self.until(lambda: any(isinstance(e, events.Ready) for e in self.happened))
                yield self
            finally:
                self.running.cancel()
                collecting.cancel()
                await asyncio.wait([self.running, collecting])


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> StrangeHome:
    made = StrangeHome()
    kinds = plugins(made.trouble, made.room)

    def entry_points(group: str) -> list[Any]:
        role = group.removeprefix("satellite.")
        if role not in kinds:
            return []
        found = SimpleNamespace(name="strange", dist=None, value="strange:Strange")
        found.load = lambda: kinds[role]
        return [found]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    monkeypatch.setattr(openings, "LONGEST_TEXT", 0)  # the voice is asked in every turn
    for module, name in ((listener, "RETRY"), (capture, "_RETRY_FIRST"), (capture, "_RETRY_MOST")):
        monkeypatch.setattr(module, name, 0.02)
    return made


@pytest.mark.parametrize("role", ROLES)
async def test_a_satellite_listens_after_whatever_a_plugin_does(
    role: str, home: StrangeHome, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    async with home.open():
        await home.answered()
        things = [*errors(), *WRONG[role]]
        for number, thing in enumerate(things, 1):
            home.trouble.arm(role, thing)
            await home.answered()
            assert home.trouble.struck == number, f"{role} was not asked: {thing!r}"
        stages = {
            event.stage
            for event in home.happened
            if isinstance(event, events.TurnEnd) and event.outcome == "failed"
        }
        assert stages <= {role}, "a turn failed by another stage than the one with the trouble"


async def test_an_announcement_with_a_strange_voice_fails_alone(
    home: StrangeHome, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    style = AnnouncementStyle(chime=False)
    async with home.open():
        for thing in (*errors(), *WRONG["tts"]):
            home.trouble.arm("tts", thing)
            outcomes = await home.trouble.controls.announce("hello", style, (), True)
            assert outcomes == {"strange": "failed"}, thing
            outcomes = await home.trouble.controls.announce("hello", style, (), True)
            assert outcomes == {"strange": "heard"}, thing
        await home.answered()


async def test_an_announcement_on_a_dead_speaker_fails_alone(
    home: StrangeHome, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    async with home.open():
        for thing in (DeviceLost("unplugged"), *errors()):
            for chime in (True, False):
                style = AnnouncementStyle(chime=chime)
                home.trouble.arm("speaker", thing)
                outcomes = await home.trouble.controls.announce("hello", style, (), True)
                assert outcomes == {"strange": "failed"}, thing
                outcomes = await home.trouble.controls.announce("hello", style, (), True)
                assert outcomes == {"strange": "heard"}, thing
        await home.answered()
