"""Voice by ESPHome's API: runs, announcements, conversations, timers and wake words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aioesphomeapi import VoiceAssistantTimerEventType as TimerKind

from satellite import events
from tests.homeassistant.esphome.test_server import SETTINGS
from tests.support.scripted_esphome import (
    EVENT,
    EsphomeHome,
    EsphomeSatellite,
    esphome_satellite,
    streamed_wav,
)
from tests.support.scripted_home_assistant import connected_home_assistant
from tests.support.scripted_satellite import SILENCE, SOON, VOICE, WAKE

STAGES = ("request", "start", "transcript", "answer", "sound")


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


async def test_a_run_from_the_wake_word_to_the_played_answer() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        satellite = esphome.satellite
        satellite.room.ask()
        await home.until(lambda: home.starts and VOICE in home.audio)
        assert home.starts == ["Okay Nabu"]
        await home.run_to("turn on the lamp", home.sounds.offer("reply"))
        home.answer("Turned on the lamp.")
        await home.until(lambda: home.sounds.fetched == ["reply"])
        assert home.finished == 0
        home.sounds.sounds["reply"].set_result(streamed_wav(0.5))
        await home.until(lambda: home.finished)
        await satellite.ended()
        assert satellite.outcomes() == ["answered"]
        assert abs(len(satellite.speaker.heard) / 32000 - 0.5) < 0.1
        assert len({event.turn for event in satellite.happened if event.turn}) == 1
        assert satellite.of(events.Transcript)[0].text == "turn on the lamp"
        assert satellite.of(events.Reply)[-1].text == "Turned on the lamp."
        phases = [event.phase for event in satellite.of(events.Phase)]
        assert phases == ["listening", "thinking", "speaking", "idle"]
        assert not satellite.asr.requests
        assert home.finished == 1


async def test_a_run_by_an_encrypted_connection() -> None:
    async with esphome_satellite(SETTINGS) as esphome:
        key = esphome.identity.make_key()
        async with esphome.home(key) as home:
            esphome.satellite.room.ask()
            await home.until(lambda: home.starts and VOICE in home.audio)
            home.sounds.set("reply", streamed_wav(0.5))
            await home.run_to("turn on the lamp")
            home.answer("Done.")
            await home.until(lambda: home.finished)
            assert esphome.satellite.outcomes() == ["answered"]


async def test_the_answer_is_heard_before_it_is_complete() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        esphome.satellite.room.ask()
        await home.until(lambda: home.starts)
        home.sounds.set("reply", streamed_wav(0.5))
        await home.run_to("tell me a story", f"{home.sounds.url}/reply")
        home.event(EVENT.VOICE_ASSISTANT_INTENT_PROGRESS, tts_start_streaming="1")
        await home.until(lambda: esphome.satellite.speaker.heard)  # the text is not complete
        home.answer("Once upon a time.")
        await home.until(lambda: home.finished)


async def test_a_question_is_answered_without_a_wake_word() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        satellite = esphome.satellite
        satellite.room.ask()
        await home.until(lambda: home.starts)
        home.sounds.set("reply", streamed_wav(0.2))
        await home.run_to("add it to the list")
        home.answer("Say more.", more=True)
        await home.until(lambda: len(home.starts) == 2)
        assert home.starts[1] is None or home.starts[1] == ""
        satellite.room.say((SILENCE, 0.3), (VOICE, 1.0), (SILENCE, 1.0))
        home.sounds.set("second", streamed_wav(0.2))
        await home.run_to("milk")
        home.answer("Done.", "second")
        await satellite.ended(2)
        assert satellite.outcomes() == ["answered", "answered"]


async def test_another_satellite_was_nearer_and_a_word_was_only_waited_for() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        satellite = esphome.satellite
        satellite.room.ask()
        await home.until(lambda: home.starts)
        home.event(EVENT.VOICE_ASSISTANT_RUN_START)
        duplicate = {"code": "duplicate_wake_up_detected", "message": "Duplicate"}
        home.event(EVENT.VOICE_ASSISTANT_ERROR, **duplicate)
        home.event(EVENT.VOICE_ASSISTANT_RUN_END)
        await satellite.ended()
        satellite.room.ask()
        await home.until(lambda: len(home.starts) == 2)
        home.event(EVENT.VOICE_ASSISTANT_RUN_END)  # without a start: the word was intercepted
        await satellite.ended(2)
        assert satellite.outcomes() == ["nothing_heard", "nothing_heard"]
        assert not satellite.speaker.heard
        assert not satellite.llm.requests


async def test_barge_in_ends_the_answer_and_events_of_the_former_run_are_ignored() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        satellite = esphome.satellite
        satellite.speaker.slow = asyncio.Event()
        satellite.room.ask()
        await home.until(lambda: home.starts)
        home.sounds.set("reply", streamed_wav(20.0))
        await home.run_to("tell me a story", f"{home.sounds.url}/reply")
        await satellite.until(lambda: bool(satellite.speaker.heard))
        satellite.room.ask()
        await home.until(lambda: len(home.starts) == 2)
        satellite.speaker.heard = b""
        satellite.speaker.slow.set()
        home.event(EVENT.VOICE_ASSISTANT_RUN_END)  # of the first
        home.sounds.set("second", streamed_wav(0.5))
        await home.run_to("stop it")
        home.answer("Done.", "second")
        await satellite.ended(2)
        assert satellite.outcomes() == ["cancelled", "answered"]
        assert abs(len(satellite.speaker.heard) / 32000 - 0.5) < 0.1


async def reach(stage: str, esphome: EsphomeSatellite, home: EsphomeHome) -> None:
    satellite = esphome.satellite
    satellite.room.say((WAKE, 0.03), (SILENCE, 0.3), (VOICE, 0.5))
    await home.until(lambda: home.starts and home.audio)
    if stage == "request":
        return
    if stage == "start":
        home.event(EVENT.VOICE_ASSISTANT_RUN_START)
        return
    await home.run_to("turn on the lamp", home.sounds.offer("reply"))
    await satellite.until(lambda: bool(satellite.of(events.Transcript)))
    if stage == "transcript":
        return
    home.answer("Turned on the lamp.")
    await satellite.until(lambda: bool(satellite.of(events.Reply)))
    if stage == "sound":
        satellite.speaker.slow = asyncio.Event()
        home.sounds.sounds["reply"].set_result(streamed_wav(0.5))
        await satellite.until(lambda: bool(satellite.speaker.heard))


@pytest.mark.parametrize("stage", STAGES)
async def test_home_assistant_is_lost_and_the_satellite_answers(stage: str) -> None:
    async with esphome_satellite(SETTINGS) as esphome:
        satellite = esphome.satellite
        async with esphome.home() as home:
            await reach(stage, esphome, home)
            await home.client.disconnect(force=True)
            began = time.monotonic()
            if satellite.speaker.slow is not None:
                satellite.speaker.slow.set()
            satellite.room.say((VOICE, 0.5), (SILENCE, 1.0))
            if stage == "answer":
                home.sounds.sounds["reply"].set_result(None)
            await satellite.ended()
            assert time.monotonic() - began < 1.0
        assert satellite.outcomes() == ["answered"]
        assert satellite.speaker.heard
        asked = [request.text for request in satellite.llm.requests]
        assert asked == {
            "request": ["what time is it"],
            "start": ["what time is it"],
            "transcript": ["turn on the lamp"],
        }.get(stage, [])


async def test_a_voice_that_fails_there_speaks_here() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        esphome.satellite.room.ask()
        await home.until(lambda: home.starts)
        home.sounds.set("reply", None)
        await home.run_to("turn on the lamp", f"{home.sounds.url}/reply")
        home.answer("Turned on the lamp.")
        await esphome.satellite.ended()
        assert esphome.satellite.tts.texts == ["Turned on the lamp."]


async def announce(home: EsphomeHome, **more: object) -> bool:
    url = home.sounds.set("words", streamed_wav(0.5))
    client = home.client
    done = await client.send_voice_assistant_announcement_await_response(
        url,
        SOON,
        "Dinner",
        **more,  # type: ignore[arg-type]
    )
    return done.success


async def test_an_announcement_with_its_chime() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        chime = home.sounds.set("chime", streamed_wav(0.25, 48000))
        assert await announce(home, preannounce_media_id=chime)
        assert home.sounds.fetched == ["chime", "words"]
        heard = len(esphome.satellite.speaker.heard) / 32000
        assert abs(heard - 0.75) < 0.1  # not the satellite's own chime
        assert not home.starts


async def test_an_announcement_without_a_sound_ends() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        home.sounds.set("none", None)
        done = await home.client.send_voice_assistant_announcement_await_response(
            f"{home.sounds.url}/none", SOON
        )
        assert done is not None
        for url in ("", "file:///etc/passwd", "http://127.0.0.1:1/x", "http://[", "http://a:b/"):
            await home.client.send_voice_assistant_announcement_await_response(url, SOON)
        assert not esphome.satellite.speaker.heard


async def test_a_conversation_that_home_assistant_begins() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        assert await announce(home, start_conversation=True)
        await home.until(lambda: len(home.starts) == 1)
        esphome.satellite.room.say((SILENCE, 0.2), (VOICE, 1.0), (SILENCE, 1.0))
        await home.until(lambda: VOICE in home.audio)
        await home.run_to("yes please")  # as `ask_question`: the run ends with the text
        home.event(EVENT.VOICE_ASSISTANT_RUN_END)
        await esphome.satellite.ended()
        assert esphome.satellite.outcomes() == ["answered"]
        assert not esphome.satellite.tts.texts


async def test_an_announcement_in_a_run_ends_the_run() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        esphome.satellite.room.ask()
        await home.until(lambda: home.starts)
        await home.run_to("tell me a story", home.sounds.offer("reply"))
        await esphome.satellite.until(lambda: bool(esphome.satellite.of(events.Transcript)))
        home.event(EVENT.VOICE_ASSISTANT_RUN_END)
        assert await announce(home)
        await esphome.satellite.ended()
        assert abs(len(esphome.satellite.speaker.heard) / 32000 - 0.5) < 0.1


async def test_timers() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        send, timers = home.client.send_voice_assistant_timer_event, esphome.satellite.timers
        until = esphome.satellite.until
        send(TimerKind.VOICE_ASSISTANT_TIMER_STARTED, "a", "tea", 300, 300, True)
        await until(lambda: len(timers.states()) == 1)
        (timer,) = timers.states()
        assert (timer.id, timer.name) == ("a", "tea")
        send(TimerKind.VOICE_ASSISTANT_TIMER_UPDATED, "a", "tea", 600, 500, True)
        await until(lambda: 490 < timers.states()[0].remaining <= 500)
        send(TimerKind.VOICE_ASSISTANT_TIMER_CANCELLED, "a", "tea", 600, 400, False)
        await until(lambda: not timers.states())
        send(TimerKind.VOICE_ASSISTANT_TIMER_FINISHED, "b", "egg", 10, 0, False)
        await until(lambda: timers.ringing)


async def test_wake_words_are_chosen_in_home_assistant() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        satellite, client = esphome.satellite, home.client
        found = await client.get_voice_assistant_configuration(SOON)
        assert [(w.id, w.wake_word) for w in found.available_wake_words] == [
            ("okay_nabu", "Okay Nabu")
        ]
        assert found.active_wake_words == ["okay_nabu"]
        await client.set_voice_assistant_configuration([])
        found = await client.get_voice_assistant_configuration(SOON)
        assert found.active_wake_words == []
        satellite.room.ask()
        await satellite.until(lambda: satellite.room.silent)
        await asyncio.sleep(0.05)
        assert not home.starts
        await client.set_voice_assistant_configuration(["okay_nabu", "unknown"])
        found = await client.get_voice_assistant_configuration(SOON)
        assert found.active_wake_words == ["okay_nabu"]
        satellite.room.ask()
        await home.until(lambda: home.starts)
    async with esphome_satellite(SETTINGS) as esphome:
        assert esphome.choice.active == ("okay_nabu",)  # over a restart


async def test_a_home_assistant_of_wyoming_does_not_drive(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is left over from before: two devices would compete for the satellite."""
    async with (
        esphome_satellite(SETTINGS) as esphome,
        connected_home_assistant(esphome.satellite.uri, drive=False) as old,
    ):
        await old.send("run-satellite")
        await old.send("ping")
        await old.send("describe")
        await old.expect("info")
        assert not esphome.satellite.peer_drives
        assert "delete its entry in the Wyoming integration" in caplog.text
        async with esphome.home() as home:
            esphome.satellite.room.ask()
            await home.until(lambda: home.starts)


async def test_sound_for_the_media_player() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        url = home.sounds.set("song", streamed_wav(0.5))
        home.client.media_player_command(1, media_url=url)
        await home.until(lambda: len(esphome.satellite.speaker.heard) > 15000)
        assert home.finished == 0


async def test_home_assistant_that_pauses_this_satellite_is_driven_by_no_more() -> None:
    async with esphome_satellite(SETTINGS) as esphome, esphome.home() as home:
        home.unsubscribe()
        await esphome.satellite.until(lambda: not esphome.satellite.peer_drives)
        await home.client.device_info()  # the connection stays
        home.subscribe()
        await esphome.satellite.until(lambda: esphome.satellite.peer_drives)


async def test_a_silent_home_assistant_is_lost_within_a_second() -> None:
    async with (
        esphome_satellite(SETTINGS) as esphome,
        stalling_relay(esphome) as relay,
        esphome.home() as home,
    ):
        esphome.satellite.room.ask()
        await home.until(lambda: home.starts)
        relay.clear()
        began = time.monotonic()
        await esphome.satellite.ended()
        assert time.monotonic() - began < 1.5
        assert esphome.satellite.outcomes() == ["answered"]
        assert esphome.satellite.asr.requests
        relay.set()


@asynccontextmanager
async def stalling_relay(esphome: EsphomeSatellite) -> AsyncGenerator[asyncio.Event, None]:
    """Let clients connect through a relay, which passes nothing while the event is not set."""
    flows, to, tasks = asyncio.Event(), esphome.port, set[asyncio.Task[None]]()
    flows.set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await flows.wait()
                writer.write(data)
        finally:
            writer.transport.abort()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", to)
        for pair in ((reader, inner_writer), (inner_reader, writer)):
            tasks.add(asyncio.create_task(pump(*pair)))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    esphome.port = server.sockets[0].getsockname()[1]
    try:
        yield flows
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
