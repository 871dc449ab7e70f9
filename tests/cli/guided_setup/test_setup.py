"""`satellite setup` at a real terminal, with sound in a real PulseAudio."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from satellite.builtin.wake.learned_voices import LearnedVoice, VoiceFile
from satellite.cli.voice_learning import TIMES
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
    while person.program.expect(["Make it easier", "Learn how you say it"]) != 1:
        person.program.sendline("y")
    _teach(person, pulse, "Anna")
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
    assert [voice.name for voice in _voices(tmp_path)] == ["Anna"]


def _teach(person: Person, pulse: PulseServer, name: str) -> None:
    """Say the wake word for the satellite to learn, after a name that cannot be used."""
    person.program.sendline("y")
    person.answer("What is your name")
    person.answer("a name has 1 to 40 characters.*another person", "y")
    person.answer("What is your name", name)
    person.answer(f"1 of {TIMES}")
    person.until("The word was not heard")
    for number in range(1, TIMES + 1):
        person.answer(f"{number} of {TIMES}")
        pulse.play(noise(1.2, 0.001) + speak("okay nabu", "en-us+m3", 150 + number) + noise(0.5))
    person.answer(f"{name} is learned from {TIMES} recordings.*another person")


def _voices(home: Path) -> Sequence[LearnedVoice]:
    """Return the voices that the satellite of a person's setup has learned."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        return VoiceFile("den").read().voices
