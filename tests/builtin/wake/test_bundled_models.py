"""Finding wake words by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.builtin.wake.bundled_models import WordFile, choose, find_words, plain
from satellite.errors import ModelMissing

NAMES = ("alexa", "okay_nabu", "hey_you_v0.1", "hey_you_v0.10", "hey_you_v0.9", "Hey Bob v2")


def words(folder: Path, *names: str) -> dict[str, WordFile]:
    """Make model files of these names; return them as an engine finds them."""
    for name in names:
        (folder / f"{name}.tflite").touch()
    return find_words([folder], ".tflite")


@pytest.fixture
def known(tmp_path: Path) -> dict[str, WordFile]:
    return words(tmp_path, *NAMES)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("alexa", "alexa"),
        ("Okay Nabu", "okay_nabu"),
        ("okay-nabu", "okay_nabu"),
        ("okaynabu", "okay_nabu"),
        ("okay_nabu_v2.0", "okay_nabu"),
        ("ok_nabu", "okay_nabu"),
        ("ok_nabu_v0.1", "okay_nabu"),
        ("OK Nabu", "okay_nabu"),
        ("okay_nabu_20241226.3", "okay_nabu"),
        ("alexa_v0.1", "alexa"),
        ("alexa.tflite", "alexa"),
        ("hey_you_v0.1", "hey_you_v0.1"),
        ("Hey You v0.9", "hey_you_v0.9"),
        ("hey-you-V0.1", "hey_you_v0.1"),
        ("hey you", "hey_you_v0.10"),
        ("hey_you", "hey_you_v0.10"),
        ("hey_you_v7", "hey_you_v0.10"),
        ("Hey Bob v2", "Hey Bob v2"),
        ("hey_bob_v2", "Hey Bob v2"),
        ("hey_bob", "Hey Bob v2"),
        ("Hey Bob", "Hey Bob v2"),
        ("hey-bob", "Hey Bob v2"),
        ("Hey Bob v2.tflite", "Hey Bob v2"),
    ],
)
def test_version_case_gaps_and_spelling_do_not_matter(
    known: dict[str, WordFile], asked: str, found: str
) -> None:
    assert choose(asked, known).path.stem == found


@pytest.mark.parametrize(
    ("file", "name", "version", "phrase"),
    [
        ("computer_v2", "computer", "2", "computer"),
        ("computer", "computer", "", "computer"),
        ("Computer_V1.3", "Computer", "1.3", "computer"),
        ("hey-bob-v0.1", "hey-bob", "0.1", "hey bob"),
        ("Hey Bob v2", "Hey Bob", "2", "hey bob"),
        ("okay_nabu_20241226.3", "okay_nabu", "20241226.3", "okay nabu"),
        ("_v2", "_v2", "", ""),
    ],
)
def test_a_file_has_a_name_a_version_and_a_phrase(
    tmp_path: Path, file: str, name: str, version: str, phrase: str
) -> None:
    [(key, word)] = words(tmp_path, file).items()
    assert (key, word.name, word.version) == (name, name, version)
    if phrase:
        assert word.phrase == phrase
        for asked in (name, file, phrase, phrase.upper(), f"{phrase} v{version or 1}"):
            assert choose(asked, {key: word}) is word


def test_of_several_versions_only_the_highest_has_the_name_without_one(tmp_path: Path) -> None:
    assert set(words(tmp_path, "a_v1", "a_v10", "a_v9")) == {"a_v1", "a", "a_v9"}


def test_a_file_without_version_has_the_name(tmp_path: Path) -> None:
    found = words(tmp_path, "a_v1", "a")
    assert {name: word.path.stem for name, word in found.items()} == {"a": "a", "a_v1": "a_v1"}
    assert choose("a", found).path.stem == "a"


def test_a_model_of_the_very_name_comes_before_another_spelling(tmp_path: Path) -> None:
    found = words(tmp_path, "ok_nabu", "okay_nabu")
    assert choose("ok_nabu", found).name == "ok_nabu"
    assert choose("okay_nabu", found).name == "okay_nabu"


@pytest.mark.parametrize(
    "asked", ["/somewhere/hey_ann.tflite", "~/alexa.tflite", "words\\hey_ann.onnx", "hey_ann.json"]
)
def test_a_file_in_place_of_a_word_is_refused_with_the_remedy(
    known: dict[str, WordFile], asked: str
) -> None:
    with pytest.raises(ModelMissing) as error:
        choose(asked, known)
    assert str(error.value).startswith(f"wake word {asked} is a file: ")
    assert "custom_model_dir" in str(error.value)


def test_the_path_of_a_known_word_finds_it(tmp_path: Path) -> None:
    found = words(tmp_path, "alexa")
    assert choose(str(tmp_path / "alexa.tflite"), found).name == "alexa"


def test_an_unknown_word_is_reported_with_the_nearest_or_all(known: dict[str, WordFile]) -> None:
    with pytest.raises(ModelMissing, match=r"okay_nabo is unknown \(did you mean okay_nabu\?\)$"):
        choose("okay nabo", known)
    with pytest.raises(ModelMissing, match=r"xylophone is unknown") as e:
        choose("xylophone", known)
    assert all(plain(name) in str(e.value) for name in known)


def test_later_folders_win_and_other_files_are_left_out(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "alexa.tflite").touch()
    (ours / "embedding_model.tflite").touch()
    (theirs / "mine_v1.2.tflite").touch()
    (theirs / "notes.txt").touch()
    found = find_words([ours, theirs], ".tflite", without=("embedding_model",))
    assert {name: word.version for name, word in found.items()} == {"alexa": "", "mine": "1.2"}
    assert found["alexa"].path.parent == theirs


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"nowhere is not a folder; it should hold \*\.json"):
        find_words([tmp_path / "nowhere"], ".json")
