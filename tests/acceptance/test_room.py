"""A satellite with a real sound system listens to a room and answers in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import requests
from tests.support.program import satellite
from tests.support.pulse import PulseServer
from tests.support.spoken_choice import heard

pytestmark = pytest.mark.timeout(180)

VOICE = "espeak:en-us+f3?rate=150"
REPLIES = [
    "I can't turn on the living room lamp: no home is connected.",
    "Sorry, I did not understand.",
    "There is no timer running.",
    "You can ask for the time and the date.",
]


@pytest.mark.parametrize(
    ("mic", "speaker"),
    [
        ("auto", "auto"),
        ("alsa:pulse", "alsa:pulse"),
        (
            "command:parec --raw --format=s16le --rate=16000 --channels=1 --latency-msec=30",
            "command:pacat --raw --format=s16le --rate=22050 --channels=1 --latency-msec=50",
        ),
    ],
)
def test_a_satellite_listens_and_answers_in_a_simulated_room(
    tmp_path: Path, pulse: PulseServer, mic: str, speaker: str
) -> None:
    try:
        request = requests.recorded_request(tmp_path / "in.wav", gap=0.5)
    except pytest.skip.Exception:
        request = requests.spoken_request(tmp_path / "in.wav", requests.LAMP, gap=0.5)
    arguments = ("--mic", mic, "--speaker", speaker, "--tts", VOICE, "--no-zeroconf")
    with satellite(tmp_path, *arguments) as program:
        program.wait_for("ready")
        with pulse.record() as recording:
            pulse.play(request)
            (ended,) = program.wait_for("turn_end")
        assert ended["outcome"] == "answered", program.report()
        finals = [event["text"] for event in program.events("transcript") if event["final"]]
        # the sound server's resampling may swallow the short word, which does not matter
        assert [text.replace(" the ", " ") for text in finals] == [
            requests.LAMP.replace(" the ", " ")
        ], program.report()
        assert heard(bytes(recording), REPLIES) == REPLIES[0], program.report()
