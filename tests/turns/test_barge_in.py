"""The wake word ends what is heard at once, and only what was heard is remembered.

Devices take their time by the samples they gave and were given, on a clock that jumps.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
import pytest

from satellite import events
from satellite.settings import ListenSettings
from satellite.turns.context import Engines
from satellite.values import SPEECH, Action, AudioChunk, Message, ReplyPart, ReplyRequest
from tests.support import virtual_time
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.paced_satellite import QUIET, PacedSatellite
from tests.support.scripted_satellite import SILENCE

AT_ONCE = 0.15
"""Required seconds from the detection to a silent speaker."""

STORY = "One two three four. Five six seven eight. Nine ten eleven twelve."
"""Sentences of four words; a word lasts half a second."""


def paced_satellite(llm: ScriptedLlm | None = None) -> PacedSatellite:
    engines = Engines(ScriptedAsr(), llm or ScriptedLlm([(STORY,), ("Yes.",)]), ScriptedTts(0.5))
    return PacedSatellite(QUIET, engines)


async def silenced(home: PacedSatellite) -> float:
    """Say the wake word; seconds of sound that the microphone gave from its detection on until the
    speaker was silent."""
    wakes = len(home.of(events.Wake))
    home.ask()
    await home.until(lambda: len(home.of(events.Wake)) > wakes)
    given = home.mic.given
    await home.until(lambda: home.speaker.silent)
    return (home.mic.given - given) / SPEECH.rate


def test_a_reply_is_silent_150_ms_after_the_wake_word_and_the_request_is_heard() -> None:
    async def main() -> None:
        async with paced_satellite().open() as home:
            home.ask()
            await home.speaking()
            await asyncio.sleep(1.0)
            assert await silenced(home) < AT_ONCE
            await home.ended(2)
            assert home.outcomes() == ["cancelled", "answered"]
            assert home.utterances[1].has_speech

    virtual_time.run(main())


class Stubborn(ScriptedLlm):
    """Takes a second to be cancelled."""

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        try:
            async with aclosing(super().reply(request)) as parts:
                async for part in parts:
                    yield part
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1.0)


def test_a_turn_does_not_wait_for_an_engine_that_does_not_end() -> None:
    async def main() -> None:
        async with paced_satellite(Stubborn([(STORY,)])).open() as home:
            home.ask()
            await home.speaking()
            await asyncio.sleep(1.0)
            assert await silenced(home) < AT_ONCE

    virtual_time.run(main())


def test_an_announcement_is_silent_150_ms_after_the_wake_word() -> None:
    async def main() -> None:
        async def news() -> AsyncGenerator[AudioChunk, None]:
            yield AudioChunk(audio=SILENCE * 16000 * 20, format=SPEECH)

        async with paced_satellite().open() as home, asyncio.TaskGroup() as tasks:
            tasks.create_task(home.output.announce(news()))
            await home.speaking()
            await asyncio.sleep(2.0)
            assert await silenced(home) < AT_ONCE
            await home.ended()
            assert home.utterances[0].has_speech

    virtual_time.run(main())


def test_a_ring_is_silent_150_ms_after_the_wake_word() -> None:
    async def main() -> None:
        stop = ScriptedLlm([(Action(name="stop"),)])
        async with paced_satellite(stop).open() as home:
            home.timers.start(0.0)
            await home.until(lambda: not home.speaker.silent)
            assert await silenced(home) < AT_ONCE
            await home.ended()
            assert not home.timers.ringing

    virtual_time.run(main())


@pytest.mark.parametrize(
    ("after", "remembered"),
    [
        (1.0, ""),
        (2.5, "One two three four."),
        (4.4, "One two three four. Five six seven eight."),
    ],
)
def test_only_the_sentences_that_were_heard_are_remembered(after: float, remembered: str) -> None:
    """The whole reply is synthesized, and a quarter of a second of it waits in the speaker."""

    async def main() -> None:
        async with paced_satellite().open() as home:
            home.ask()
            await home.speaking()
            await asyncio.sleep(after)
            await silenced(home)
            await home.ended(2)
            asked = home.assistants.first.conversation.history()
            said = [Message(role="assistant", text=remembered)] if remembered else []
            assert list(asked) == [
                Message(role="user", text="what time is it"),
                *said,
                Message(role="user", text="what time is it"),
                Message(role="assistant", text="Yes."),
            ]

    virtual_time.run(main())


def test_without_barge_in_the_wake_word_changes_nothing() -> None:
    async def main() -> None:
        settings = msgspec.structs.replace(QUIET, listen=ListenSettings(barge_in=False))
        engines = Engines(ScriptedAsr(), ScriptedLlm([(STORY,)]), ScriptedTts(0.5))
        async with PacedSatellite(settings, engines).open() as home:
            home.ask()
            await home.speaking()
            home.ask()
            await home.ended()
            assert home.outcomes() == ["answered"]
            assert home.speaker.played == pytest.approx(6.0, abs=0.01)

    virtual_time.run(main())
