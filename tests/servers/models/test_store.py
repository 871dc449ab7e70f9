"""A model is in the store complete or not at all; a complete one needs no network."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from satellite.errors import DownloadFailed, ModelMissing, UsageError
from satellite.settings import ModelSettings
from servers.models import Store
from tests.servers.models.conftest import FAST, REPOSITORY, VOICE, RecordedProgress
from tests.support import model_files
from tests.support.hub import COMMIT, Hub, Request, hub_running


def test_only_the_files_that_faster_whisper_reads_are_downloaded(store: Store, hub: Hub) -> None:
    folder = store.pull("whisper:base.en")
    wanted = {"config.json", "model.bin", "tokenizer.json", "vocabulary.txt"}
    assert {path.name for path in folder.iterdir()} == wanted | {"manifest.json"}
    files = hub.repositories[REPOSITORY]
    assert all((folder / name).read_bytes() == files[name] for name in wanted)
    assert store.path("whisper", "base.en") == store.path("whisper", REPOSITORY) == folder
    assert all(COMMIT in path for path, _ in hub.requests if "/resolve/" in path)


def test_a_voice_is_downloaded_by_its_name_in_the_list(store: Store, hub: Hub) -> None:
    folder = store.pull(f"piper:{VOICE}")
    assert store.find("piper", VOICE) == folder
    assert (folder / f"{VOICE}.onnx").read_bytes() == model_files.voice(VOICE)[f"{VOICE}.onnx"]
    assert (folder / f"{VOICE}.onnx.json").exists()


def test_any_repository_can_be_named(store: Store, hub: Hub) -> None:
    hub.repositories["some/one"] = model_files.whisper(seed=2)
    assert store.pull("whisper:some/one").name == "some--one"
    assert [str(model) for model in store.installed()] == ["whisper:some/one"]
    assert [str(name) for name in store.known()] == ["whisper:some/one"]


def test_progress_adds_up(store: Store, progress: RecordedProgress) -> None:
    store.pull("whisper:base.en", progress)
    (installed,) = store.installed()
    assert progress.total == progress.here == installed.bytes
    assert (progress.begun, progress.ended, progress.texts) == (1, 1, [])


def test_a_complete_model_needs_no_network(store: Store, hub: Hub) -> None:
    folder = store.pull("whisper:base.en")
    made = hub.connections
    assert store.pull("whisper:base.en") == store.find("whisper", "base.en") == folder
    store.verify("whisper", "base.en")
    offline = Store(store.root, offline=True, endpoint=hub.endpoint)
    assert offline.pull("whisper:base.en") == folder
    assert hub.connections == made > 0


def test_offline_makes_no_request(hub: Hub, tmp_path: Path) -> None:
    offline = Store(tmp_path, offline=True, endpoint=hub.endpoint)
    for name in ("whisper:base.en", f"piper:{VOICE}"):
        with pytest.raises(ModelMissing, match=f"offline forbids .* satellite models pull {name}"):
            offline.pull(name)
    assert hub.connections == 0


def test_stores_side_by_side_each_follow_their_own_settings(hub: Hub, tmp_path: Path) -> None:
    settings = ModelSettings(folder=str(tmp_path / "a"), endpoint=hub.endpoint)
    online = Store.for_settings(settings, FAST)
    offline = Store.for_settings(ModelSettings(folder=str(tmp_path / "b"), offline=True))
    assert online.pull("whisper:base.en") == tmp_path / "a" / "whisper" / "base.en"
    with pytest.raises(ModelMissing):
        offline.pull("whisper:base.en")


def test_hf_endpoint_is_used_if_no_endpoint_is_set(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    store = Store.for_settings(ModelSettings(folder=str(tmp_path)), FAST)
    assert store.pull("whisper:base.en") == tmp_path / "whisper" / "base.en"


def test_a_model_without_its_manifest_or_a_file_is_incomplete(store: Store) -> None:
    folder = store.pull("whisper:base.en")
    os.truncate(folder / "model.bin", 10)
    assert store.path("whisper", "base.en") is None
    assert store.installed() == ()
    ((name, _, state),) = store.broken()
    assert (str(name), state) == ("whisper:base.en", "damaged")
    (folder / "manifest.json").unlink()
    assert store.path("whisper", "base.en") is None
    with pytest.raises(ModelMissing, match=r"satellite models pull whisper:base\.en$"):
        store.find("whisper", "base.en")


def test_only_damaged_files_are_downloaded_again(
    store: Store, hub: Hub, progress: RecordedProgress
) -> None:
    folder = store.pull("whisper:base.en")
    assert store.verify("whisper", "base.en") == []
    good = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    (folder / "vocabulary.txt").unlink()
    assert store.verify("whisper", "base.en") == [
        "model.bin has changed since it was downloaded",
        "vocabulary.txt is missing",
    ]
    del hub.requests[:]
    store.pull("whisper:base.en", progress)
    assert store.verify("whisper", "base.en") == []
    fetched = [path.rpartition("/")[2] for path, _ in hub.requests if "/resolve/" in path]
    assert fetched == ["model.bin", "vocabulary.txt"]
    assert progress.here == progress.total
    assert "is damaged" in progress.texts[0]


def test_a_running_server_notices_added_and_removed_models(store: Store) -> None:
    marks = [store.fingerprint()]
    for change in (
        lambda: store.pull("whisper:base.en"),
        lambda: store.pull(f"piper:{VOICE}"),
        lambda: store.remove("whisper", "base.en"),
        lambda: store.pull("whisper:base.en"),
    ):
        change()
        assert store.fingerprint() == store.fingerprint()
        marks.append(store.fingerprint())
    assert len(set(marks)) == len(marks)


def test_a_removed_model_is_gone(store: Store) -> None:
    folder = store.pull(f"piper:{VOICE}")
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert store.remove("piper", VOICE) == size
    assert not folder.exists()
    with pytest.raises(ModelMissing, match="piper:en_US-lessac-medium is not installed"):
        store.remove("piper", VOICE)


def test_a_folder_of_the_user_is_used_unchecked(store: Store, tmp_path: Path) -> None:
    assert store.find("whisper", str(tmp_path)) == tmp_path
    with pytest.raises(ModelMissing, match="no such file or folder"):
        store.find("whisper", str(tmp_path / "none"))


def test_an_unpublished_name_is_refused_with_the_nearest(store: Store, hub: Hub) -> None:
    with pytest.raises(ModelMissing, match=r"did you mean en_US-lessac-medium\?"):
        store.pull("piper:en_US-lessec-medium")
    with pytest.raises(ModelMissing, match="has no public repository no/body"):
        store.pull("whisper:no/body")
    hub.repositories["some/pytorch"] = {"config.json": b"{}", "model.safetensors": b"x"}
    with pytest.raises(DownloadFailed, match="holds no Whisper model for CTranslate2"):
        store.pull("whisper:some/pytorch")
    with pytest.raises(UsageError):
        store.pull("ollama:llama3.2")
    assert store.broken() == ()


def test_large_files_come_from_another_host_which_gets_no_token(
    store: Store, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with Hugging Face: the hub names the SHA-256 and redirects to its storage."""
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test")
    files = hub.repositories[REPOSITORY]
    digest = hashlib.sha256(files["model.bin"]).hexdigest()
    with hub_running() as storage:
        storage.repositories[REPOSITORY] = files
        for tag in (digest[::-1], digest):

            def elsewhere(request: Request, tag: str = tag) -> None:
                location = storage.endpoint + request.path
                request.reply(302, b"", {"location": location, "x-linked-etag": f'"{tag}"'})

            hub.misdeeds["model.bin"] = [elsewhere]
            if tag == digest:
                store.pull("whisper:base.en")
            else:
                with pytest.raises(DownloadFailed, match="SHA-256 differs"):
                    store.pull("whisper:base.en")
        assert set(hub.tokens) == {"Bearer hf_of_a_test"}
        assert storage.tokens == ["", ""]


def test_the_remains_of_a_killed_removal_are_deleted(store: Store) -> None:
    folder = store.pull("whisper:base.en")
    left = folder.rename(folder.with_name(".base.en.gone"))
    assert store.installed() == ()
    store.pull("whisper:base.en")
    store.remove("whisper", "base.en")
    assert not left.exists()
