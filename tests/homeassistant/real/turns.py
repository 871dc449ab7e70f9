"""A turn of our satellite that Home Assistant drives, checked from end to end."""

from __future__ import annotations

import pytest

from tests.homeassistant.real import said
from tests.homeassistant.real.kitchen import Kitchen
from tests.homeassistant.real.said import LAMP
from tests.homeassistant.real.tap import HOME, OURS
from tests.support.choice import heard

ANSWERS = [
    "I can't turn on the living room lamp: no home is connected.",
    "Turned on the light",
    "Sorry, I did not understand.",
    "There is no timer running.",
]


def check_turn(kitchen: Kitchen) -> None:
    """A wake word and a request; what goes by is in order, and the answer is heard to its end."""
    kitchen.silence()
    mark = kitchen.say(said.request())
    asked = kitchen.wait("run-pipeline", mark, sender=OURS)
    assert (asked.data["start_stage"], asked.data["end_stage"]) == ("asr", "tts")
    transcript = kitchen.wait("transcript", mark, sender=HOME)
    assert said.words(transcript.data["text"]) == said.words(LAMP)
    answer = kitchen.wait("synthesize", mark, sender=HOME).data["text"]
    stop = kitchen.wait("audio-stop", mark, sender=HOME)
    played = kitchen.wait("played", mark, sender=OURS)
    kitchen.idle()
    sent = kitchen.tap.types(mark, OURS)
    assert sent[:3] == ["detection", "run-pipeline", "audio-chunk"], kitchen.tap.told(mark)
    assert sent.count("played") == 1
    got = kitchen.tap.types(mark, HOME)
    # it need not notice the end of the speech before we do; and streamed speech may begin early
    got = [kind for kind in got if kind not in ("voice-started", "voice-stopped", "synthesize")]
    assert got == ["transcribe", "transcript", "audio-start", "audio-chunk", "audio-stop"]
    speech = kitchen.played()
    told = kitchen.tap.since(mark, HOME, "audio-chunk")
    length = sum(event.size for event in told) / (2 * told[0].data["rate"])
    assert len(speech) / 32000 == pytest.approx(length, abs=0.25), "not played to its end"
    # the whole answer came at once; `played` comes when it has been heard
    assert played.at - told[0].at > length - 0.3
    assert played.at - max(stop.at, told[0].at + length) < 1.0
    assert heard(speech, [answer, *ANSWERS]) == answer
    assert kitchen.tap.broken == []
