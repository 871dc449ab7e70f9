"""`satellite languages`: the list of the packs, and the check of one."""

from __future__ import annotations

import json
from pathlib import Path

from satellite.cli.language_check import problems
from satellite.languages.pack import installed
from tests.cli.program import satellite

LANGUAGE = """
name: Esperanto
english: Esperanto
models: {asr: "whisper:base.en", tts: "piper:de_DE-thorsten-medium"}
plurals: {one: "n = 1"}
"""

NAMES = "areas: [kuirejo]\nnames: [lampo]\nstates: {open: malfermita}\n"

SENTENCES = "one_moment: Momenton.\nunua: x\n"


def test_the_list_names_every_pack() -> None:
    listed = satellite("languages")
    assert listed.code == 0
    assert all(f"\n{code} " in f"\n{listed.output}" for code in installed())
    rows = json.loads(satellite("languages", "--json").output)
    (english,) = [row for row in rows if row["code"] == "en"]
    assert english == {"code": "en", "name": "English", "english": "English", "missing": []}


def test_the_english_pack_is_whole() -> None:
    lines, report = problems("en")
    assert lines == []
    assert report.failed == ()
    assert report.tests > 20


def test_an_unknown_language_is_refused() -> None:
    result = satellite("languages", "check", "klingon")
    assert result.code == 2
    assert result.complaints == ["language klingon is unknown (known: " + known() + ")"]


def test_the_faults_of_a_pack_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "satellite" / "languages" / "eo"
    folder.mkdir(parents=True)
    (folder / "language.yaml").write_text(LANGUAGE)
    (folder / "names.yaml").write_text(NAMES)
    (folder / "own_sentences.yaml").write_text(SENTENCES)
    result = satellite("languages", "check", "eo", variables={"XDG_DATA_HOME": str(tmp_path)})
    assert result.code == 1
    for line in (
        "language.yaml: test_sentence is missing",
        "language.yaml: models: asr: whisper:base.en knows only English",
        "language.yaml: models: llm is missing",
        "language.yaml: models: tts: piper:de_DE-thorsten-medium is a voice of another language",
        "names.yaml: kinds: light is missing",
        "names.yaml: states: closed is missing",
        "answers.yaml is missing",
        "hearing.yaml is missing",
    ):
        assert f"\n  {line}\n" in result.output, line
    assert "own_sentences.yaml: " in result.output


def known() -> str:
    return ", ".join(installed())
