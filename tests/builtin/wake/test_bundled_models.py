"""Finding wake words by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.builtin.wake.bundled_models import WordFile, choose, find_words
from satellite.errors import ModelMissing

NAMES = ("alexa", "okay_nabu", "hey_you_v0.1", "hey_you_v0.10", "hey_you_v0.9")
KNOWN = {name: WordFile(Path(f"{name}.tflite")) for name in NAMES}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("alexa", "alexa"),
        ("Okay Nabu", "okay_nabu"),
        ("okay-nabu", "okay_nabu"),
        ("okay_nabu_v2.0", "okay_nabu"),
        ("hey_you_v0.1", "hey_you_v0.1"),
        ("hey you", "hey_you_v0.10"),
    ],
)
def test_version_case_and_blanks_do_not_matter(asked: str, found: str) -> None:
    assert choose(asked, KNOWN).name == found


def test_the_name_holds_version_and_phrase() -> None:
    word = KNOWN["hey_you_v0.9"]
    assert (word.version, word.phrase) == ("0.9", "hey you")
    assert (KNOWN["alexa"].version, KNOWN["alexa"].phrase) == ("", "alexa")


def test_an_unknown_word_is_reported_with_the_nearest_and_all() -> None:
    with pytest.raises(ModelMissing, match=r"ok_nabu is unknown \(did you mean okay_nabu\?\)") as e:
        choose("ok nabu", KNOWN)
    assert all(name in str(e.value) for name in NAMES)


def test_later_folders_win_and_other_files_are_left_out(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "alexa.tflite").touch()
    (ours / "embedding_model.tflite").touch()
    (theirs / "mine_v1.2.tflite").touch()
    (theirs / "notes.txt").touch()
    found = find_words([ours, theirs], ".tflite", without=("embedding_model",))
    assert list(found) == ["alexa", "mine_v1.2"]
    assert found["alexa"].path.parent == theirs


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"nowhere is not a folder; it should hold \*\.json"):
        find_words([tmp_path / "nowhere"], ".json")
