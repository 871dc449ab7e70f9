"""`satellite wake review` at a terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from satellite.audio.wavfile import read_wav
from satellite.builtin.wake.reviewed import reviewed_store
from satellite.diagnostics.recordings.folder import Kind, Recording, RecordingFolder
from satellite.settings import RecordingSettings
from tests.cli.program import Done, environment, satellite
from tests.support.speech import speak

QUESTION = "Was this you saying the wake word?"


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Store all state below a folder of the test."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    folder, out = tmp_path / "recordings", tmp_path / "out.wav"
    where = ["--folder", str(folder), "--speaker", f"wav:{out}?rate=16000"]
    return ["wake", "review", "--set", "name=den", *where]


@pytest.fixture
def call(arguments: list[str]) -> Callable[..., Done]:
    return lambda *more: satellite(*arguments, *more)


@pytest.fixture
def folder(tmp_path: Path) -> RecordingFolder:
    """Two near misses, two turns without a request, and an answered one."""
    folder = RecordingFolder(RecordingSettings(folder=str(tmp_path / "recordings"), days=1e5))
    audio = speak("okay nabu")
    kinds: tuple[tuple[Kind, str | None], ...] = (
        ("near_miss", None),
        ("near_miss", None),
        ("turn", "nothing_heard"),
        ("turn", "answered"),
    )
    for number, (kind, outcome) in enumerate(kinds, 1):
        recording = Recording(
            id=f"20260101-00000{number}-{kind.replace('_', '-')}-{number}",
            kind=kind,
            time=1.7e9 + number,
            seconds=1.0,
            word="okay_nabu",
            score=0.3,
            outcome=outcome,
        )
        folder.add(recording, audio)
    return folder


def answer(arguments: list[str], *answers: str) -> str:
    """Answer the questions; return all that was printed. Fails for a question too many."""
    printed = io.StringIO()
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "satellite", *arguments],
        env=environment(TERM="dumb"),
        encoding="utf-8",
        echo=False,
        dimensions=(40, 200),
        timeout=30,
    )
    terminal.logfile_read = printed
    for text in answers:
        terminal.expect_exact(QUESTION)
        terminal.send(text if text == "\x04" else f"{text}\n")
    found = terminal.expect([pexpect.EOF, "Was this you"])
    terminal.close(force=True)
    assert found == 0, printed.getvalue()
    assert terminal.exitstatus == 0, printed.getvalue()
    return printed.getvalue().replace("\r\n", "\n")


def steps() -> dict[str, int]:
    return reviewed_store("den").read().steps


def test_answers_adjust_the_score_and_can_be_undone(
    folder: RecordingFolder, arguments: list[str], call: Callable[..., Done], tmp_path: Path
) -> None:
    printed = answer(arguments, "n", "maybe", "y", "yes")
    assert "1 of 3: okay_nabu accepted, then nothing was said with 0.30" in printed
    assert "3 of 3: okay_nabu rejected with 0.30" in printed
    assert printed.count("y, n, skip or quit?") == 1
    assert "3 answers: okay nabu needs a lower score (1 step of 2)\n" in printed
    assert "after its next start" in printed
    assert steps() == {"okay nabu": -1}
    _, played = read_wav(tmp_path / "out.wav")
    assert max(memoryview(played).cast("h")) > 3000
    assert call().output.startswith("nothing to review")

    undone = call("--undo")
    assert undone.output.startswith(
        "the latest review is undone: okay nabu needs the usual score\n"
    )
    assert steps() == {}
    assert "there is no review to undo" in call("--undo").errors
    assert "okay nabu needs a higher score (1 step of 2)" in answer(arguments, "n", "n", "n")


@pytest.mark.parametrize("end", ["quit", "\x04"])
def test_skipped_recordings_are_asked_about_again_and_quitting_stores_the_answers(
    folder: RecordingFolder, arguments: list[str], end: str
) -> None:
    assert "nothing is changed" in answer(arguments, "", end)
    assert steps() == {}
    assert "1 answer: okay nabu needs a higher score" in answer(arguments, "n", "skip", end)
    assert steps() == {"okay nabu": 1}
    assert "1 of 2: okay_nabu rejected" in answer(arguments, "q")


def test_the_file_is_named_where_it_cannot_be_played(
    folder: RecordingFolder, arguments: list[str], tmp_path: Path
) -> None:
    printed = answer([*arguments, "--speaker", f"wav:{tmp_path / 'none' / 'x.wav'}"], "q")
    assert "not played (" in printed
    assert f"listen to {folder.sound(folder.recordings()[1].id)}" in printed


def test_what_cannot_be_reviewed_is_reported(
    folder: RecordingFolder, arguments: list[str], call: Callable[..., Done]
) -> None:
    assert "standard input is no terminal" in call().errors
    for recording in folder.recordings():
        folder.delete(recording.id)
    nothing = call()
    assert nothing.code == 0
    assert nothing.output.startswith("nothing to review")
    assert "set recordings.near_misses and recordings.turns" in nothing.output
    assert steps() == {}


def test_engines_of_other_machines_are_refused(
    folder: RecordingFolder, arguments: list[str]
) -> None:
    printed = io.StringIO()
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "satellite", *arguments, "--wake", "tcp://127.0.0.1:1"],
        env=environment(TERM="dumb"),
        encoding="utf-8",
        timeout=30,
    )
    terminal.logfile_read = printed
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus != 0
    assert "set wake to openwakeword" in " ".join(printed.getvalue().split())
