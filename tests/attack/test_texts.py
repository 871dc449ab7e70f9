"""Texts of strangers where they leave the program: no terminal obeys them, no line is forged."""

from __future__ import annotations

import json
import logging
import re
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from satellite import events
from satellite.cli import failures, logs, screen
from satellite.cli.view import View
from satellite.diagnostics.doctor import show
from satellite.errors import BadFrame, UsageError
from satellite.http import pages
from satellite.lib.eventlog import Sink
from satellite.lib.finding import broken
from satellite.net.discovery.location import AdvertisedLocation
from satellite.net.pairing import Pairing
from satellite.settings import PairingSettings
from satellite.text.printable import printable, printable_json, printable_lines

REPOSITORY = Path(__file__).parents[2]
EVIL = (
    "\x1b[31mRED\x1b]0;owned\x07\u202e\u2066\u200f\x9b2J\x7f"
    "\r\n12:00:00 ERROR   all is lost\x85\u2028"
)
MARKS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What a terminal or a browser must not get; line breaks are counted instead."""


def harmless(text: str) -> bool:
    """Return whether a text holds nothing that a terminal obeys."""
    return not MARKS.search(text)


@given(st.text())
def test_any_text_becomes_one_harmless_line(text: str) -> None:
    assert harmless(printable(text))
    assert "\n" not in printable(text)
    lines = printable_lines(text, 40, 6, "  ").split("\n")
    assert len(lines) <= 8
    assert all(harmless(line) and len(line) <= 42 for line in lines)


@given(
    st.recursive(st.text() | st.integers(), lambda c: st.lists(c) | st.dictionaries(st.text(), c))
)
def test_json_is_harmless_and_the_same(value: Any) -> None:
    try:
        encoded = msgspec.json.encode(value)
    except UnicodeEncodeError:  # half of a surrogate pair
        return
    cleaned = printable_json(encoded)
    assert harmless(cleaned.decode())
    assert msgspec.json.decode(cleaned) == value


@pytest.mark.parametrize(
    "text", ["Küche", "居間", "غرفة", "بې\u200cکوره", "🏳\ufe0f\u200d🌈", "a b", "Zimmer\u00a05"]
)
def test_names_of_any_language_stay_readable(text: str) -> None:
    assert printable(text) == text.replace("\u00a0", " ")


def logged(record: logging.LogRecord, formatter: logging.Formatter) -> list[str]:
    text = formatter.format(record)
    assert harmless(text)
    return text.split("\n")


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord("net", logging.WARNING, "x.py", 1, message, args, info)


FORMATTERS = [
    logs.MaskedFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"),
    logs.JournalFormatter("%(name)s: %(message)s"),
    logs.TerminalFormatter(),
]


@pytest.mark.parametrize("formatter", FORMATTERS, ids=lambda formatter: type(formatter).__name__)
def test_no_line_of_the_log_is_forged(formatter: logging.Formatter) -> None:
    for item in (record("found %s", EVIL), record(EVIL.replace("%", "")), record("a %r", [EVIL])):
        _, *more = logged(item, formatter)
        assert all(re.match(r"(<\d>)? {4}", line) for line in more)
    (only,) = logged(record("%s", "x" * 100_000), formatter)
    assert len(only) < logs.LONGEST + 100


@pytest.mark.parametrize("formatter", FORMATTERS, ids=lambda formatter: type(formatter).__name__)
def test_a_traceback_stays_readable_and_forges_nothing(formatter: logging.Formatter) -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise ValueError(EVIL)

    try:
        deep(3)
    except ValueError as error:
        first, *more = logged(record("a bug in %s", EVIL, error=error), formatter)
    assert "a bug in" in first
    assert any("Traceback (most recent call last):" in line for line in more)
    assert any("raise ValueError(EVIL)" in line for line in more)
    assert all(re.match(r"(<\d>)? {4}", line) for line in more)


def test_tables_and_texts_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    screen.print_table([[EVIL, "x"]], header=["name", EVIL])
    screen.print_text(f"found {EVIL}")
    screen.print_json({EVIL: [EVIL]})
    screen.echo(EVIL, nl=False)
    failures.report(UsageError(EVIL))
    out, err = capsys.readouterr()
    assert harmless(out)
    assert harmless(err)
    assert len(screen.table([[EVIL, "x"]]).split("\n")) == 1
    assert json.loads(out[out.index("{") : out.rindex("}") + 1]) == {EVIL: [EVIL]}


def test_a_bug_of_a_command_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError(EVIL)
    except ValueError as error:
        failures.report(error)
    err = capsys.readouterr().err
    assert harmless(err)
    assert "\n    raise ValueError(EVIL)\n" in err


def test_the_screen_of_watch() -> None:
    view, file = View(), StringIO()
    for event in (
        events.Ready(name=EVIL, engines={"asr": EVIL}),
        events.Transcript(text=EVIL, final=True, engine=EVIL),
        events.Reply(text=EVIL, final=True, engine=EVIL),
        events.ServerFound(role="asr", uri=EVIL),
        events.Error(where=EVIL, text=EVIL),
        events.Announce(text=EVIL),
    ):
        view.take(event)
    Console(file=file, width=200, force_terminal=False).print(view.shown())
    assert harmless(file.getvalue())


def test_the_report_of_the_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    show.show([broken(EVIL, EVIL, EVIL, EVIL)])
    show.Progress(None).say(EVIL)
    out, err = capsys.readouterr()
    assert harmless(out)
    assert harmless(err)


def test_the_event_log_and_pages(tmp_path: Path) -> None:
    sink = Sink(str(tmp_path / "events"))
    sink.write(events.Error(where=EVIL, text=EVIL))
    sink.close()
    written = (tmp_path / "events").read_text("utf-8")
    assert harmless(written)
    assert written.count("\n") == 1
    assert json.loads(written)["text"] == EVIL
    page = pages.as_json({EVIL: EVIL}, True).body.decode()
    assert harmless(page)
    assert json.loads(page) == {EVIL: EVIL}


def test_commands_print_by_the_screen() -> None:
    direct = re.compile(r"click\.echo\(|(?<![\w.])print\(|sys\.stdout\.write\(")
    allowed = {
        "satellite/cli/screen.py",
        "satellite/cli/devices.py",  # the meter
        "satellite/cli/manual.py",  # the program's own text
        "satellite/cli/talking/page.py",  # a code of the terminal; texts go through the screen
        "satellite/cli/terminal.py",  # the meter
        "satellite/cli/wake_test.py",  # progress, of numbers alone
        "satellite/diagnostics/doctor/python.py",  # a child process, whose lines are findings
        "satellite/diagnostics/doctor/show.py",
    }
    found = {
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("satellite/cli", "satellite/diagnostics", "satellite/http")
        for path in (REPOSITORY / folder).rglob("*.py")
        if direct.search(path.read_text(encoding="utf-8"))
    }
    assert found == allowed


@pytest.mark.parametrize("name", ["evil\x1b[31m", "a\nb", "", "x" * 300, "\x00"])
async def test_a_name_that_mdns_forbids_is_no_service(name: str) -> None:
    location = AdvertisedLocation(None, f"{name}._wyoming._tcp.local.", Pairing(PairingSettings()))
    with pytest.raises(BadFrame):
        await location.resolve()
