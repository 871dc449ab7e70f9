"""Failures become lines and exit codes; bugs keep their traceback."""

from __future__ import annotations

import click
import pytest

from satellite.cli.failures import report
from satellite.errors import ConfigError, DeviceMissing, ModelMissing, PortInUse


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (DeviceMissing("no microphone:\n  plug one in"), 1, ["no microphone: plug one in"]),
        (ConfigError(["file a: x", "file b: y"]), 2, ["file a: x", "file b: y"]),
        (click.UsageError("What?"), 2, ["What? (see satellite --help)"]),
        (click.Abort(), 130, []),
        (KeyboardInterrupt(), 130, []),
        (
            ExceptionGroup("a", [ModelMissing("m"), ExceptionGroup("b", [PortInUse("p")])]),
            1,
            ["m", "p"],
        ),
        (ExceptionGroup("a", [ModelMissing("m"), ConfigError(["c", "m"])]), 2, ["m", "c"]),
    ],
)
def test_a_failure_is_reported_in_lines(
    error: BaseException, code: int, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(error) == code
    assert capsys.readouterr() == ("", "".join(f"satellite: {line}\n" for line in lines))


@pytest.mark.parametrize(
    "error", [KeyError("k"), ExceptionGroup("both", [PortInUse("p"), KeyError("k")])]
)
def test_a_bug_keeps_its_traceback(
    error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(error) == 1
    errors = capsys.readouterr().err
    assert "KeyError: 'k'" in errors
    assert errors.endswith("satellite: this is a bug; please report it with the lines above\n")
