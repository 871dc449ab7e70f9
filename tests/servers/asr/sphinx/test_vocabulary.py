"""A vocabulary is built once, and again after a change of its sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.errors import EngineFailed
from servers.asr.sphinx import vocabulary

HOME = (("lamp",), ("kitchen",))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def sentences(folder: Path, template: str) -> str:
    folder.mkdir(exist_ok=True)
    text = f"language: en\nintents: {{Nevermind: {{data: [{{sentences: [{template!r}]}}]}}}}\n"
    (folder / "mine.yaml").write_text(text)
    return str(folder)


def test_a_stored_vocabulary_is_read_unchanged() -> None:
    made = vocabulary.for_home(HOME)
    assert vocabulary.read(HOME) is None
    vocabulary.store(made, HOME)
    assert vocabulary.read(HOME) == made
    assert vocabulary.read((("heater",), ("kitchen",))) is None


def test_changed_sentences_are_not_read_from_the_cache(tmp_path: Path) -> None:
    folder = sentences(tmp_path / "own", "forget about it")
    vocabulary.store(vocabulary.for_home(HOME, folder), HOME, folder)
    assert vocabulary.read(HOME, folder) is not None
    assert vocabulary.read(HOME) is None
    sentences(tmp_path / "own", "forget about everything")
    assert vocabulary.read(HOME, folder) is None


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x81\xa7network\x01"])
def test_a_corrupt_cache_file_is_ignored(cache: Path, content: bytes) -> None:
    vocabulary.store(vocabulary.Vocabulary("a", "b"), HOME)
    (file,) = cache.rglob("*.msgpack")
    file.write_bytes(content)
    assert vocabulary.read(HOME) is None


def test_only_the_most_recent_homes_are_cached(cache: Path) -> None:
    homes = [((name,), ("kitchen",)) for name in ("a", "b", "c", "d", "e", "f")]
    for home in homes:
        vocabulary.store(vocabulary.Vocabulary("a", "b"), home)
    assert len(list(cache.rglob("*"))) == 2 + 4  # two folders
    assert vocabulary.read(homes[-1]) is not None


def test_an_unwritable_cache_is_no_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write_text("a file where the folder should be")
    vocabulary.store(vocabulary.Vocabulary("a", "b"), HOME)
    assert vocabulary.read(HOME) is None


def test_the_vocabulary_is_deterministic_and_has_no_digits() -> None:
    made = vocabulary.for_home(HOME)
    assert made == vocabulary.for_home(HOME)
    words = [word for word in made.pronunciations() if not word.startswith("_")]
    assert {"lamp", "kitchen", "five"} <= set(words)
    assert not [word for word in words if any(map(str.isdigit, word))]


def test_every_word_of_the_network_is_in_the_dictionary() -> None:
    made = vocabulary.for_home(HOME)
    arcs = [line.split() for line in made.network.splitlines() if line.startswith("TRANSITION")]
    assert {arc[4] for arc in arcs if len(arc) == 5} <= set(made.pronunciations())


def test_invalid_user_sentences_are_named(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match=r"mine\.yaml"):
        vocabulary.for_home(HOME, sentences(tmp_path / "own", "forget [about it"))


def test_a_reversal_is_improbable_and_needs_all_of_its_words() -> None:
    arcs = [line.split()[1:] for line in vocabulary.for_home(HOME).network.splitlines()[4:-1]]
    following = {(arc[0], arc[3]): arc[1:3] for arc in arcs if len(arc) == 4}
    for start in {arc[0] for arc in arcs if arc[3:] == ["_wake"]} | {"0"}:
        state, probability = following[start, "_do_"]
        assert 0 < float(probability) < 1
        assert [arc[3] for arc in arcs if arc[0] == state] == ["_not_"]
        assert following[state, "_not_"][0] == "0"
