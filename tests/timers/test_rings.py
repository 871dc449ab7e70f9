"""Timers that ring on a satellite with scripted engines, and its state afterwards."""

from __future__ import annotations

from satellite import events
from satellite.values import Action
from tests.support.scripted_satellite import ScriptedSatellite


async def test_stop_ends_the_ringing_complaint_4_awake_after_timer_dismissal() -> None:
    room = ScriptedSatellite()
    room.llm.replies = [(Action(name="stop"),), ("It is seven.",)]
    async with room.open():
        room.timers.start(0, "pizza")
        await room.until(lambda: room.timers.ringing and bool(room.speaker.heard))
        room.room.ask()
        await room.ended()
        assert not room.timers.ringing
        assert room.activity.phase == "idle"
        room.room.ask()
        await room.ended(2)
        assert room.outcomes() == ["answered", "answered"]
        assert [e.state for e in room.of(events.Timer)] == ["started", "finished", "dismissed"]


async def test_hush_ends_the_ringing_at_once() -> None:
    room = ScriptedSatellite()
    async with room.open():
        room.timers.start(0)
        await room.until(lambda: room.timers.ringing)
        room.output.hush()
        assert not room.timers.ringing
        assert not room.context.situation().ringing


async def test_a_reminder_says_its_text_before_the_bell() -> None:
    room = ScriptedSatellite()
    data = {"seconds": 0.0, "text": "Reminder: call mom."}
    room.llm.replies = [(Action(name="timer.start", data=data),)]
    async with room.open():
        room.room.ask()
        await room.until(lambda: bool(room.tts.requests))
        assert room.tts.requests[0].text == "Reminder: call mom."


async def test_a_late_timer_is_announced_before_the_bell() -> None:
    room = ScriptedSatellite()
    async with room.open():
        room.timers.start(-120, "egg")
        await room.until(lambda: bool(room.tts.requests))
        assert room.tts.requests[0].text == "The egg timer ended 2 minutes ago."
