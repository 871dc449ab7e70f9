"""say, ask and transcribe: one engine each, from a text or a file to a text or a file."""

from __future__ import annotations

import json
from pathlib import Path

from satellite.audio.wavfile import read_wav, write_wav
from satellite.values import SPEECH
from tests.cli.program import satellite
from tests.support.speech import speak

HERE = "--no-zeroconf"


def test_say_speaks_into_a_file(tmp_path: Path) -> None:
    done = satellite("say", "good", "morning", "--speaker", "wav:out.wav", HERE, folder=tmp_path)
    assert (done.code, done.output, done.complaints) == (0, "", [])
    form, audio = read_wav(tmp_path / "out.wav")
    assert 0.4 < form.seconds(audio) < 2
    assert max(audio[1::2]) > 0


def test_say_cleans_a_text_as_replies_are(tmp_path: Path) -> None:
    for name, text in (
        ("marked", "**Good** `morning` 😀 [all](https://a.b)"),
        ("plain", "Good morning all"),
    ):
        done = satellite("say", text, "--speaker", f"wav:{name}.wav", HERE, folder=tmp_path)
        assert (done.code, done.complaints) == (0, [])
    assert (tmp_path / "marked.wav").read_bytes() == (tmp_path / "plain.wav").read_bytes()
    silent = satellite("say", "😀", "--speaker", "wav:out.wav", HERE, folder=tmp_path)
    assert (silent.code != 0, "no words" in silent.errors) == (True, True)


def test_say_reads_standard_input_and_writes_its_events(tmp_path: Path) -> None:
    done = satellite(
        *("say", "-", "--speaker", "wav:out.wav", HERE, "--events", "-"),
        folder=tmp_path,
        stdin="good\nmorning\n",
    )
    events = [json.loads(line)["event"] for line in done.output.splitlines()]
    assert (done.code, events) == (0, ["audio_start", "audio_end"])


def test_ask_prints_the_reply(tmp_path: Path) -> None:
    done = satellite("ask", "what can you do", HERE, "--events", "log", folder=tmp_path)
    assert (done.code, done.complaints) == (0, [])
    assert "timer" in done.output
    replies = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert replies[-1]["final"]
    assert replies[-1]["text"] + "\n" == done.output
    assert "".join(reply["text"] for reply in replies[:-1]) == replies[-1]["text"]


def test_ask_prints_actions_and_does_not_perform_them() -> None:
    done = satellite("ask", "set a timer for five minutes", HERE)
    assert done.code == 0
    assert "5 minutes" in done.output
    assert "timer.start" in done.errors


def test_transcribe_prints_the_text_of_a_file_of_any_format(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", SPEECH, speak("what time is it"))
    done = satellite("transcribe", "in.wav", HERE, folder=tmp_path)
    assert (done.code, done.output, done.complaints) == (0, "what time is it\n", [])


def test_transcribe_reports_that_it_understood_nothing(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", SPEECH, bytes(32000))
    done = satellite("transcribe", "in.wav", "--asr", "pocketsphinx", HERE, folder=tmp_path)
    assert (done.code, done.output) == (0, "")
    assert done.errors == "pocketsphinx understood nothing\n"
