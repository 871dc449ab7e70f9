"""The log goes to standard error: with times for people, with priorities for the journal."""

from __future__ import annotations

import logging
import os
import pty
import re
from pathlib import Path

import pytest

from satellite.cli import logs

_LOGGER = logging.getLogger("satellite.test")


def test_a_file_gets_time_level_and_module(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("info")
    _LOGGER.warning("a %s", "b")
    _LOGGER.debug("not this")
    line = capsys.readouterr().err
    assert re.fullmatch(r"\d\d:\d\d:\d\d WARNING satellite\.test: a b\n", line)


@pytest.mark.parametrize("ours", [True, False])
def test_the_journal_reads_priorities_and_has_its_own_times(
    ours: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (tmp_path / "journal").open("w+") as journal:
        status = os.fstat(journal.fileno())
        inode = status.st_ino if ours else status.st_ino + 1
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{inode}")
        monkeypatch.setattr("sys.stderr", journal)
        logs.start("debug")
        for level in (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG):
            _LOGGER.log(level, "first\nsecond")
        journal.seek(0)
        lines = journal.read().splitlines()
    expected = [
        line for p in (3, 4, 6, 7) for line in (f"<{p}>satellite.test: first", f"<{p}>    second")
    ]
    assert (lines == expected) is ours


def test_libraries_log_everyday_events_with_debug_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for level in ("info", "debug"):
        logs.start(level)
        logging.getLogger("zeroconf").warning("in %s", level)
    errors = capsys.readouterr().err
    assert errors.endswith("zeroconf: in debug\n")
    assert "in info" not in errors


@pytest.mark.parametrize(("level", "shown"), [("info", False), ("debug", True)])
def test_a_part_is_quietened_unless_all_is_logged(
    level: str, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.start(level)
    logs.quieten("satellite.part")
    logging.getLogger("satellite.part.inner").info("a server was found")
    logging.getLogger("satellite.part").setLevel(logging.NOTSET)
    assert ("a server was found" in capsys.readouterr().err) is shown


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("info", r"\d\d:\d\d:\d\d INFO    one two\r\n {17}three\r\n"),
        ("debug", r"\d\d:\d\d:\d\d INFO    satellite\.test: one two three\r\n"),
    ],
)
def test_a_terminal_gets_short_lines_without_the_module(
    level: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("COLUMNS", "26")
    with os.fdopen(theirs, "w", buffering=1) as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        logs.start(level)
        _LOGGER.info("one two three")
        assert re.fullmatch(expected, os.read(ours, 1000).decode())
    os.close(ours)
