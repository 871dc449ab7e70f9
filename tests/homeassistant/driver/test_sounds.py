"""Announcements and timers of Home Assistant: played, rung and dismissed here."""

from __future__ import annotations

import asyncio

import msgspec

from satellite import events
from satellite.audio.cues import cue
from satellite.net import incoming_speech
from satellite.settings import HomeAssistantSettings
from tests.support.scripted_home_assistant import ScriptedHomeAssistant, connected_home_assistant
from tests.support.scripted_satellite import HOME, QUIET, SILENCE, VOICE, WAKE, ScriptedSatellite

CHIME = len(cue("announce").audio) / 2 / 22050
"""Seconds."""


def seconds(satellite: ScriptedSatellite) -> float:
    return len(satellite.speaker.heard) / 32000


def timers(satellite: ScriptedSatellite) -> list[str]:
    return [event.state for event in satellite.of(events.Timer)]


async def test_an_announcement_has_a_chime_and_ends_with_played() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await home.speak(1.0)
        await home.expect("played")
        assert abs(seconds(satellite) - 1.0 - CHIME) < 0.1
        assert satellite.of(events.Announce)
        assert [event.phase for event in satellite.of(events.Phase)] == ["speaking", "idle"]


async def test_the_chime_can_be_left_out_and_a_local_brain_announces_too() -> None:
    home_settings = msgspec.structs.replace(HOME, chime=False)
    settings = msgspec.structs.replace(QUIET, brain="local", homeassistant=home_settings)
    async with (
        ScriptedSatellite(settings).open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await home.speak(1.0)
        await home.expect("played")
        assert abs(seconds(satellite) - 1.0) < 0.1
    assert HomeAssistantSettings().chime


async def test_an_announcement_waits_for_a_turn_that_runs() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.speaker.slow = asyncio.Event()
        satellite.room.ask()
        await home.expect("audio-stop")
        await home.answer("turn on the lamp", "Done.", 0.5)
        await satellite.until(lambda: "drain" in satellite.speaker.calls)
        await home.speak(2.0)
        await asyncio.sleep(0.05)
        assert seconds(satellite) < 0.6
        satellite.speaker.slow.set()
        await home.expect("played")
        await home.expect("played")
        assert seconds(satellite) > 2.4
        assert satellite.outcomes() == ["answered"]


async def test_an_announcement_instead_of_an_answer() -> None:
    """Home Assistant ends a run silently when it announces: the turn continues without it."""
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.say((WAKE, 0.03), (SILENCE, 0.3), (VOICE, 1.0))
        await home.expect("audio-chunk")
        await home.speak(1.0)
        satellite.room.say((SILENCE, 1.0))
        await home.expect("played")
        assert satellite.outcomes() == ["answered"]
        assert satellite.asr.requests


async def test_the_wake_word_ends_an_announcement() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.speaker.slow = asyncio.Event()
        await home.speak(1.0)
        await satellite.until(lambda: "drain" in satellite.speaker.calls)
        satellite.room.ask()
        await home.expect("played")
        await home.expect("run-pipeline")
        satellite.speaker.slow.set()


async def test_sound_beyond_the_buffer_is_dropped(monkeypatch: object) -> None:
    kept = incoming_speech.IncomingSpeech()
    for _ in range(700):
        kept.put(cue("timer"))
    kept.end()
    played = [chunk async for chunk in kept.chunks(1.0)]
    assert len(played) == int(incoming_speech.MOST / 1.5)


async def test_a_timer_rings_on_time_while_home_assistant_is_disconnected() -> None:
    async with ScriptedSatellite().open() as satellite:
        async with connected_home_assistant(satellite.uri) as home:
            await home.send("timer-started", id="a", total_seconds=1, name="egg", start_hours=None)
            await satellite.until(lambda: timers(satellite) == ["started"])
        await satellite.until(lambda: "finished" in timers(satellite))
        await satellite.until(lambda: bool(satellite.speaker.heard))


async def test_a_timer_rings_once_whether_it_is_due_here_or_there_first() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await home.send("timer-started", id="a", total_seconds=600, name=None)
        await home.send("timer-finished", id="a")
        await satellite.until(lambda: "finished" in timers(satellite))
        await home.send("timer-finished", id="a")
        await satellite.until(lambda: "dismissed" in timers(satellite))
        await asyncio.sleep(0.05)
        assert timers(satellite) == ["started", "finished", "dismissed"]


async def test_a_timer_whose_start_was_not_received_rings() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await home.send("timer-finished", id="unknown")
        await satellite.until(lambda: "finished" in timers(satellite))


async def test_timers_are_changed_paused_and_cancelled() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await home.send("timer-started", id="a", total_seconds=600, name="egg")
        await home.send("timer-updated", id="a", is_active=False, total_seconds=1)
        await home.send("timer-started", id="b", total_seconds=600, name="tea")
        await home.send("timer-cancelled", id="b")
        await satellite.until(lambda: timers(satellite) == ["started", "started", "cancelled"])
        (halted,) = satellite.timers.states()
        assert (halted.id, halted.remaining) == ("a", 1.0)
        await home.send("timer-updated", id="a", is_active=True, total_seconds=0)
        await satellite.until(lambda: "finished" in timers(satellite))


async def ringing(satellite: ScriptedSatellite, home: ScriptedHomeAssistant) -> None:
    await home.send("timer-finished", id="a")
    await satellite.until(lambda: satellite.timers.ringing)


async def test_the_wake_word_dismisses_a_timer_and_stop_needs_no_answer() -> None:
    settings = msgspec.structs.replace(QUIET, cues=msgspec.structs.replace(QUIET.cues, timer=30.0))
    async with (
        ScriptedSatellite(settings).open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await ringing(satellite, home)
        satellite.room.ask()
        await home.expect("audio-stop")
        await satellite.until(lambda: "dismissed" in timers(satellite))
        satellite.speaker.heard = b""
        await home.send("transcript", text="Stop.")
        await satellite.ended()
        await home.send("synthesize", text="Sorry, I could not understand that.", voice=None)
        await home.speak(2.0)
        await home.send("ping")
        await satellite.until(lambda: home.pongs == 1)
        await asyncio.sleep(0.05)
        assert not satellite.speaker.heard
        assert satellite.outcomes() == ["answered"]


async def test_a_local_turn_stops_a_timer_of_home_assistants() -> None:
    from satellite.values import Action

    settings = msgspec.structs.replace(QUIET, cues=msgspec.structs.replace(QUIET.cues, timer=30.0))
    async with ScriptedSatellite(settings).open() as satellite:
        satellite.llm.replies = ((Action(name="stop"),),)
        async with connected_home_assistant(satellite.uri) as home:
            await ringing(satellite, home)
        satellite.room.ask()
        await satellite.until(lambda: "dismissed" in timers(satellite))
        await satellite.ended()
