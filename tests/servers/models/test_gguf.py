"""Language models in GGUF files: fetched from a hub, or copied from a file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from satellite.errors import DownloadFailed, ModelMissing, UsageError
from servers.models import manifest
from servers.models.file_check import gguf_file
from servers.models.gguf_models import RECOMMENDED
from servers.models.names import GGUF, parse
from servers.models.store import Store
from tests.support.hub import Hub

MODEL = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + b"weights" * 50


def test_a_recommended_model_is_one_file_of_its_repository(hub: Hub, store: Store) -> None:
    known = RECOMMENDED["qwen2.5-0.5b"]
    hub.repositories[known.repository] = {known.file: MODEL, "other.gguf": MODEL, "LICENSE": b"x"}
    folder = store.pull("gguf:qwen2.5-0.5b")
    assert {path.name for path in folder.iterdir()} == {known.file, manifest.FILE}
    assert [str(model) for model in store.installed()] == ["gguf:qwen2.5-0.5b"]
    assert store.verify(GGUF, "qwen2.5-0.5b") == []


def test_a_file_of_any_repository_is_fetched(hub: Hub, store: Store) -> None:
    hub.repositories["some/one"] = {"a.gguf": MODEL}
    assert (store.pull("gguf:some/one:a.gguf") / "a.gguf").read_bytes() == MODEL
    assert [str(model) for model in store.installed()] == ["gguf:some/one:a.gguf"]
    assert store.known() == (parse("gguf:some/one:a.gguf"),)


def test_a_missing_file_is_reported_with_those_that_exist(hub: Hub, store: Store) -> None:
    hub.repositories["some/one"] = {"tiny-q4.gguf": MODEL}
    with pytest.raises(ModelMissing, match=r"did you mean tiny-q4.gguf"):
        store.pull("gguf:some/one:tiny-q5.gguf")


def test_an_unknown_name_is_reported(store: Store) -> None:
    with pytest.raises(ModelMissing, match=r"did you mean qwen2.5-1.5b"):
        store.pull("gguf:qwen2.5-1.6b")


def test_a_page_in_place_of_a_model_is_refused(hub: Hub, store: Store) -> None:
    hub.repositories["some/one"] = {"a.gguf": b"<html>log in</html>"}
    with pytest.raises(DownloadFailed, match="HTML"):
        store.pull("gguf:some/one:a.gguf")
    assert store.installed() == ()


def test_a_file_of_the_user_becomes_a_model(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(MODEL)
    folder = store.take(GGUF, "mine", file)
    assert (folder / "mine.gguf").read_bytes() == MODEL
    assert store.verify(GGUF, "mine") == []
    file.write_bytes(MODEL + b"more")
    store.take(GGUF, "mine", file)
    assert (folder / "mine.gguf").read_bytes() == MODEL + b"more"


def test_a_model_without_a_suffix_as_ollama_stores_it_becomes_one(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "sha256-0f3a"
    file.write_bytes(MODEL)
    folder = store.take(GGUF, "mine", file)
    assert gguf_file(folder).name == "sha256-0f3a.gguf"
    assert store.verify(GGUF, "mine") == []


@pytest.mark.parametrize("name", ["mine.gguf", "mine", "mine.bin"])
def test_another_file_of_the_user_is_refused(store: Store, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("no model")
    with pytest.raises(DownloadFailed, match="is not a GGUF model"):
        store.take(GGUF, "mine", file)
    with pytest.raises(DownloadFailed, match="No such file"):
        store.take(GGUF, "mine", tmp_path / "missing.gguf")
    with pytest.raises(UsageError, match="gguf, sherpa, turn models can be imported"):
        store.take("whisper", "base", file)
    assert store.installed() == ()
