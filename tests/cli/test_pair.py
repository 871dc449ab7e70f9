"""`satellite pair` as people use it, on both machines."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def command(place: Path, *arguments: str) -> list[str]:
    """A `satellite pair` of the machine that lives in a folder."""
    named = ["--set", f"pairing.folder={place}", "--set", f"name={place.name}"]
    return [sys.executable, "-m", "satellite", "pair", *arguments, *named, "--no-zeroconf"]


def run(place: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(place, *arguments), input=typed, capture_output=True, text=True, timeout=60
    )


@contextmanager
def showing(place: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A machine that shows a code: its process, the code, and where it is."""
    process = subprocess.Popen(
        command(place, "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        code = lines[0].removeprefix("The code is ").strip()
        yield process, code, f"127.0.0.1:{lines[2].strip().rpartition(':')[2]}"
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_a_code_is_shown_and_typed_and_both_know_each_other(tmp_path: Path) -> None:
    den, kitchen = tmp_path / "den", tmp_path / "kitchen"
    with showing(den) as (process, code, place):
        assert len(code.replace(" ", "")) == 8
        shown = Path(f"/proc/{process.pid}/cmdline").read_text()
        assert code.replace(" ", "") not in shown.replace(" ", "")
        wrong = run(kitchen, place, typed="0000 0000\n")
        assert wrong.returncode == 1
        assert "the code was wrong" in wrong.stderr
        right = run(kitchen, place, typed=f"{code}\n")
        assert right.returncode == 0, right.stderr
        assert right.stdout.count("Paired with den") == 1
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0
    assert "Paired with kitchen" in out
    assert "2 tries left" in err
    listed = json.loads(run(den, "--list", "--json").stdout)
    assert [(peer["name"], peer["host"]) for peer in listed] == [("kitchen", "127.0.0.1")]
    assert "den" in run(kitchen, "--list").stdout
    assert run(den, "--forget", "kitchen").returncode == 0
    assert json.loads(run(den, "--list", "--json").stdout) == []
    again = run(den, "--forget", "kitchen")
    assert (again.returncode, "is not paired" in again.stderr) == (2, True)


def test_no_code_is_asked_for_where_none_is_shown(tmp_path: Path) -> None:
    done = run(tmp_path / "kitchen", "127.0.0.1:1", typed="1\n")
    assert done.returncode == 1
    assert "run `satellite pair` there first" in done.stderr
    assert "on the other machine:" not in done.stdout


@pytest.mark.parametrize(
    "arguments", [("den", "--list"), ("--forget", "x", "--find"), ("den", "--port", "5")]
)
def test_options_that_exclude_each_other_are_refused(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    began = time.monotonic()
    assert run(tmp_path, *arguments).returncode == 2
    assert time.monotonic() - began < 30
