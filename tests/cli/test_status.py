"""`satellite status` and `satellite watch`, of a satellite that really runs."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from satellite.cli.status import status_lines
from tests.cli.program import environment
from tests.cli.program import satellite as call
from tests.support import requests
from tests.support.program import Program, satellite

pytestmark = pytest.mark.timeout(180)

VOICE = "espeak:en-us+klatt6?rate=150"


@pytest.fixture
def port() -> int:
    """A port where nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def running(tmp_path: Path, port: int) -> Iterator[Program]:
    """A satellite that has answered one request, and listens."""
    room = requests.spoken_request(tmp_path / "in.wav", "what time is it", gap=100)
    flags = ["--mic", f"wav:{room}", "--speaker", f"wav:{tmp_path / 'out.wav'}", "--tts", VOICE]
    flags += ["--set", f"http.port={port}", "--name", "den", "--area", "Den", "--no-zeroconf"]
    flags += ["--listen", "", "--asr", "pocketsphinx", "--llm", "intents"]
    state = {"STATE_DIRECTORY": str(tmp_path / "state")}
    with satellite(tmp_path, *flags, environment=state) as program:
        program.wait_for("turn_end")
        yield program


def test_status_watch_and_stats_of_a_satellite_that_runs(
    running: Program, tmp_path: Path, port: int
) -> None:
    address = ("--set", f"http.port={port}")
    done = call("status", *address)
    assert done.code == 0, done.errors
    assert "den (Den): " in done.output
    assert "  asr   pocketsphinx" in done.output
    assert "answered" in done.output
    facts = json.loads(call("status", *address, "--json").output)
    assert (facts["running"], facts["turns"][-1]["outcome"]) == (True, "answered")
    assert facts["turns"][-1]["text"] is None

    once = call("watch", "--once", *address)
    assert "den" in once.output
    assert "pocketsphinx" in once.output
    # log lines are for people: one for each turn, with what its stages took, and no words
    running.wait_until(
        lambda: "satellite.diagnostics.stats" in running.errors(), "a line for the turn"
    )
    (line,) = [
        text for text in running.errors().splitlines() if "satellite.diagnostics.stats" in text
    ]
    assert re.search(r": answered \d\.\d\d s after the voice's end \(.*understood in", line)
    assert "what time" not in line

    counted = call(
        "stats", "--name", "den", "--json", variables={"STATE_DIRECTORY": str(tmp_path / "state")}
    )
    assert json.loads(counted.output)["outcomes"] == {"answered": 1}


def test_watch_is_alive_at_a_terminal_and_notices_the_end(running: Program, port: int) -> None:
    command = ["-m", "satellite", "watch", "--set", f"http.port={port}"]
    terminal = pexpect.spawn(
        sys.executable,
        command,
        env=environment(TERM="xterm"),
        encoding="utf-8",
        codec_errors="replace",  # the echo of Ctrl-C may split a character
        dimensions=(40, 120),
        timeout=30,
    )
    terminal.expect("den")
    terminal.expect("[▮▯]{20}")
    running.stop()
    terminal.expect("no satellite answers")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_watch_reads_an_event_log(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    lines = [
        {"event": "ready", "time": 1, "mono": 1, "name": "den", "engines": {"asr": "pocketsphinx"}},
        {"event": "wake", "time": 2, "mono": 2, "word": "okay_nabu", "score": 0.91},
        {
            "event": "transcript",
            "time": 3,
            "mono": 3,
            "turn": "t",
            "text": "what time is it",
            "final": True,
            "engine": "x",
        },
        {
            "event": "reply",
            "time": 4,
            "mono": 4,
            "turn": "t",
            "text": "It is",
            "final": False,
            "engine": "x",
        },
        {
            "event": "reply",
            "time": 4,
            "mono": 4,
            "turn": "t",
            "text": " ten.",
            "final": False,
            "engine": "x",
        },
        {"event": "unheard_of", "time": 4, "mono": 4},
        {"event": "turn_end", "time": 5, "mono": 5, "turn": "t", "outcome": "answered"},
    ]
    text = "\n".join(map(json.dumps, lines)) + "\nhalf a li"
    log.write_text(text)
    done = call("watch", "--once", "--events", str(log))
    assert done.code == 0, done.errors
    for shown in ("den", "what time is it", "It is ten.", "wake word okay_nabu, score 0.91"):
        assert shown in done.output
    assert log.read_text() == text
    missing = call("watch", "--events", str(tmp_path / "none"))
    assert (missing.code, len(missing.complaints)) == (2, 1)


def test_a_satellite_that_does_not_run_is_reported(port: int) -> None:
    done = call("status", "--set", f"http.port={port}", "--name", "den")
    assert done.code == 1
    assert done.output.startswith("den does not run; no satellite answers at ")
    assert call("watch", "--once", "--set", f"http.port={port}").code == 1


def test_everything_stands_on_one_screen() -> None:
    turn = {"at": 0, "outcome": "failed", "stage": "llm", "answer": None}
    found = {
        "running": True,
        "name": "den",
        "phase": "idle",
        "muted": True,
        "volume": 0.5,
        "trouble": {"time": 0, "where": "mic", "text": "gone"},
        "engines": {"asr": "tcp://10.0.0.5:10300"},
        "servers": [
            {"role": "asr", "uri": "tcp://10.0.0.5:10300", "latency": 0.012},
            {"role": "tts", "uri": "x", "latency": None},
        ],
        "timers": [{"name": "egg", "remaining": 3661.2, "paused": True}],
        "alarms": [{"name": None, "at": "2030-01-01T07:00:00+01:00"}],
        "turns": [turn] * 9,
    }
    lines = list(status_lines(found))
    assert lines[0] == "den: muted; volume 50%"
    text = "\n".join(lines)
    assert "12 ms" in text
    assert "does not answer" in text
    assert "egg  1:01:01  paused" in text
    assert "alarm  2030-01-01 07:00" in text
    assert text.count("failed in llm") == 5
