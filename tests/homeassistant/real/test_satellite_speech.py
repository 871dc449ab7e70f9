"""Home Assistant 2026.11 speaks through our satellite: announcements, timers, interruptions."""

from __future__ import annotations

import time

import pytest

from tests.homeassistant.real import assist, entries, spoken_requests
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.turns import check_turn
from tests.homeassistant.real.wyoming_tap import HOME, OURS
from tests.support import recordings
from tests.support.requests import sound_in
from tests.support.speech import silence, speak, write_wav
from tests.support.spoken_choice import heard

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]

WASHED = "the washing machine is done"
OTHERS = ["the kitchen light is on", "there is no timer running", "good morning"]


def announce(satellite: RealSatellite, text: str) -> float:
    """Announce a text; return the seconds until Home Assistant considered it played."""
    (entity,) = satellite.entry.entities["assist_satellite"]
    began = time.monotonic()
    work = satellite.home.api.service(
        "assist_satellite.announce", entity_id=entity, message=text, preannounce=False
    )
    satellite.home_assistant.loop.run(work)
    return time.monotonic() - began


def test_an_announcement_is_played_after_a_chime(satellite: RealSatellite) -> None:
    satellite.silence()
    mark = len(satellite.tap.events)
    took = announce(satellite, WASHED)
    chunks = satellite.tap.since(mark, HOME, "audio-chunk")
    length = sum(event.size for event in chunks) / (2 * chunks[0].data["rate"])
    assert satellite.tap.types(mark, OURS) == ["played"]
    assert took > length - 0.3, "the announcement was reported as finished too early"
    assert heard(satellite.played(), [WASHED, *OTHERS]) == WASHED
    assert len(satellite.played()) / 32000 > length, "no chime"
    satellite.program.wait_for("announce")


def test_two_announcements_are_both_played(satellite: RealSatellite) -> None:
    for text in (OTHERS[0], OTHERS[2]):
        satellite.silence()
        announce(satellite, text)
        assert heard(satellite.played(), [WASHED, *OTHERS]) == text


def test_the_satellite_listens_after_an_announcement(satellite: RealSatellite) -> None:
    check_turn(satellite)


def test_a_timer_rings_and_is_stopped_by_voice(satellite: RealSatellite) -> None:
    run, api = satellite.home_assistant.loop.run, satellite.home.api
    device = run(entries.device(api, satellite.entry))["id"]
    ours = satellite.home.entity("llm")
    own = run(assist.built_in_agent(api))
    run(assist.update(api, satellite.home.pipeline, conversation_engine=own))
    try:
        mark = len(satellite.tap.events)
        text = "set a 3 second timer named pasta"
        asked = assist.run(
            api, satellite.home.pipeline, "intent", "intent", text=text, device_id=device
        )
        done = run(asked)
        assert done.error is None, done.events
        satellite.wait("timer-started", mark, sender=HOME)
        satellite.silence()
        satellite.wait("timer-finished", mark, sender=HOME)
        satellite.program.wait_until(
            lambda: "finished" in [it["state"] for it in satellite.program.events("timer")],
            "timer",
        )
        satellite.program.wait_until(lambda: len(satellite.played()) > 16000, "ring")
    finally:
        run(assist.update(api, satellite.home.pipeline, conversation_engine=ours))
    turns = len(satellite.program.events("turn_end"))
    satellite.say(recordings.okay_nabu() + silence(0.1) + speak("stop"))
    satellite.program.wait_until(
        lambda: "dismissed" in [it["state"] for it in satellite.program.events("timer")],
        "end of the ring",
    )
    satellite.program.wait_for("turn_end", turns + 1)
    satellite.idle()
    heard_so_far = len(satellite.played())
    time.sleep(2.0)
    assert len(satellite.played()) == heard_so_far, "it rings on"
    check_turn(satellite)


def test_an_interrupting_request_replaces_the_answer(satellite: RealSatellite) -> None:
    """The long answer stops, its rest is discarded, and only the second answer is played."""
    started = len(satellite.program.events("audio_start"))
    mark = satellite.ask(recordings.okay_nabu() + silence(0.1) + speak("what can you do"))
    long = satellite.wait("synthesize", mark, sender=HOME).data["text"]
    satellite.program.wait_for("audio_start", started + 1)
    mark = satellite.say(spoken_requests.request())
    satellite.wait("run-pipeline", mark, sender=OURS)
    satellite.silence()
    answer = satellite.wait("synthesize", mark, sender=HOME).data["text"]
    assert answer != long
    satellite.wait("played", mark, sender=OURS)
    satellite.idle()
    speech = satellite.played()
    assert heard(speech, [answer, *OTHERS]) == answer
    length = sound_in(write_wav(satellite.folder / "second.wav", speech))
    assert length < 6.0, "the first answer went on"
    check_turn(satellite)
