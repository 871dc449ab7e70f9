"""Home Assistant 2026.11 speaks through our satellite: announcements, timers, talking over it."""

from __future__ import annotations

import time

import pytest

from tests.homeassistant.real import assist, entries, said
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
    pytest.mark.parametrize("house", [NEW], indirect=True, scope="module"),
]

WASHED = "the washing machine is done"
OTHERS = ["the kitchen light is on", "there is no timer running", "good morning"]


def announce(kitchen: RealSatellite, text: str) -> float:
    """Have it announced; the seconds until Home Assistant took it for heard."""
    (entity,) = kitchen.entry.entities["assist_satellite"]
    began = time.monotonic()
    work = kitchen.home.api.service(
        "assist_satellite.announce", entity_id=entity, message=text, preannounce=False
    )
    kitchen.house.portal.run(work)
    return time.monotonic() - began


def test_an_announcement_is_heard_after_a_chime(kitchen: RealSatellite) -> None:
    kitchen.silence()
    mark = len(kitchen.tap.events)
    took = announce(kitchen, WASHED)
    chunks = kitchen.tap.since(mark, HOME, "audio-chunk")
    length = sum(event.size for event in chunks) / (2 * chunks[0].data["rate"])
    assert kitchen.tap.types(mark, OURS) == ["played"]
    assert took > length - 0.3, "it was said to be over before it was"
    assert heard(kitchen.played(), [WASHED, *OTHERS]) == WASHED
    assert len(kitchen.played()) / 32000 > length, "no chime"
    kitchen.program.wait_for("announce")


def test_two_announcements_are_both_heard(kitchen: RealSatellite) -> None:
    for text in (OTHERS[0], OTHERS[2]):
        kitchen.silence()
        announce(kitchen, text)
        assert heard(kitchen.played(), [WASHED, *OTHERS]) == text


def test_after_an_announcement_it_listens(kitchen: RealSatellite) -> None:
    check_turn(kitchen)


def test_a_timer_rings_here_and_is_stopped_by_voice(kitchen: RealSatellite) -> None:
    run, api = kitchen.house.portal.run, kitchen.home.api
    device = run(entries.device(api, kitchen.entry))["id"]
    ours = kitchen.home.entity("llm")
    own = run(assist.built_in_agent(api))
    run(assist.update(api, kitchen.home.pipeline, conversation_engine=own))
    try:
        mark = len(kitchen.tap.events)
        text = "set a 3 second timer named pasta"
        asked = assist.run(
            api, kitchen.home.pipeline, "intent", "intent", text=text, device_id=device
        )
        done = run(asked)
        assert done.error is None, done.events
        kitchen.wait("timer-started", mark, sender=HOME)
        kitchen.silence()
        kitchen.wait("timer-finished", mark, sender=HOME)
        kitchen.program.wait_until(
            lambda: "finished" in [it["state"] for it in kitchen.program.events("timer")],
            "timer",
        )
        kitchen.program.wait_until(lambda: len(kitchen.played()) > 16000, "ring")
    finally:
        run(assist.update(api, kitchen.home.pipeline, conversation_engine=ours))
    turns = len(kitchen.program.events("turn_end"))
    kitchen.say(recordings.okay_nabu() + silence(0.1) + speak("stop"))
    kitchen.program.wait_until(
        lambda: "dismissed" in [it["state"] for it in kitchen.program.events("timer")],
        "end of the ring",
    )
    kitchen.program.wait_for("turn_end", turns + 1)
    kitchen.idle()
    heard_so_far = len(kitchen.played())
    time.sleep(2.0)
    assert len(kitchen.played()) == heard_so_far, "it rings on"
    check_turn(kitchen)


def test_who_talks_over_an_answer_is_answered_instead(kitchen: RealSatellite) -> None:
    """The long answer stops, what is left of it is discarded, and only the second one is heard."""
    started = len(kitchen.program.events("audio_start"))
    mark = kitchen.say(recordings.okay_nabu() + silence(0.1) + speak("what can you do"))
    long = kitchen.wait("synthesize", mark, sender=HOME).data["text"]
    kitchen.program.wait_for("audio_start", started + 1)
    mark = kitchen.say(said.request())
    kitchen.wait("run-pipeline", mark, sender=OURS)
    kitchen.silence()
    answer = kitchen.wait("synthesize", mark, sender=HOME).data["text"]
    assert answer != long
    kitchen.wait("played", mark, sender=OURS)
    kitchen.idle()
    speech = kitchen.played()
    assert heard(speech, [answer, *OTHERS]) == answer
    length = sound_in(write_wav(kitchen.folder / "second.wav", speech))
    assert length < 6.0, "the first answer went on"
    check_turn(kitchen)
