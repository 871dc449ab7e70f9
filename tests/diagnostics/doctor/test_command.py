"""`satellite doctor` as users run it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from satellite.cli import doctor as command
from satellite.diagnostics.doctor.areas import AREAS, Check, checks
from satellite.diagnostics.doctor.examination import load
from satellite.lib.finding import STATES
from tests.cli.program import Done, environment, satellite
from tests.support.pulse import MICROPHONE
from tests.support.speech import noise, write_wav

QUICK = ("configuration", "python", "machine")


@pytest.fixture
def room(tmp_path: Path) -> list[str]:
    """The flags of a microphone and a speaker that are files."""
    file = write_wav(tmp_path / "in.wav", noise(3.0, level=0.003))
    return ["--mic", f"wav:{file}", "--speaker", f"wav:{tmp_path / 'out.wav'}"]


def test_findings_are_grouped_by_area_and_without_broken_ones_it_succeeds(room: list[str]) -> None:
    done = satellite("doctor", *QUICK, *room)
    assert (done.code, done.complaints) == (0, [])
    headings = [line for line in done.output.splitlines() if line and line[0] not in " 0123456789"]
    assert headings == list(QUICK)
    assert done.output.splitlines()[-1].startswith("0 broken")
    assert "\x1b" not in done.output


def test_a_mistake_in_the_configuration_is_a_finding_among_others(tmp_path: Path) -> None:
    file = tmp_path / "satellite.toml"
    file.write_text('volum = 0.5\nmic = "wav"\n')
    done = satellite("doctor", "configuration", "machine", "--config", str(file))
    assert done.code == 1
    assert "did you mean volume?" in done.output
    assert "memory:" in done.output


def test_json_is_a_list_of_findings(room: list[str]) -> None:
    done = satellite("doctor", "audio", *room, "--seconds", "1", "--json")
    found = json.loads(done.output)
    assert {"area", "state", "about", "found", "means", "remedy"} <= found[0].keys()
    assert {finding["area"] for finding in found} == {"audio"}
    assert {finding["state"] for finding in found} <= set(STATES)
    assert done.code == any(finding["state"] == "broken" for finding in found)


def test_a_broken_finding_sets_the_exit_code(tmp_path: Path) -> None:
    done = satellite("doctor", "servers", "--asr", "tcp://127.0.0.1:9", "--no-zeroconf")
    assert done.code == 1
    assert "broken   asr = tcp://127.0.0.1:9" in done.output
    assert "-> start it there" in done.output


@pytest.mark.usefixtures("pulse")
def test_a_muted_microphone_is_reported_with_its_remedy() -> None:
    subprocess.run(["pactl", "set-source-mute", MICROPHONE, "1"], check=True, timeout=10)
    flags = ["--mic", "alsa:pulse", "--speaker", "alsa:pulse", "--seconds", "1"]
    done = satellite("doctor", "audio", *flags)
    assert done.code == 1
    assert f"{MICROPHONE} is muted" in done.output
    assert f"-> pactl set-source-mute {MICROPHONE} 0" in done.output


def test_a_terminal_gets_colours_and_lines_that_fit() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "satellite", "doctor", *QUICK]
    shape = {**environment(), "TERM": "xterm-256color", "COLUMNS": "60"}
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=shape) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b"")).decode()
        assert process.wait(30) == 0
    os.close(ours)
    assert "\x1b[38;5;28mok\x1b[0m" in shown
    bare = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert all(len(line) < 60 for line in bare.splitlines() if "/" not in line)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other end was closed
        return b""


def report(folder: Path, *arguments: str, **variables: str) -> tuple[Done, str]:
    file = folder / "report.txt"
    done = satellite("doctor", *arguments, "--report", str(file), variables=variables)
    return done, file.read_text()


def test_the_report_holds_no_secrets(tmp_path: Path, room: list[str]) -> None:
    home = tmp_path / "home"
    home.mkdir()
    llm = "ollama:x?host=http://ann:hush-hush@10.0.0.9:11434"
    variables = {"HOME": str(home), "HF_TOKEN": "abracadabra-1", "SATELLITE_LLM": llm}
    done, text = report(tmp_path, *QUICK, *room, "--set", "name=den abracadabra-1", **variables)
    assert done.code in (0, 1)  # the plugin of the component may not be installed
    for secret in ("hush-hush", "abracadabra", str(home)):
        assert secret not in text + done.output
    assert 'llm = "ollama:x?host=http://***@10.0.0.9:11434"' in text
    assert 'name = "den ***"  (' in text
    assert "## Findings" in text
    assert "msgspec " in text
    assert (tmp_path / "report.txt").stat().st_mode & 0o777 == 0o600


def test_a_report_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    done = satellite("doctor", "machine", "--report", str(tmp_path / "none" / "report.txt"))
    assert done.code == 1
    assert "cannot be written" in done.complaints[0]


def test_an_unknown_area_is_refused() -> None:
    done = satellite("doctor", "microphones")
    assert done.code == 2
    assert "'microphones'" in done.errors


def test_the_help_names_every_area() -> None:
    assert all(area.name in (command.doctor.help or "") for area in AREAS)


def test_every_check_exists_and_has_a_deadline() -> None:
    for area in AREAS:
        for check in area.checks:
            assert callable(load(check))
            assert 0 < check.deadline <= 90


def areas(found: Iterator[Check]) -> set[str]:
    return {check.area for check in found}


def test_interactive_areas_must_be_named() -> None:
    assert areas(checks([], watched=False)).isdisjoint({"wake", "echo"})
    assert "echo" in areas(checks([], watched=True))
    assert areas(checks(["wake"], watched=False)) == {"wake"}


def test_home_assistant_includes_the_network_and_the_firewall() -> None:
    found = areas(checks(["homeassistant"], watched=False))
    assert found == {"homeassistant", "network", "firewall"}


def test_the_doctor_is_imported_only_when_it_is_called() -> None:
    code = "import satellite.__main__, sys; print([m for m in sys.modules if '.doctor.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
