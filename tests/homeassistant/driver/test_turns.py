"""Home Assistant drives a turn: its events, its sound, and its outcome."""

from __future__ import annotations

import asyncio

import msgspec

from satellite import events
from satellite.settings import ListenSettings
from tests.support.scripted_home_assistant import ScriptedHomeAssistant, connected_home_assistant
from tests.support.scripted_satellite import QUIET, SILENCE, VOICE, WAKE, ScriptedSatellite


async def begun(satellite: ScriptedSatellite, home: ScriptedHomeAssistant) -> None:
    """Say the wake word and a request, with Home Assistant listening."""
    satellite.room.ask()
    assert (await home.expect("detection")).data["name"] == "okay_nabu"
    run = await home.expect("run-pipeline")
    assert run.data == {"start_stage": "asr", "end_stage": "tts", "restart_on_end": False}
    await home.send("transcribe", language="en")
    await home.expect("audio-chunk")


async def test_a_turn_from_the_wake_word_to_played() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await begun(satellite, home)
        await home.send("voice-started", timestamp=1.5)
        await home.expect("audio-stop")
        await home.answer("turn on the lamp", "Turned on the lamp.")
        await home.expect("played")
        await satellite.ended()
        assert home.kinds() == [
            "info",
            "detection",
            "run-pipeline",
            "audio-chunk",
            "audio-stop",
            "played",
        ]
        assert satellite.outcomes() == ["answered"]
        (turn,) = {event.turn for event in satellite.happened if event.turn}
        kinds = [event.kind for event in satellite.happened if event.turn == turn]
        assert kinds == [
            "wake",
            "speech_start",
            "speech_end",
            "transcript",
            "reply",
            "audio_start",
            "audio_end",
            "turn_end",
        ]
        assert satellite.of(events.Transcript)[0].engine == "homeassistant"
        phases = [event.phase for event in satellite.of(events.Phase)]
        assert phases == ["listening", "thinking", "speaking", "idle"]
        assert satellite.speaker.heard
        assert not satellite.asr.requests


async def test_a_long_pause_after_the_wake_word_is_not_sent() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.say((WAKE, 0.03), (SILENCE, 2.0), (VOICE, 1.0), (SILENCE, 1.0))
        await home.expect("audio-stop")
        assert WAKE not in home.heard()
        assert 0.5 < home.heard().index(VOICE) / 32000 < 0.7
        await home.answer("turn on the lamp", "Done.")
        await satellite.ended()


async def test_no_sound_is_sent_after_the_transcript() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.say((WAKE, 0.03), (SILENCE, 0.3), (VOICE, 2.0))
        await home.expect("audio-chunk")
        await home.send("transcript", text="turn on the lamp")
        await satellite.until(lambda: bool(satellite.of(events.Transcript)))
        at = len(home.log)
        satellite.room.say((VOICE, 2.0))
        await home.send("synthesize", text="Done.", voice=None)
        await home.speak()
        await home.expect("played")
        assert {event.type for event in home.log[at:]} <= {"played"}
        assert satellite.of(events.SpeechEnd)


async def test_played_is_sent_when_the_speaker_is_silent_and_not_before() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.speaker.slow = asyncio.Event()
        await begun(satellite, home)
        await home.answer("turn on the lamp", "Done.")
        await satellite.until(lambda: "drain" in satellite.speaker.calls)
        await asyncio.sleep(0.05)
        assert "played" not in home.kinds()
        satellite.speaker.slow.set()
        await home.expect("played")


async def test_sound_may_come_before_its_text_and_all_of_it_at_once() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await begun(satellite, home)
        await home.send("transcript", text="tell me a story", language=None)
        await home.speak(40.0)
        await home.send("synthesize", text="Once upon a time.", voice=None)
        await home.expect("played")
        await satellite.ended()
        assert abs(len(satellite.speaker.heard) / 32000 - 40) < 0.5
        assert satellite.of(events.Reply)[-1].text == "Once upon a time."


async def test_unknown_and_invalid_events_are_ignored() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await home.send("no-such-event", thing=1)
        await home.send("timer-started", id=None)
        await begun(satellite, home)
        await home.send("streaming-started")
        await home.send("voice-started", timestamp=None)
        await home.answer("turn on the lamp", "Done.")
        await home.expect("played")
        await satellite.ended()
        assert satellite.outcomes() == ["answered"]


async def test_an_utterance_without_speech_is_not_answered() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.say((WAKE, 0.03), (SILENCE, 6.0))
        await home.expect("audio-stop")
        await home.send("error", text="No text", code="stt-no-text-recognized")
        await satellite.ended()
        assert satellite.outcomes() == ["nothing_heard"]
        assert not home.heard()
        assert not satellite.speaker.heard


async def test_another_satellite_was_nearer() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.say((WAKE, 0.03), (SILENCE, 0.3), (VOICE, 1.0))
        await home.expect("run-pipeline")
        await home.send("error", text="Duplicate", code="duplicate_wake_up_detected")
        await satellite.ended()
        assert satellite.outcomes() == ["nothing_heard"]
        assert not satellite.speaker.heard
        satellite.room.ask()  # and it listens again, although nobody has stopped speaking
        await home.expect("run-pipeline")


async def test_an_answer_without_a_word_ends_the_turn() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await begun(satellite, home)
        await home.send("transcript", text="turn on the lamp")
        await home.send("synthesize", text="", voice=None)
        await satellite.ended()
        assert satellite.outcomes() == ["answered"]
        assert not satellite.llm.requests


async def test_barge_in_silences_and_stale_sound_is_not_heard() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.speaker.slow = asyncio.Event()
        await begun(satellite, home)
        await home.send("transcript", text="tell me a story")
        await home.send("synthesize", text="Once upon a time.", voice=None)
        await home.speak(1.0, end=False)
        await satellite.until(lambda: bool(satellite.speaker.heard))
        satellite.room.ask()
        await home.expect("played")
        await home.expect("run-pipeline")
        assert "stop" in satellite.speaker.calls
        await home.expect("audio-stop")
        satellite.speaker.heard = b""
        satellite.speaker.slow.set()
        await home.speak(3.0)  # of the first answer
        await home.answer("turn on the lamp", "Done.", 0.5)
        await home.expect("played")
        await satellite.ended(2)
        assert abs(len(satellite.speaker.heard) / 32000 - 0.5) < 0.1
        assert satellite.outcomes() == ["cancelled", "answered"]


async def test_a_question_is_answered_without_the_wake_word() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.ask()
        await home.expect("audio-stop")
        await home.answer("turn on the lamp", "Which lamp?")
        await home.expect("played")
        run = await home.expect("run-pipeline")
        assert run.data["start_stage"] == "asr"
        satellite.room.say((SILENCE, 0.5), (VOICE, 1.0), (SILENCE, 1.0))
        await home.expect("audio-stop")
        await home.answer("the desk lamp", "Done.")
        await home.expect("played")
        await satellite.ended(2)
        assert home.kinds().count("detection") == 1
        assert satellite.outcomes() == ["answered", "answered"]
        assert len({event.turn for event in satellite.of(events.TurnEnd)}) == 2


async def test_an_unanswered_question_ends_silently() -> None:
    settings = msgspec.structs.replace(QUIET, listen=ListenSettings(nothing_said=1.0))
    async with (
        ScriptedSatellite(settings).open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        satellite.room.ask()
        await home.expect("audio-stop")
        await home.answer("turn on the lamp", "Which lamp?")
        await home.expect("played")
        await satellite.until(lambda: len(satellite.outcomes()) == 1)
        await satellite.ended(2)
        assert satellite.outcomes() == ["answered", "nothing_heard"]
        assert not satellite.tts.requests
