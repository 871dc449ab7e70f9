"""Announcements between separate satellite programs; timers that outlive a program."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH
from tests.support.ports import free_port
from tests.support.program import Program, command, satellite
from tests.support.speech import silence, speak

pytestmark = pytest.mark.timeout(300)

ENGINES = ("--wake", "openwakeword:okay_nabu", "--asr", "pocketsphinx", "--llm", "intents")


def room(file: Path, *requests: str) -> Path:
    """Write a second of silence, requests after the wake word, and a long silence."""
    wake = speak("okay nabu", voice="en-us+m3") + silence(0.8)
    spoken = b"".join(wake + speak(text) + silence(6.0) for text in requests)
    write_wav(file, SPEECH, silence(1.0) + spoken + silence(60.0))
    return file


def arguments(folder: Path, name: str, *requests: str) -> tuple[str, ...]:
    mic, speaker = room(folder / f"{name}.wav", *requests), folder / f"{name}-heard.wav"
    return (
        *("--mic", f"wav:{mic}", "--speaker", f"wav:{speaker}", "--tts", "espeak", *ENGINES),
        *("--no-zeroconf", "--name", name, "--listen", "tcp://127.0.0.1:0"),
    )


def uri(running: Program) -> str:
    found = re.search(r"reach this satellite at (tcp://\S+)", running.errors())
    assert found, running.errors()
    return found[1]


def test_a_broadcast_is_played_on_the_other_satellites(tmp_path: Path) -> None:
    """A message spoken in one room; the built-in speech-to-text recognizes a few such messages."""
    with satellite(tmp_path, *arguments(tmp_path, "den"), name="den") as den:
        den.wait_for("ready")
        others = ("--set", f"announce.others={uri(den)}")
        words = (*arguments(tmp_path, "kitchen", "broadcast dinner is ready"), *others)
        with satellite(tmp_path, *words, name="kitchen") as kitchen:
            (announced,) = den.wait_for("announce")
            assert announced["text"] == "dinner is ready"
            kitchen.wait_for("turn_end")
            assert kitchen.events("reply")[-1]["text"] == "I'll tell the others."
            den.wait_until(lambda: den.events("phase")[-1]["phase"] == "idle", "silence")


def test_say_to_a_running_satellite_and_mute_it_complaint_48(tmp_path: Path) -> None:
    http = ("--set", f"http.port={free_port()}")
    with satellite(tmp_path, *arguments(tmp_path, "den"), *http, name="den") as den:
        den.wait_for("ready")
        spoken = command("say", "--to", uri(den), "--priority", "high", "The soup is ready.")
        assert (spoken.returncode, spoken.stdout) == (0, f"heard on {uri(den)}\n"), spoken.stderr
        assert den.events("announce")[0]["text"] == "The soup is ready."
        assert command("mute", "on", *http).stdout == "muted\n"
        assert den.wait_for("mute")[0]["muted"] is True
        assert command("mute", *http).stdout == "not muted\n"
        gone = uri(den)
    refused = command("say", "--to", gone, "hello")
    assert refused.returncode != 0
    assert "nothing listens there" in refused.stderr
    assert "no satellite answers" in command("mute", *http).stderr


def test_a_timer_goes_on_through_a_kill_complaint_47_timers_unsupported(tmp_path: Path) -> None:
    words = arguments(tmp_path, "kitchen", "set a pizza timer for ten seconds")
    with satellite(tmp_path, *words, name="first") as first:
        (started,) = first.wait_for("timer")
        assert (started["state"], started["name"]) == ("started", "pizza")
        first.wait_for("turn_end")
        first.stop(signal.SIGKILL)
    due = started["time"] + 10.0
    with satellite(tmp_path, *arguments(tmp_path, "kitchen"), name="second") as second:
        (finished,) = second.wait_for("timer")
        assert (finished["id"], finished["state"]) == (started["id"], "finished")
        assert due - 0.1 <= finished["time"] <= max(due + 1.1, second.events()[0]["time"] + 1.1)
        second.stop(signal.SIGKILL)
    with satellite(tmp_path, *arguments(tmp_path, "kitchen"), name="third") as third:
        assert third.wait_for("timer")[0]["state"] == "finished"  # the timer was not stopped
