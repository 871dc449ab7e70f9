"""The announcer: urgent announcements come first, and all others wait for the end of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest

from satellite.announcements import announcer as module
from satellite.announcements.announcement import Announcement, AnnouncementStyle, Outcome, Priority
from satellite.announcements.announcer import MOST, Announcer
from satellite.errors import EngineBusy, EngineFailed
from satellite.settings import Settings
from satellite.values import AudioChunk
from tests.support.engines import ScriptedTts

PROMPT = 0.2
"""Seconds of quiet in these tests, and between two checks."""


class Hall:
    """An output that plays each announcement until it is interrupted or released."""

    def __init__(self) -> None:
        self.idle = True
        self.said: list[str] = []
        self.interrupted = 0
        self.going_on = asyncio.Event()
        self.going_on.set()
        self.ringing = False
        self._playing: asyncio.Timeout | None = None

    async def announce(
        self, audio: AsyncGenerator[AudioChunk, None], chime: bool = True, text: str = ""
    ) -> bool:
        self.said.append(text)
        try:
            async with asyncio.timeout(None) as self._playing:
                async for _ in audio:
                    pass
                await self.going_on.wait()
        except TimeoutError:
            return False
        return True

    def interrupt(self) -> None:
        self.interrupted += 1
        self.idle = True
        if self._playing is not None and not self._playing.expired():
            self._playing.reschedule(asyncio.get_running_loop().time())


@asynccontextmanager
async def announcing(hall: Hall, tts: ScriptedTts | None = None) -> AsyncIterator[Announcer]:
    it = Announcer(hall, Settings(), tts or ScriptedTts())
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(10):
        task = tasks.create_task(it.run())
        await asyncio.sleep(0)
        yield it
        task.cancel()


def style(priority: Priority) -> AnnouncementStyle:
    return AnnouncementStyle(priority=priority)


async def test_announcements_wait_for_a_turn_and_the_most_urgent_comes_first() -> None:
    hall = Hall()
    hall.idle = False
    async with announcing(hall) as it:
        outcomes = [
            it.say("low", style("low")),
            it.say("first", style("normal")),
            it.say("second", style("normal")),
        ]
        await asyncio.sleep(3 * module.LOOK)
        assert hall.said == []
        hall.idle = True
        assert await outcomes[2] == "heard"
        assert hall.said == ["first", "second"]


async def test_a_text_is_cleaned_as_replies_are() -> None:
    hall, tts = Hall(), ScriptedTts()
    async with announcing(hall, tts) as it:
        text = "**Dinner** is [ready](https://example.com) at $x = 7$ 😀"
        assert await it.say(text) == "heard"
        assert await it.say("😀") == "failed"
    assert tts.texts == ["Dinner is ready at x = 7"]


async def test_an_urgent_announcement_ends_the_turn_and_other_announcements() -> None:
    hall = Hall()
    hall.idle = False
    async with announcing(hall) as it:
        assert await it.say("fire", style("high")) == "heard"
        hall.going_on.clear()
        dinner = it.say("dinner", style("normal"))
        while hall.said[-1] != "dinner":
            await asyncio.sleep(0.01)
        fire = it.say("fire", style("high"))
        assert await dinner == "interrupted"
        again = it.say("fire again", style("high"))
        hall.going_on.set()
        assert (await fire, await again) == ("heard", "heard")
        assert hall.interrupted == 2
        assert hall.said == ["fire", "dinner", "fire", "fire again"]


async def test_an_announcement_of_low_priority_waits_for_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CALM", PROMPT)
    hall = Hall()
    async with announcing(hall) as it:
        began = asyncio.get_running_loop().time()
        assert await it.say("low", style("low")) == "heard"
        assert asyncio.get_running_loop().time() - began >= PROMPT - 0.01


async def test_an_announcement_that_waits_too_long_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    hall = Hall()
    hall.idle = False
    async with announcing(hall) as it:
        assert await it.say("stale") == "expired"
    assert hall.said == []


async def test_too_many_are_refused_and_the_waiting_ones_end_as_interrupted() -> None:
    hall = Hall()
    hall.idle = False
    outcomes: list[asyncio.Future[Outcome]] = []
    async with announcing(hall) as it:
        outcomes = [it.say("text") for _ in range(MOST)]
        with pytest.raises(EngineBusy, match="16 announcements are waiting"):
            it.say("one more")
    assert {outcome.result() for outcome in outcomes} == {"interrupted"}


async def test_a_failing_voice_is_reported_and_the_next_announcement_is_heard() -> None:
    async def broken() -> AsyncGenerator[AudioChunk, None]:
        raise EngineFailed("no voice")
        yield

    async with announcing(Hall()) as it:
        assert await it.submit(Announcement(broken)) == "failed"
        assert await it.say("text") == "heard"
