"""Home Assistant is lost within a turn, at each of its stages: the satellite finishes it."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from satellite import events
from tests.support.scripted_home_assistant import ScriptedHomeAssistant, connected_home_assistant
from tests.support.scripted_satellite import QUIET, SILENCE, VOICE, WAKE, ScriptedSatellite

STAGES = ("detection", "audio", "transcript", "synthesize", "sound")


async def reach(stage: str, satellite: ScriptedSatellite, home: ScriptedHomeAssistant) -> None:
    """Run a turn up to a stage."""
    satellite.room.say((WAKE, 0.03), (SILENCE, 0.3), (VOICE, 0.5))
    await home.expect("run-pipeline")
    if stage == "detection":
        return
    await home.send("transcribe", language="en")
    await home.expect("audio-chunk")
    if stage == "audio":
        return
    await home.send("transcript", text="turn on the lamp")
    if stage in ("synthesize", "sound"):
        await home.send("synthesize", text="Turned on the lamp.", voice=None)
    if stage == "sound":
        await home.speak(0.5, end=False)
        await satellite.until(lambda: bool(satellite.speaker.heard))
    else:
        await satellite.until(lambda: bool(satellite.of(events.Transcript)))


async def finish(satellite: ScriptedSatellite) -> float:
    """Finish the utterance; return the seconds until the satellite is idle again."""
    began = time.monotonic()
    satellite.room.say((VOICE, 0.5), (SILENCE, 1.0))
    await satellite.ended()
    return time.monotonic() - began


def as_local(stage: str, satellite: ScriptedSatellite) -> None:
    """Check that the satellite did the rest, once, and in one turn."""
    assert satellite.outcomes() == ["answered"]
    assert len({event.turn for event in satellite.happened if event.turn}) == 1
    (failover,) = satellite.of(events.Failover) if stage != "sound" else (None,)
    assert failover is None or (failover.origin, failover.to) == ("homeassistant", "local")
    assert len(satellite.asr.requests) == (stage in ("detection", "audio"))
    asked = [request.text for request in satellite.llm.requests]
    if stage in ("detection", "audio"):
        assert VOICE in satellite.asr.heard[0]
        assert asked == ["what time is it"]
    elif stage == "transcript":
        assert asked == ["turn on the lamp"]
    else:
        assert asked == []
    assert satellite.tts.texts == {
        "synthesize": ["Turned on the lamp."],
        "sound": [],
    }.get(stage, ["It is seven o'clock."])
    assert satellite.speaker.heard


@pytest.mark.parametrize("stage", STAGES)
async def test_killed(stage: str) -> None:
    async with ScriptedSatellite().open() as satellite:
        async with connected_home_assistant(satellite.uri) as home:
            await reach(stage, satellite, home)
            home.leave()
            assert await finish(satellite) < 1.0
        as_local(stage, satellite)
        satellite.room.ask()  # it listens again, and does without
        await satellite.ended(2)
        assert satellite.outcomes() == ["answered", "answered"]


@pytest.mark.parametrize("stage", STAGES)
async def test_silent(stage: str) -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await reach(stage, satellite, home)
        home.alive = False
        assert await finish(satellite) < 1.5
        as_local(stage, satellite)


@pytest.mark.parametrize("stage", STAGES)
async def test_with_brain_homeassistant_its_loss_is_spoken(stage: str) -> None:
    settings = msgspec.structs.replace(QUIET, brain="homeassistant")
    async with (
        ScriptedSatellite(settings).open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await reach(stage, satellite, home)
        home.leave()
        await finish(satellite)
        assert not satellite.llm.requests
        if stage == "sound":
            assert satellite.outcomes() == ["answered"]
        else:
            assert satellite.outcomes() == ["failed"]
            assert satellite.tts.texts == ["Sorry, I lost the connection to Home Assistant."]
        satellite.room.ask()
        await satellite.ended(2)
        assert satellite.outcomes()[1] == "failed"
        assert satellite.tts.texts[-1] == "Sorry, Home Assistant is not connected."


@pytest.mark.parametrize(
    ("code", "asked"),
    [("stt-stream-failed", "what time is it"), ("intent-failed", "turn on the lamp")],
)
async def test_after_an_error_of_home_assistant_the_satellite_answers(
    code: str, asked: str
) -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.ask()
        await home.expect("audio-stop")
        if asked == "turn on the lamp":
            await home.send("transcript", text=asked)
        await home.send("error", text="It failed", code=code)
        await satellite.ended()
        assert [request.text for request in satellite.llm.requests] == [asked]
        assert satellite.outcomes() == ["answered"]


async def test_a_transcript_that_never_comes() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.ask()
        await home.expect("audio-stop")
        await satellite.ended()  # although it is there and answers pings
        assert satellite.outcomes() == ["answered"]
        assert satellite.asr.requests


async def test_an_answer_that_never_comes_ends_the_turn() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.ask()
        await home.expect("audio-stop")
        await home.send("transcript", text="turn on the lamp")
        await satellite.ended()
        assert satellite.outcomes() == ["answered"]  # it may have been done without a word
        assert not satellite.llm.requests


async def test_a_driver_too_old_for_pings_stays_connected() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri, drive=False) as home,
    ):
        home.alive = False
        await home.send("run-satellite")
        satellite.room.ask()
        await home.expect("audio-stop")
        await asyncio.sleep(0.6)
        await home.answer("turn on the lamp", "Done.")
        await satellite.ended()
        assert not satellite.of(events.Failover)
