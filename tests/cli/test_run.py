"""`satellite` and `satellite --server`: their lines at the start and for each turn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from satellite import events
from satellite.cli.run import spoken_line
from satellite.cli.server import how_to_use
from satellite.settings import PairingSettings, Settings
from tests.cli.program import environment, satellite
from tests.support import requests

SERVED = (
    *("--server", "tts", "--tts", "espeak", "--host", "127.0.0.1", "--tts-port", "0"),
    *("--name", "attic"),
)

pytestmark = pytest.mark.timeout(180)


def test_a_terminal_shows_what_was_heard_and_answered(tmp_path: Path) -> None:
    room = requests.spoken_request(tmp_path / "in.wav", "what time is it", gap=20)
    flags = ["--mic", f"wav:{room}", "--speaker", f"wav:{tmp_path / 'out.wav'}", "--no-zeroconf"]
    flags += ["--listen", "", "--asr", "pocketsphinx", "--llm", "intents", "--set", "http.port=0"]
    flags += ["--tts", "espeak:en-us+klatt6?rate=150"]
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "satellite", *flags],
        env=environment(TERM="xterm", STATE_DIRECTORY=str(tmp_path / "state")),
        encoding="utf-8",
        dimensions=(40, 80),
        timeout=60,
    )
    terminal.expect(r"\d\d:\d\d:\d\d INFO    listening;")
    terminal.expect(r"\d\d:\d\d:\d\d you     what time is it\r\n")
    terminal.expect(r"\d\d:\d\d:\d\d answer  It is ")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()


def test_the_terminal_of_a_container_shows_no_words(tmp_path: Path) -> None:
    """It goes into the log of the container (docker run -t)."""
    room = requests.spoken_request(tmp_path / "in.wav", "what time is it", gap=1)
    flags = ["--mic", f"wav:{room}?pace=4", "--speaker", f"wav:{tmp_path / 'out.wav'}"]
    flags += ["--no-zeroconf", "--listen", "", "--asr", "pocketsphinx", "--llm", "intents"]
    container = ["--pid", "--fork", "--kill-child"]
    tried = subprocess.run(["unshare", *container, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip("only root may make a namespace of process ids (unshare)")
    terminal = pexpect.spawn(
        "unshare",
        [*container, sys.executable, "-m", "satellite", *flags],
        env=environment(TERM="xterm", STATE_DIRECTORY=str(tmp_path / "state")),
        encoding="utf-8",
        dimensions=(40, 200),
        timeout=60,
    )
    terminal.expect(pexpect.EOF)
    shown = str(terminal.before)
    terminal.close()
    assert terminal.exitstatus == 0, shown
    assert "INFO    turn " in shown
    assert "answered" in shown
    assert "what time" not in shown


def test_words_go_to_no_file(tmp_path: Path) -> None:
    room = requests.spoken_request(tmp_path / "in.wav", "what time is it", gap=1)
    flags = ["--mic", f"wav:{room}?pace=4", "--speaker", f"wav:{tmp_path / 'out.wav'}"]
    flags += ["--no-zeroconf", "--listen", "", "--asr", "pocketsphinx", "--llm", "intents"]
    state = {"STATE_DIRECTORY": str(tmp_path / "state")}
    done = satellite(*flags, "--set", "http.port=0", variables=state)
    assert done.code == 0
    assert "turn " in done.errors
    assert "what time" not in done.output + done.errors


def test_final_words_alone_are_shown() -> None:
    heard = events.Transcript(text="what time is it", final=True, engine="x")
    assert str(spoken_line(heard)).endswith(" you     what time is it")
    assert spoken_line(events.Transcript(text="what", final=False, engine="x")) is None
    assert spoken_line(events.Transcript(text="", final=True, engine="x")) is None
    assert str(spoken_line(events.Reply(text="Ten.", final=True, engine="x"))).endswith(
        " answer  Ten."
    )
    assert spoken_line(events.Wake(word="okay_nabu", score=0.5)) is None


def test_without_devices_other_ways_are_offered(tmp_path: Path) -> None:
    """No program that lists devices is found, and no library."""
    variables = {"PATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PULSE_SERVER": "none"}
    hidden = tmp_path / "sounddevice.py"
    hidden.write_text("raise ImportError('a library says something')")
    variables["PYTHONPATH"] = str(tmp_path)
    done = satellite("--listen", "", "--no-zeroconf", variables=variables, folder=tmp_path)
    assert done.code == 1
    assert done.complaints == [
        "no microphone and no speaker found: connect one, or name one with --mic and --speaker "
        "(satellite devices lists them)"
    ]
    for way in ("setup ", "doctor audio", "demo", "--server"):
        assert f"  satellite {way}" in done.errors
    assert "a library says" not in done.errors
    named = satellite("--mic", "wav:x.wav", "--no-zeroconf", variables=variables, folder=tmp_path)
    assert "no speaker found: connect one, or name one with --speaker" in named.complaints[0]


@pytest.mark.parametrize(
    ("served", "zeroconf", "text"),
    [
        (
            {"asr": "tcp://127.0.0.1:1"},
            True,
            "use on this machine: satellite --asr tcp://127.0.0.1:1",
        ),
        (
            {"asr": "tcp://10.0.0.5:1", "tts": "tcp://10.0.0.5:2"},
            True,
            "satellites on this network find it by themselves; elsewhere: satellite "
            "--asr tcp://10.0.0.5:1 --tts tcp://10.0.0.5:2",
        ),
        ({"asr": "tcp://10.0.0.5:1"}, False, "use: satellite --asr tcp://10.0.0.5:1"),
        ({"tts": "unix:///run/tts"}, True, "use on this machine: satellite --tts unix:///run/tts"),
        ({}, True, ""),
    ],
)
def test_a_server_says_how_satellites_use_it(
    served: dict[str, str], zeroconf: bool, text: str
) -> None:
    assert how_to_use(Settings(zeroconf=zeroconf), served) == text


def test_a_server_for_paired_satellites_names_the_pairing() -> None:
    settings = Settings(pairing=PairingSettings(required=True))
    line = how_to_use(settings, {"asr": "tcp://10.0.0.5:1"})
    assert (
        line == "pair each satellite first (satellite pair); then: satellite --asr tcp://10.0.0.5:1"
    )


def test_a_server_has_a_name(tmp_path: Path) -> None:
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "satellite", *SERVED],
        env=environment(TERM="dumb"),
        encoding="utf-8",
        timeout=30,
    )
    terminal.expect(r"use on this machine: satellite --tts\s+tcp://127.0.0.1:")
    terminal.expect("on the LAN: attic tts")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
