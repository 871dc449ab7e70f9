"""Two assistants of one satellite in two languages: the wake word decides which one answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH
from tests.languages.test_whole_turn import REQUESTS, answered, spoken
from tests.support import recordings
from tests.support.program import Program, satellite
from tests.support.real_models import real_model
from tests.support.speech import silence, speak

pytestmark = pytest.mark.timeout(300)


def answer(folder: Path, wake: bytes, request: bytes) -> tuple[str, str, Program]:
    """Say a wake word and a request to a satellite with an English and a German assistant.

    Returns the wake word that it heard, its answer, and the program, which has ended.
    """
    whisper, mic = real_model("whisper-base"), folder / "in.wav"
    write_wav(mic, SPEECH, silence(1.0) + wake + silence(0.8) + request + silence(3.0))
    with satellite(
        folder,
        *("--no-zeroconf", "--mic", f"wav:{mic}", "--speaker", f"wav:{folder / 'out.wav'}"),
        *("--wake", "openwakeword:okay_nabu,hey_jarvis", "--asr", "pocketsphinx"),
        *("--llm", "intents", "--tts", "espeak", "--set", "deadlines.asr=60"),
        *("--set", "assistants.hey_jarvis.language=de"),
        *("--set", f"assistants.hey_jarvis.asr=faster-whisper:{whisper}"),
    ) as program:
        (ended,) = program.wait_for("turn_end", timeout=200)
        program.stop()
    assert ended["outcome"] == "answered", program.report()
    (reply,) = [event["text"] for event in program.events("reply") if event["final"]]
    (heard,) = program.events("wake")
    return heard["word"], reply, program


def test_the_first_wake_word_is_answered_in_english(tmp_path: Path) -> None:
    wake = speak("okay nabu", voice="en-us+m3")
    word, reply, program = answer(tmp_path, wake, speak("what time is it"))
    assert word == "okay_nabu"
    assert answered("en", "time").fullmatch(reply), reply
    assert "stop words of de: recognized by " in program.errors()  # of both, always


def test_the_second_one_is_answered_in_german_and_so_will_its_timer_be(tmp_path: Path) -> None:
    wake, request = recordings.samples("hey_jarvis"), spoken(REQUESTS["de"]["timer"], "de")
    word, reply, _program = answer(tmp_path, wake, request)
    assert word == "hey_jarvis"
    assert answered("de", "timer").fullmatch(reply), reply
    assert not answered("en", "timer").fullmatch(reply)
    (schedule,) = (tmp_path / "state").rglob("timers*.json")
    (timer,) = json.loads(schedule.read_text())["timers"]
    assert timer["language"] == "de"  # in which a late ring is announced
