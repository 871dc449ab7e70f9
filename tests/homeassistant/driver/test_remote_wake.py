"""Home Assistant detects the wake word: the sound it receives, and when a run is requested."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from wyoming.event import Event

from satellite import events
from tests.support.scripted_home_assistant import ScriptedHomeAssistant, connected_home_assistant
from tests.support.scripted_satellite import HOME, QUIET, SILENCE, VOICE, WAKE, ScriptedSatellite

STANDING = {"start_stage": "wake", "end_stage": "tts", "restart_on_end": True}


def satellite_that(wake: str) -> ScriptedSatellite:
    home = msgspec.structs.replace(HOME, wake=wake)
    return ScriptedSatellite(msgspec.structs.replace(QUIET, homeassistant=home))


async def asked(home: ScriptedHomeAssistant) -> Event:
    """Wait until the satellite has requested a run, and confirm it."""
    run = await home.expect("run-pipeline")
    assert run.data == STANDING
    await home.send("detect", names=None)
    return run


async def turn(
    satellite: ScriptedSatellite, home: ScriptedHomeAssistant, answer: str = "Done."
) -> None:
    """Run a turn whose wake word Home Assistant detects."""
    satellite.room.say((WAKE, 0.03), (SILENCE, 0.1))
    await satellite.until(lambda: WAKE in home.heard())
    await home.send("detection", name="okay_nabu", timestamp=1234.5)
    await satellite.until(lambda: bool(satellite.of(events.Wake)))
    satellite.room.say((SILENCE, 0.3), (VOICE, 1.0), (SILENCE, 1.0))
    await home.expect("audio-stop")
    await home.answer("turn on the lamp", answer)
    await home.expect("played")


async def test_all_sound_is_streamed_and_a_detection_begins_a_turn() -> None:
    async with (
        satellite_that("stream").open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await asked(home)
        before = satellite.wake.heard
        await turn(satellite, home)
        await satellite.ended()
        assert satellite.outcomes() == ["answered"]
        assert satellite.of(events.Wake)[0].word == "okay_nabu"
        assert home.kinds().count("run-pipeline") == 1  # Home Assistant goes on by itself
        assert "detection" not in home.kinds()
        assert satellite.wake.heard == before
        assert home.heard().count(VOICE) == pytest.approx(16000, abs=2 * 512)
        await home.expect("audio-chunk")


async def test_nothing_is_streamed_while_we_play() -> None:
    async with (
        satellite_that("stream").open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await asked(home)
        satellite.speaker.slow = asyncio.Event()
        await home.speak(0.5)
        await satellite.until(lambda: "drain" in satellite.speaker.calls)
        at = len(home.heard())
        satellite.room.say((VOICE, 1.0))
        await satellite.until(lambda: satellite.room.silent)
        assert len(home.heard()) - at <= 2048  # what was on its way
        satellite.speaker.slow.set()
        await home.expect("played")
        await home.expect("audio-chunk")


async def test_only_what_is_said_is_streamed() -> None:
    async with (
        satellite_that("voice").open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await asked(home)
        satellite.room.say((SILENCE, 5.0))
        await satellite.until(lambda: satellite.room.silent)
        assert not home.heard()
        satellite.room.say((VOICE, 1.0), (SILENCE, 5.0))
        await satellite.until(lambda: satellite.room.silent)
        assert home.heard().count(VOICE) == pytest.approx(16000, abs=512)
        assert 2.5 < len(home.heard()) / 32000 < 3.2


async def test_after_errors_a_run_is_requested_at_growing_intervals() -> None:
    async with (
        satellite_that("stream").open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await asked(home)
        await home.send("error", text="no engine", code="wake-provider-missing")
        await asked(home)
        await home.send("error", text="no engine", code="wake-provider-missing")
        await asked(home)
        runs = [i for i, event in enumerate(home.log) if event.type == "run-pipeline"]
        assert len(runs) == 3
        await home.send("error", text="aborted", code="wake_word_detection_aborted")
        await asked(home)


async def test_after_a_turn_of_another_kind_a_run_is_requested() -> None:
    async with (
        satellite_that("stream").open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await asked(home)
        await turn(satellite, home, "Which lamp?")
        follow_up = await home.expect("run-pipeline")
        assert follow_up.data["start_stage"] == "asr"
        satellite.room.say((SILENCE, 0.5), (VOICE, 1.0), (SILENCE, 1.0))
        await home.expect("audio-stop")
        await home.answer("the desk lamp", "Done.")
        await home.expect("played")
        await asked(home)


async def test_a_run_that_home_assistant_forgot_is_ended_after_mute() -> None:
    async with satellite_that("stream").open() as satellite:
        async with connected_home_assistant(satellite.uri) as home:
            await asked(home)
            await home.send("pause-satellite")
            await satellite.until(lambda: bool(satellite.of(events.Mute)))
        async with connected_home_assistant(satellite.uri) as again:
            await asked(again)
            assert again.kinds()[:3] == ["info", "audio-stop", "run-pipeline"]


async def test_an_unconfirmed_run_is_requested_again() -> None:
    async with (
        satellite_that("stream").open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        assert (await home.expect("run-pipeline")).data == STANDING
        await home.expect("audio-stop")
        await asked(home)


async def test_without_home_assistant_the_satellite_detects_wake_words() -> None:
    async with satellite_that("stream").open() as satellite:
        async with connected_home_assistant(satellite.uri) as home:
            await asked(home)
            home.leave()
        satellite.room.say((SILENCE, 0.1))
        satellite.room.ask()
        await satellite.ended()
        assert satellite.outcomes() == ["answered"]
        assert satellite.asr.requests


async def test_the_satellite_takes_the_turn_of_a_driver_lost_after_its_detection() -> None:
    async with satellite_that("stream").open() as satellite:
        async with connected_home_assistant(satellite.uri) as home:
            await asked(home)
            await home.send("detection", name="okay_nabu")
            await satellite.until(lambda: bool(satellite.of(events.Wake)))
            home.leave()
        satellite.room.say((SILENCE, 0.3), (VOICE, 1.0), (SILENCE, 1.0))
        await satellite.ended()
        assert satellite.outcomes() == ["answered"]
        assert satellite.asr.heard[0].count(VOICE) == pytest.approx(16000, abs=512)
