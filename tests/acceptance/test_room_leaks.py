"""A real sound system whose microphone picks up the speaker: only people wake the satellite."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.acoustics import at_level, heard, loudness, pcm, response, samples
from tests.support.leaky_room import MICROPHONE, leaking
from tests.support.program import Program, satellite
from tests.support.pulse import PulseServer
from tests.support.speech import silence, speak

pytestmark = pytest.mark.timeout(180)

VOICE = "en-us+m3"
USER = -26.0
"""Level of the person at the microphone in dBFS."""

BUSY = 60.0
"""Seconds allowed on a busy machine for steps of a few seconds."""

SHAPE = "--raw --format=s16le --channels=1"
SOUND = (
    *("--mic", f"command:parec --device={MICROPHONE} {SHAPE} --rate=16000 --latency-msec=20"),
    *("--speaker", f"command:pacat {SHAPE} --rate=22050"),
)
"""Programs whose buffers never overflow, however busy the machine is."""

WORDS = (
    *("--tts", f"espeak:{VOICE}?rate=165", "--asr", "pocketsphinx", "--no-zeroconf"),
    *("--listen", "tcp://127.0.0.1:0"),
    *("--set", "cues.awake=false", "--set", "ducking.enabled=false"),
)
"""The person does not wait for a cue, which would be as loud as the replies; and the air is a
program that plays, and no music."""


def asked(text: str) -> bytes:
    """Return a person's request as recorded at the microphone."""
    spoken = speak("okay nabu", "en-us", 150) + silence(0.6) + speak(text)
    return pcm(at_level(samples(spoken), USER))


def leak(louder: float) -> float:
    """Return the gain in dB that makes replies louder than the person."""
    reply = samples(speak("You can ask for the time and the date.", VOICE, 165))
    arrived = heard(np.pad(reply, (0, 8000)), response(0.3, 0.25, 5))
    return USER + louder - loudness(arrived)


def announce(program: Program, text: str) -> None:
    """Make the satellite speak; return after playback."""
    found = re.search(r"reach this satellite at (tcp://\S+)", program.errors())
    assert found, program.report()
    command = [sys.executable, "-m", "satellite", "say", "--to", found[1], text]
    subprocess.run(command, check=True, timeout=60, capture_output=True)


@pytest.mark.parametrize(("wake", "louder"), [("openwakeword", 6.0), ("microwakeword", 0.0)])
def test_leaking_replies_can_be_interrupted_and_are_never_recognized(
    tmp_path: Path, pulse: PulseServer, wake: str, louder: float
) -> None:
    """Its own words, including the wake word, do not wake the satellite. A wake word during a reply
    ends it, and nothing of the reply is in the transcript."""
    with (
        leaking(tmp_path, leak(louder)) as room,
        satellite(tmp_path, *SOUND, *WORDS, "--wake", wake) as program,
    ):
        program.wait_for("ready", timeout=BUSY)
        announce(program, "okay nabu. The soup is ready.")
        assert program.events("wake") == [], program.report()
        room.say(silence(2.0) + asked("what can you do"))  # it ignores a word just after saying it
        program.wait_for("turn_end", timeout=BUSY)
        assert len(program.events("wake")) == 1, program.report()
        room.say_over(1.5, asked("what time is it"))
        room.say(asked("what can you do"))
        program.wait_for("turn_end", count=3, timeout=BUSY)
        expected = ["what can you do", "what can you do"]
        if program.events("turn_end")[-1]["outcome"] == "nothing_heard":
            # through the end of a reply, it may be too doubtful to be done: it is said again
            expected += [""]
            room.say(silence(2.0) + asked("what time is it"))
            program.wait_for("turn_end", count=4, timeout=BUSY)
        expected += ["what time is it"]
        spoken = [event["text"] for event in program.events("transcript") if event["final"]]
        ends = [event["outcome"] for event in program.events("turn_end")]
        assert spoken == expected, program.report()
        assert ends[:2] == ["answered", "cancelled"], program.report()
        assert ends[-1] == "answered", program.report()
        assert len(program.events("wake")) == len(expected), program.report()
