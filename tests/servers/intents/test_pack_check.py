"""The check of a language pack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from satellite.errors import PluginBroken
from servers.intents.pack_check import Report, check

LANGUAGE = """
name: tlhIngan Hol
english: Klingon
plurals: {one: "n = 1"}
"""
SENTENCES = """
language: tlh
lists:
  state: {values: [{in: "chu'", out: "on"}, {in: "chu'Ha'", out: "out"}]}
  group: {values: [{in: "Hoch", out: everything}, {in: "wovmoHwI'mey", out: lamps}]}
intents:
  HassGetCurrentTime: {data: [{sentences: ["'arlogh qoylu'pu'"]}]}
  HassGetState: {data: [{sentences: ["{state} 'a' {name}", "{group}"]}]}
  DrinkTea: {data: [{sentences: ["Dargh vItlhutlh"]}]}
"""
ANSWERS = """
responses:
  intents:
    HassGetCurrentTime: {default: "{clock} qoylu'"}
    HassStartTimer: {default: {other: "{duration}", few: "{duration}"}}
words:
  declined: "jIyajbe'"
  weekdays: [a, b, c, d, e, f, g]
  months: [a, b, c, d, e, f, g, h, i, j, k, l]
  time: "{hour}:{minute}"
  full_hour: "{hour}"
  units: {hour: {other: rep}, minute: {one: tup, other: tup}, second: {one: lup, other: lup}}
  today: a
  tomorrow: b
  on_weekday: "{weekday}"
  every: "{weekday}"
  daily: a
  work_days: b
  weekends: c
  minus: a
  timer: a
  named_timer: "{name}"
  long_timer: "{duration}"
  thing_in_area: "{name}"
  group_in_area: "{name}"
  temperature: a
  colour: b
"""
TESTS = """
tests:
  - {text: "'arlogh qoylu'pu'", intent: HassGetCurrentTime}
  - {text: "nuqneH", intent: null}
  - {text: "'arlogh qoylu'pu'", intent: null}
  - {text: "chu' 'a' wov", intent: HassGetState, slots: {name: wov, state: "off"}}
  - {text: "Qapla'", intent: HassRespond}
"""


def checked_apart(data: Path) -> str:
    """Return the report on Klingon of a process whose own packs are in a folder."""
    program = (
        "from servers.intents.pack_check import check; report = check('tlh'); "
        "print(*report.problems, report.tests, *report.failed, sep='\\n')"
    )
    environment = {**os.environ, "XDG_DATA_HOME": str(data), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_english_pack_is_complete() -> None:
    report = check("en")
    assert report == Report((), report.tests, ())
    assert report.tests > 20


def test_an_incomplete_pack_is_reported_key_by_key(tmp_path: Path) -> None:
    folder = tmp_path / "satellite" / "languages" / "tlh"
    folder.mkdir(parents=True)
    (folder / "language.yaml").write_text(LANGUAGE)
    assert checked_apart(tmp_path).splitlines()[:2] == [
        "sentences.yaml is missing",
        "answers.yaml is missing",
    ]
    (folder / "names.yaml").write_text("{names: [wov], areas: []}")
    (folder / "sentences.yaml").write_text(SENTENCES)
    (folder / "answers.yaml").write_text(ANSWERS)
    report = checked_apart(tmp_path)
    assert "words: Object missing required field `temperature_in_area`" in report
    assert "tests.yaml: its sentences are not tried until answers.yaml has all" in report
    lines = report.splitlines()
    alarm, reminder = (
        lines.index(f"answers.yaml: responses: {key} is missing")
        for key in ("SetAlarm: default", "SetReminder: default")
    )
    assert alarm < reminder, "the order of the English file"
    (folder / "answers.yaml").write_text(ANSWERS + "  temperature_in_area: a\n")
    assert "tests.yaml is missing" in checked_apart(tmp_path).splitlines()
    (folder / "tests.yaml").write_text(TESTS)
    report = checked_apart(tmp_path).splitlines()
    for line in (
        "answers.yaml: responses: HassGetCurrentTime: default: unknown value {clock}",
        "answers.yaml: responses: HassStartTimer: default: the plural category one is missing",
        "answers.yaml: responses: HassStartTimer: default: the language has no plural category few",
        "answers.yaml: responses: HassStartTimer: no_duration is missing",
        "answers.yaml: words: units: hour: the plural category one is missing",
        "answers.yaml: words: groups: light is missing",
        'answers.yaml: words: groups: "lamps" is missing',
        "answers.yaml: words: alarm is missing",
        "answers.yaml: words: colour is unknown",
        'sentences.yaml: lists: state: "out" is no code',
        "sentences.yaml: intents: DrinkTea is unknown, and has no response",
        "5",
        "\"'arlogh qoylu'pu'\": understood as HassGetCurrentTime, instead of nothing",
        '"chu\' \'a\' wov": state is "on", instead of "off"',
        '"Qapla\'": not understood, instead of HassRespond',
    ):
        assert line in report, "\n".join(report)
    assert not any('"nuqneH"' in line for line in report)


def test_a_language_without_a_pack_is_an_error() -> None:
    with pytest.raises(PluginBroken, match='no language pack "tlh"'):
        check("tlh")
