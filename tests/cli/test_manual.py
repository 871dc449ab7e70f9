"""The manual page names every command and option, in roff that groff reads."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from satellite.cli.command import walk
from satellite.cli.main import cli
from satellite.cli.manual import main, page, roff


def test_every_command_and_option_has_its_place(tmp_path: Path) -> None:
    text = page()
    assert text.startswith(".TH SATELLITE 1 ")
    for words, command in walk(cli.load()):
        assert f"\n.SS {roff(f'satellite {words}')}" in text
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert roff(parameter.opts[0]) in text
    file = tmp_path / "satellite.1"
    assert CliRunner().invoke(main, [str(file)]).exit_code == 0
    assert file.read_text() == text


def test_text_that_looks_like_roff_is_escaped() -> None:
    assert roff(".hidden -x") == "\\&.hidden \\-x"
    assert roff("a\\b") == "a\\eb"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_no_complaint() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-ww", "-rLL=80n"],
        input=page(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "SATELLITE(1)" in done.stdout
