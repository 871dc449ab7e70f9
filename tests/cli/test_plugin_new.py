"""`satellite plugins new` and `check`: packages that keep every promise, and those that do not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
import wave
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from satellite.cli.main import cli
from satellite.components import spec
from satellite.conformance import CHECKS, fresh
from satellite.errors import UsageError
from satellite.ports import ROLES
from satellite.values import SPEECH
from tests.conformance.broken import NeverClosed
from tests.conformance.engines import SAMPLES


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", *words])


def load(folder: Path, module: str, kind: str) -> Any:
    """Import a plugin's class from its file."""
    found = importlib.util.spec_from_file_location(module, folder / f"{module}.py")
    assert found is not None
    assert found.loader is not None
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    return getattr(made, kind)


@pytest.mark.parametrize("role", ROLES)
async def test_a_new_plugin_keeps_every_promise(tmp_path: Path, role: str) -> None:
    done = run("new", "my-thing", "--role", role, "--folder", str(tmp_path / "new"))
    assert done.exit_code == 0, done.output
    kind = load(tmp_path / "new", "my_thing", "MyThing")
    sample = kind.conformance_sample() if hasattr(kind, "conformance_sample") else SAMPLES[role]
    for check in CHECKS[role]:
        await check.run(fresh(lambda: kind(kind.Options())), sample)


@pytest.mark.parametrize("role", ROLES)
def test_the_package_names_the_plugin(tmp_path: Path, role: str) -> None:
    run("new", "my-thing", "--role", role, "--folder", str(tmp_path / "new"))
    project = tomllib.loads((tmp_path / "new/pyproject.toml").read_text())["project"]
    assert project["name"] == "satellite-my-thing"
    assert project["entry-points"][f"satellite.{role}"] == {"my-thing": "my_thing:MyThing"}
    for file in (tmp_path / "new").iterdir():
        assert "skeleton" not in file.read_text().lower()


def test_the_generated_test_passes(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    run("new", "echo", "--role", "llm", "--folder", str(folder))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "pythonpath=."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(CHECKS['llm'])} passed" in done.stdout


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    done = run("new", "echo", "--role", "llm", "--folder", str(tmp_path))
    assert isinstance(done.exception, UsageError)
    assert "exists: choose another name" in str(done.exception)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["Echo", "my voice", "-x", "é", "a_b"])
def test_a_name_that_cannot_be_a_package_is_refused(name: str) -> None:
    done = CliRunner().invoke(cli, ["plugins", "new", "--role", "llm", "--", name])
    assert isinstance(done.exception, UsageError)
    assert "is no name for a plugin" in str(done.exception)


def test_a_plugin_that_conforms_passes() -> None:
    done = run("check", "energy")
    assert done.exit_code == 0, done.output
    assert "vad plugin: keeps every promise" in done.output


def test_the_broken_promise_is_named_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spec, "create", lambda role, text: NeverClosed())
    done = run("check", "espeak")
    assert done.exit_code == 1
    assert "broken  is-closed-when-closed: a call after close was answered\n" in done.output
    assert "The promise: A call after closing raises `EngineClosed`." in done.output
    assert "tts plugin: breaks" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nothing-like-it"], "no plugin is called nothing-like-it"),
        (["command"], "command is a plugin of mic, speaker, hook: add --role mic"),
        (["openwakeword"], "--wav FILE --word NAME"),
    ],
)
def test_what_cannot_be_checked_says_why(words: list[str], problem: str) -> None:
    done = run("check", *words)
    assert isinstance(done.exception, UsageError)
    assert problem in str(done.exception)


def test_a_recording_of_another_format_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SPEECH.rate)
        file.writeframes(bytes(64))
    done = run("check", "silero", "--wav", str(tmp_path / "a.wav"))
    assert isinstance(done.exception, UsageError)
    assert "2 channels, not 16 kHz mono" in str(done.exception)


def test_the_name_of_a_role_still_lists_its_plugins() -> None:
    assert run("asr", "llm").output == run("list", "asr", "llm").output
    assert run("vad", "--json").output == run("list", "vad", "--json").output


@pytest.mark.parametrize(
    ("role", "words"), [("wake", "CC BY-NC-SA 4.0"), ("tts", "GPL-3.0-or-later")]
)
def test_licenses_other_than_ours_are_shown(role: str, words: str) -> None:
    assert words in " ".join(run(role).output.split())
