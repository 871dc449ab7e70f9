"""A satellite whose turns are checked word by word, with any servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from satellite import events
from satellite.audio.cues import cue
from satellite.audio.playback import Playback
from satellite.engines.failover import failover
from satellite.engines.selection import SHARE
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.preferences import Preferences
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.settings import CueSettings, DeadlineSettings, Settings
from satellite.turns.context import Engines
from tests.support.checkable_engines import FORM, CheckableAsr, CheckableLlm, CheckableTts, words
from tests.support.devices import ScriptedSpeaker
from tests.support.recorded_turn import utterance
from tests.support.turn_parts import SpeechParts, TurnParts

DEADLINE = 0.6
"""Deadline of each stage in seconds: long for engines that take milliseconds, short for a test."""
LONGEST = 3.0
"""Longest deadline in seconds of each stage, on a busy machine."""
UTTERANCE_BYTES = 16000
"""Size of the utterance: half a second."""
PATIENCE = 15.0
"""Seconds after which a turn counts as stuck: three stages and an apology on a busy machine."""
BUILT_IN = {"asr": CheckableAsr(), "llm": CheckableLlm(goes_on=False), "tts": CheckableTts()}


class TurnRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A turn as recorded at the speaker and in the event log."""

    outcome: str
    stage: str | None
    seconds: float
    words: list[str]
    text: str
    reply: str
    cue: bool
    by: tuple[str, ...]
    """The targets of all failovers."""


async def fair_deadline(uris: Sequence[str]) -> float:
    """Return a deadline in seconds that a healthy server currently meets on this machine."""
    async with bound_to(uris, LONGEST) as satellite:
        needed = (await satellite.turn()).seconds
    return min(LONGEST, max(DEADLINE, 4 * needed))


class CheckedSatellite:
    """A running satellite."""

    def __init__(self, engines: Engines, deadline: float) -> None:
        self.happened: list[events.Event] = []
        self._speaker = ScriptedSpeaker(FORM)
        playback = Playback(self._speaker, self.happened.append)
        settings = Settings(
            name="checked_satellite",
            cues=CueSettings(awake=False),
            deadlines=DeadlineSettings(asr=deadline, llm=deadline, tts=deadline),
        )
        speech = SpeechParts(settings, engines, playback, self.happened.append)
        self.parts = TurnParts(speech)

    async def turn(self) -> TurnRecord:
        """Start a turn and wait until the satellite listens again."""
        self.happened.clear()
        self._speaker.heard = b""
        began = time.monotonic()
        assert self.parts.manager.start(utterance(bytes(UTTERANCE_BYTES)))
        async with asyncio.timeout(PATIENCE):
            while not self.parts.speech.activity.idle:
                await asyncio.sleep(0.001)
        seconds = time.monotonic() - began
        (end,) = self._of(events.TurnEnd)
        texts = [event for event in self._of(events.Transcript) if event.final]
        replies = [event for event in self._of(events.Reply) if event.final]
        return TurnRecord(
            outcome=end.outcome,
            stage=end.stage,
            seconds=seconds,
            words=words(self._speaker.heard),
            text=texts[-1].text if texts else "",
            reply=replies[-1].text if replies else "",
            cue=cue("error").audio in self._speaker.heard,
            by=tuple(event.to for event in self._of(events.Failover)),
        )

    def _of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.happened if isinstance(event, kind)]


@asynccontextmanager
async def checked_satellite(
    *servers: Sequence[str], deadline: float = DEADLINE
) -> AsyncGenerator[CheckedSatellite, None]:
    """Run a satellite that prefers these servers, in this order, to its built-in engines."""
    pins = tuple(uri for uris in servers for uri in uris)
    discovery = Discovery(preferences=Preferences(pin=pins), announced=False, pairing=Pairing())

    def publish(event: events.Event) -> None:
        made.happened.append(event)

    engines = Engines(
        *(
            failover(role, BUILT_IN[role], discovery, publish, SHARE * deadline)
            for role in ("asr", "llm", "tts")
        )
    )
    made = CheckedSatellite(engines, deadline)
    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(discovery.run())
        helping = tasks.create_task(made.parts.run())
        while len(discovery.services()) < len(pins):
            await asyncio.sleep(0.001)
        yield made
        looking.cancel()
        helping.cancel()


@asynccontextmanager
async def bound_to(
    uris: Sequence[str], deadline: float = DEADLINE
) -> AsyncGenerator[CheckedSatellite, None]:
    """Run a satellite that is configured to use only these services."""
    asr, llm, tts = (
        remote(uri, role, pairing=Pairing())
        for uri, role in zip(uris, ("asr", "llm", "tts"), strict=True)
    )
    made = CheckedSatellite(Engines(asr, llm, tts), deadline)
    async with asyncio.TaskGroup() as tasks:
        helping = tasks.create_task(made.parts.run())
        await asyncio.sleep(0)
        yield made
        helping.cancel()
