"""Complaints of other satellites' users, each as a test: turns, echo, follow-up, sound.

Real time passes in none of them: devices take theirs on a clock that jumps.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest

from satellite import events
from satellite.audio.cues import cue
from satellite.settings import CueSettings, Settings
from satellite.turns.context import Engines
from satellite.values import Action, AudioChunk, ReplyPart, ReplyRequest, SpeechRequest
from tests.support import virtual_time
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.paced_satellite import QUIET, PacedSatellite
from tests.support.scripted_satellite import SILENCE, VOICE

LONG = 300.0
"""Seconds after which devices suspend."""


def paced_satellite(*replies: tuple[ReplyPart, ...], settings: Settings = QUIET) -> PacedSatellite:
    llm = ScriptedLlm(replies or [("It is seven.",)])
    return PacedSatellite(settings, Engines(ScriptedAsr(), llm, ScriptedTts(0.3)))


def test_the_satellite_keeps_working_after_the_first_wake_word() -> None:
    async def main() -> None:
        async with paced_satellite().open() as home:
            for turn in range(1, 51):
                home.ask()
                await home.ended(turn)
            assert home.outcomes() == ["answered"] * 50

    virtual_time.run(main())


def test_the_satellite_sleeps_after_a_timer_was_dismissed() -> None:
    async def main() -> None:
        async with paced_satellite((Action(name="stop"),)).open() as home:
            home.timers.start(0.0)
            await home.until(lambda: home.timers.ringing)
            home.ask()
            await home.until(lambda: not home.timers.ringing)
            await home.ended()
            assert home.activity.phase == "idle"
            said = len(home.happened)
            home.mic.say((VOICE, 3.0), (SILENCE, 10.0))
            await asyncio.sleep(15.0)
            assert home.happened[said:] == []  # the satellite does not listen

    virtual_time.run(main())


def test_a_timer_that_rings_is_stopped_without_a_wake_word() -> None:
    async def main() -> None:
        async with paced_satellite().open() as home:
            home.timers.start(0.0)
            await home.until(lambda: not home.speaker.silent)
            assert home.output.talking
            home.output.hush()  # the reaction to a stop word
            await home.until(lambda: not home.timers.ringing, 0.2)
            await home.until(lambda: home.speaker.silent, 0.2)
            assert home.outcomes() == []

    virtual_time.run(main())


def test_a_reply_and_an_announcement_are_stopped_without_a_wake_word() -> None:
    async def news() -> AsyncGenerator[AudioChunk, None]:
        yield cue("timer")
        yield cue("timer")

    async def main() -> None:
        async with paced_satellite(("One two three four five six seven eight.",)).open() as home:
            home.ask()
            await home.speaking()
            home.output.hush()
            await home.until(lambda: home.speaker.silent, 0.15)
            await home.ended()
            assert home.outcomes() == ["cancelled"]
            async with asyncio.TaskGroup() as tasks:
                announcing = tasks.create_task(home.output.announce(news()))
                await home.speaking()
                await asyncio.sleep(0.5)
                home.output.hush()
                await home.until(lambda: home.speaker.silent, 0.15)
                await home.until(announcing.done, 0.2)
            assert home.activity.phase == "idle"

    virtual_time.run(main())


def test_the_microphone_reopens_only_after_playback() -> None:
    """A speaker with a buffer of five seconds still plays after receiving everything."""

    async def main() -> None:
        home = paced_satellite(("Which one two three four five six seven?",), ("Done.",))
        home.speaker.buffer = 5.0
        async with home.open():
            home.ask()
            await home.until(lambda: bool(home.of(events.AudioEnd)))
            assert home.speaker.waiting > 1.0
            home.mic.say((VOICE, 0.5))  # the echo of its own reply
            await home.until(lambda: len(home.utterances) == 2)
            assert home.speaker.silent
            await home.ended(2)
            assert home.outcomes() == ["answered", "nothing_heard"]

    virtual_time.run(main())


def test_the_echo_of_a_reply_is_not_mistaken_for_an_answer() -> None:
    async def main() -> None:
        async with paced_satellite(("Which room?",)).open() as home:
            home.ask()
            await home.until(lambda: len(home.utterances) == 2)
            home.mic.say((VOICE, 0.4))  # a room rings that long
            await home.ended(2)
            assert home.outcomes() == ["answered", "nothing_heard"]

    virtual_time.run(main())


def test_the_satellite_does_not_interrupt_itself() -> None:
    """Only the wake word interrupts; voices, including its own, do not."""

    async def main() -> None:
        async with paced_satellite(("One two three four five six seven eight.",)).open() as home:
            home.ask()
            await home.speaking()
            home.mic.say((VOICE, 2.0), (SILENCE, 0.5), (VOICE, 0.3))
            await home.ended()
            assert home.outcomes() == ["answered"]
            assert home.speaker.played == pytest.approx(8 * 0.3, abs=0.01)
            await asyncio.sleep(5.0)
            assert len(home.utterances) == 1

    virtual_time.run(main())


def test_no_syllable_of_a_reply_is_clipped_at_its_beginning_or_its_end() -> None:
    async def main() -> None:
        async with paced_satellite(("One. Two. Three.",)).open() as home:
            for turn in (1, 2):
                before = home.speaker.played
                home.ask()
                await home.ended(turn)
                assert home.speaker.played - before == pytest.approx(3 * 0.3, abs=1e-6)
                assert home.speaker.silent
                await asyncio.sleep(LONG)

    virtual_time.run(main())


def test_a_reply_continues_after_a_pause_of_the_model() -> None:
    class Pausing(ScriptedLlm):
        async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
            yield "One two. "
            await asyncio.sleep(12.0)
            yield "Three four."

    async def main() -> None:
        async with PacedSatellite(
            QUIET, Engines(ScriptedAsr(), Pausing(), ScriptedTts(0.3))
        ).open() as home:
            home.ask()
            await home.ended()
            assert home.outcomes() == ["answered"]
            assert home.speaker.played == pytest.approx(4 * 0.3, abs=0.01)

    virtual_time.run(main())


def test_the_wake_sound_comes_at_once_after_a_long_silence() -> None:
    async def main() -> None:
        settings = msgspec.structs.replace(QUIET, cues=CueSettings(awake=True, follow_up=False))
        async with paced_satellite(settings=settings).open() as home:
            await asyncio.sleep(LONG)
            home.ask()
            await home.until(lambda: bool(home.of(events.Wake)))
            assert await home.until(lambda: not home.speaker.silent) < 0.05

    virtual_time.run(main())


def test_a_voice_that_starts_after_eight_seconds_is_played() -> None:
    class Slow(ScriptedTts):
        async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
            await asyncio.sleep(8.0)
            yield AudioChunk(audio=self._word, format=self.format)

    async def main() -> None:
        async with PacedSatellite(
            QUIET, Engines(ScriptedAsr(), ScriptedLlm(), Slow(0.3))
        ).open() as home:
            home.ask()
            await home.ended()
            assert home.outcomes() == ["answered"]
            assert home.speaker.played == pytest.approx(0.3, abs=0.01)

    virtual_time.run(main())


def test_a_short_answer_does_not_wait_for_seconds() -> None:
    """Measure from the end of "yes" to the start of its processing."""

    async def main() -> None:
        async with paced_satellite(("Shall I?",), ("Done.",)).open() as home:
            home.ask()
            await home.until(lambda: len(home.utterances) == 2)
            home.mic.say((SILENCE, 0.5), (VOICE, 0.3), (SILENCE, 3.0))
            await home.until(lambda: len(home.of(events.SpeechStart)) == 2)
            assert await home.until(lambda: len(home.of(events.SpeechEnd)) == 2) < 1.0
            await home.ended(2)
            assert home.outcomes() == ["answered", "answered"]

    virtual_time.run(main())


def test_listening_in_noise_ends() -> None:
    async def main() -> None:
        async with paced_satellite().open() as home:
            home.ask()
            home.mic.say((VOICE, 60.0))
            waited = await home.until(lambda: bool(home.outcomes()))
            assert waited < QUIET.listen.maximum + 5.0

    virtual_time.run(main())
