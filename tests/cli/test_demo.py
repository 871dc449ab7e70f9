"""`satellite demo`: one whole turn as a user sees it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from satellite import events
from satellite.audio.wavfile import read_wav
from satellite.builtin.wake import engine
from satellite.builtin.wake.idle_gate import AudioPiece
from satellite.cli import demo
from satellite.lib.bus import Bus
from satellite.settings import Settings
from satellite.values import Detection
from tests.cli.program import satellite

LATE = 5.0
"""Seconds that the wake engine takes for the first piece of sound that it judges: all that the
demonstration says has been said by then."""


def test_the_turn_is_shown_and_answered_in_a_file(tmp_path: Path) -> None:
    done = satellite("demo", "--output", "answer.wav", folder=tmp_path)
    assert (done.code, done.complaints) == (0, [])
    stages = [line.split(" s  ")[1].split("  ")[0] for line in done.output.splitlines()[:-1]]
    assert stages[0] == "wake word"
    assert stages[-1] == "answered"
    assert {"understood", "answer", "first sound", "last sound"} <= set(stages)
    assert '"what time is it" by pocketsphinx' in done.output
    assert done.output.endswith("The spoken answer is in answer.wav.\n")
    form, audio = read_wav(tmp_path / "answer.wav")
    assert form.seconds(audio) > 0.5


@pytest.mark.parametrize(("language", "words"), [("de", "Es ist "), ("zh", "现在")])
def test_without_speech_recognition_of_the_language_a_written_request_is_answered(
    language: str, words: str, tmp_path: Path
) -> None:
    done = satellite(
        *("demo", "--language", language, "--output", "answer.wav"),
        folder=tmp_path,
        variables={"XDG_DATA_HOME": str(tmp_path)},
    )
    assert (done.code, done.complaints) == (0, [])
    assert f'"{words}' in done.output
    assert "satellite models pull whisper:" in done.output
    form, audio = read_wav(tmp_path / "answer.wav")
    assert form.seconds(audio) > 0.5


def test_in_a_language_without_a_pack_it_says_what_to_install(tmp_path: Path) -> None:
    done = satellite("demo", "--language", "sv", folder=tmp_path)
    assert done.code == 1
    (line,) = done.complaints
    assert "nothing can be demonstrated in the language sv" in line
    assert "satellite models pull whisper:base" in line


def test_a_demonstration_that_is_not_answered_fails(tmp_path: Path) -> None:
    done = satellite("demo", "--wake", "openwakeword:hey_jarvis", folder=tmp_path)
    assert done.code == 1
    assert len(done.complaints) == 1
    assert "was not answered" in done.complaints[0]


def test_an_unwritable_file_is_reported_at_once(tmp_path: Path) -> None:
    done = satellite("demo", "--output", "no/answer.wav", folder=tmp_path)
    assert done.code != 0
    (line,) = done.complaints
    assert "no/answer.wav cannot be written: No such file" in line
    assert "--output" in line


async def test_a_slow_wake_engine_hears_the_whole_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = engine._process  # noqa: SLF001  where every engine works
    waits = [LATE]

    def late(stream: engine.WakeStream, pieces: list[AudioPiece]) -> list[Detection]:
        time.sleep(waits.pop() if waits else 0.0)
        return process(stream, pieces)

    monkeypatch.setattr(engine, "_process", late)
    async with asyncio.timeout(60):
        shown = await demo.demonstrate(Settings(), Bus(), tmp_path / "answer.wav")
    assert shown.answered
    assert not [event for event in shown.happened if isinstance(event, events.AudioLoss)]
    assert (tmp_path / "answer.wav").stat().st_size > 10_000
