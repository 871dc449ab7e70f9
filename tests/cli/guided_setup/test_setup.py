"""`satellite setup` at a real terminal, with sound in a real PulseAudio."""

from __future__ import annotations

import threading
import tomllib
from pathlib import Path

import pytest

from tests.cli.guided_setup.person import Person
from tests.support import requests
from tests.support.program import satellite
from tests.support.pulse import PulseServer
from tests.support.speech import noise, speak

pytestmark = pytest.mark.timeout(240)

VOICE = "espeak:en-us+klatt6?rate=150"
REQUEST = "what time is it"


def test_pressing_enter_throughout_gives_a_satellite_that_answers(
    tmp_path: Path, pulse: PulseServer
) -> None:
    person = Person(tmp_path, "--no-zeroconf")
    assert person.press_enter_until_the_end() == 0, person.read
    assert "To start the satellite: satellite" in person.read
    assert 'nothing like "okay nabu" was heard' in person.read
    settings = tomllib.loads(person.file.read_text())
    assert settings["version"] == 1
    assert (settings["mic"], settings["speaker"], settings["wake"]) == ("auto", "auto", "auto")
    lines = person.file.read_text().splitlines()
    assert all(lines[n - 1].startswith("# ") for n, line in enumerate(lines) if " = " in line)
    request = requests.spoken_request(tmp_path / "in.wav", REQUEST, gap=0.5)
    with satellite(tmp_path, "--tts", VOICE, "--no-zeroconf") as program:
        program.wait_for("ready")
        pulse.play(request)
        (ended,) = program.wait_for("turn_end")
        assert ended["outcome"] == "answered", program.report()


def test_speech_is_played_back_and_the_wake_word_is_recognised(
    tmp_path: Path, pulse: PulseServer
) -> None:
    person = Person(tmp_path, "--no-zeroconf", "--name", "den")
    person.answer("Which language")
    person.answer("Which room")
    person.answer("Which speaker", "alsa:pulse")
    person.answer("Did you hear")
    person.answer("Which microphone", "alsa:pulse")
    person.until("Say something for 4 seconds")
    sentence = (
        noise(0.7, level=0.002) + speak("it is rather warm in here today") + noise(1.0, 0.002)
    )
    with pulse.record() as recording:
        pulse.play(sentence)
        person.answer("Is it clear")
    assert any(recording), "nothing was played back"
    assert "dB apart" in person.read
    assert "samples/s measured" in person.read
    person.answer("Which wake word", "openwakeword:okay_nabu")
    person.answer("Try it now")
    person.until("a few times now")
    said = threading.Thread(
        target=lambda: [
            pulse.play(noise(0.8, 0.001) + speak("okay nabu", voice="en-us+m3") + noise(1.0, 0.001))
            for _ in (1, 2)
        ]
    )
    said.start()
    person.until("with a score of 0")
    said.join()
    while person.program.expect(["Make it easier", "Try it again", "Servers"]) != 2:
        person.program.sendline("n")
    person.answer("Address of Home Assistant")
    person.answer("Try it all together")
    person.until('Say: "okay nabu, what time is it"')
    with pulse.record() as recording:
        pulse.play(requests.spoken_request(tmp_path / "in.wav", REQUEST, gap=0.5))
        person.until('heard: "what time is it"')
        person.until("answer: .It is")
        person.until("whole turn: answered, ")
        person.answer("Did you hear it")
    assert any(recording), "the answer was not played"
    person.answer("Try it again")
    assert person.end() == 0
    assert "Next steps" in person.read
    settings = tomllib.loads(person.file.read_text())
    assert (settings["name"], settings["mic"]) == ("den", "alsa:pulse")
    assert settings["wake"].startswith("openwakeword:")
