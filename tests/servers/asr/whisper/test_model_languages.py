"""Languages of Whisper models by their names and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servers.asr.whisper.model_languages import (
    ENGLISH_ONLY,
    is_english_only,
    languages,
    multilingual,
)
from tests.support.real_models import real_model
from tests.support.whisper_model import LANGUAGES, Manner, made_whisper


@pytest.mark.parametrize(
    ("name", "english", "other"),
    [
        ("base.en", True, "base"),
        ("base", False, "base"),
        ("Systran/faster-whisper-tiny.en", True, "tiny"),
        ("distil-small.en", True, "small"),
        ("distil-large-v3", True, "large-v3"),
        ("Systran/faster-distil-whisper-large-v2", True, "large-v2"),
        ("/models/whisper/medium.en", True, "medium"),
        ("someone/my-own.en", True, "base"),
        ("distil-large-v3-de", False, "base"),
    ],
)
def test_the_name_of_a_model_shows_whether_it_is_for_english(
    name: str, english: bool, other: str
) -> None:
    assert is_english_only(name) is english
    assert multilingual(name) == other


def test_the_files_show_the_languages() -> None:
    assert languages("mine", made_whisper()) == LANGUAGES
    assert languages("mine", made_whisper(Manner(multilingual=False))) == ENGLISH_ONLY
    assert languages("base.en", made_whisper()) == ENGLISH_ONLY


def test_older_files_show_the_languages(tmp_path: Path) -> None:
    for manner, found in ((Manner(), LANGUAGES), (Manner(multilingual=False), ENGLISH_ONLY)):
        made = made_whisper(manner)
        tokens = json.loads((made / "vocabulary.json").read_text("utf-8"))
        (tmp_path / "vocabulary.txt").write_text("".join(f"{token}\n" for token in tokens), "utf-8")
        (tmp_path / "tokenizer.json").write_bytes((made / "tokenizer.json").read_bytes())
        assert languages("mine", tmp_path) == found


def test_an_unreadable_model_has_no_known_language(tmp_path: Path) -> None:
    assert languages("mine", tmp_path) == ()
    (tmp_path / "vocabulary.json").write_text("[")
    assert languages("mine", tmp_path) == ()


@pytest.mark.parametrize(("name", "count"), [("whisper-tiny.en", 1), ("whisper-base", 99)])
def test_real_models_show_their_languages(name: str, count: int) -> None:
    assert len(languages("mine", real_model(name))) == count
