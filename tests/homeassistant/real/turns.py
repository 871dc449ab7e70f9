"""A turn of our satellite that Home Assistant drives, checked from end to end."""

from __future__ import annotations

import pytest

from tests.homeassistant.real import spoken_requests
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.spoken_requests import LAMP
from tests.homeassistant.real.wyoming_tap import HOME, OURS
from tests.support.spoken_choice import heard

ANSWERS = [
    "I can't turn on the living room lamp: no home is connected.",
    "Turned on the light",
    "Sorry, I did not understand.",
    "There is no timer running.",
]


def check_turn(satellite: RealSatellite) -> None:
    """Speak a request and check that all events are in order and the answer is fully played."""
    satellite.silence()
    mark = satellite.say(spoken_requests.request())
    asked = satellite.wait("run-pipeline", mark, sender=OURS)
    assert (asked.data["start_stage"], asked.data["end_stage"]) == ("asr", "tts")
    transcript = satellite.wait("transcript", mark, sender=HOME)
    assert spoken_requests.words(transcript.data["text"]) == spoken_requests.words(LAMP), (
        transcript.data
    )
    answer = satellite.wait("synthesize", mark, sender=HOME).data["text"]
    stop = satellite.wait("audio-stop", mark, sender=HOME)
    played = satellite.wait("played", mark, sender=OURS)
    satellite.idle()
    sent = satellite.tap.types(mark, OURS)
    assert sent[:3] == ["detection", "run-pipeline", "audio-chunk"], satellite.tap.report(mark)
    assert sent.count("played") == 1, satellite.tap.report(mark)
    got = satellite.tap.types(mark, HOME)
    # Home Assistant may detect the end of speech after us; streamed speech may begin early
    got = [kind for kind in got if kind not in ("voice-started", "voice-stopped", "synthesize")]
    order = ["transcribe", "transcript", "audio-start", "audio-chunk", "audio-stop"]
    assert got == order, satellite.tap.report(mark)
    speech = satellite.played()
    chunks = satellite.tap.since(mark, HOME, "audio-chunk")
    length = sum(event.size for event in chunks) / (2 * chunks[0].data["rate"])
    ours = len(speech) / 32000
    assert ours == pytest.approx(length, abs=0.25), f"{ours:.2f} s of {length:.2f} s were played"
    # the whole answer came at once; `played` follows when it has been played
    late = played.at - max(stop.at, chunks[0].at + length)
    assert -0.3 < late < 1.0, f"played was sent {late:.2f} s after the end of {length:.2f} s"
    understood = heard(speech, [answer, *ANSWERS])
    assert understood == answer, f"{understood} was heard, not {answer}"
    assert satellite.tap.broken == [], satellite.tap.broken
