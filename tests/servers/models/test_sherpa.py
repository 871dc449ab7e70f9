"""Models for sherpa-onnx: of a hub, of k2-fsa's releases, or from files of the user's."""

from __future__ import annotations

import bz2
import io
import shutil
import tarfile
from pathlib import Path

import pytest

from satellite.errors import DownloadFailed, EngineFailed, ModelMissing
from servers.models import archive, manifest, sherpa_files, sherpa_models
from servers.models.names import SHERPA, parse
from servers.models.sherpa_voices import read_voice
from servers.models.store import Store
from tests.support.hub import Hub
from tests.support.sherpa_models import write_sense_voice, write_zipformer
from tests.support.sherpa_voices import Generated, make_voice
from tests.support.speaker_network import write_network

WORDS = ("▁TURN", "▁ON")
BILINGUAL = "sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20"


@pytest.fixture(scope="module")
def zipformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    write_zipformer(folder, WORDS, small=True)
    return write_zipformer(folder, WORDS)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packed(path: Path, files: dict[str, bytes], folder: str = "model/") -> Path:
    """Write a .tar.bz2 as k2-fsa packs them."""
    with tarfile.open(path, "w:bz2") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{folder}{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_published_and_short_names_are_one_model() -> None:
    short = parse("sherpa:zipformer-zh-en")
    assert parse(f"sherpa:{BILINGUAL}") == short == parse(f"sherpa:csukuangfj/{BILINGUAL}")
    assert short.license == "Apache-2.0"
    assert sherpa_models.archive("kws-zh") == (
        f"{sherpa_models.RELEASES}/kws-models/"
        "sherpa-onnx-kws-zipformer-wenetspeech-3.3M-2024-01-01.tar.bz2"
    )
    assert sherpa_models.archive("someone/else") is None


def test_the_smaller_networks_are_fetched(hub: Hub, store: Store, zipformer: Path) -> None:
    files = content(zipformer) | {"README.md": b"x", "test_wavs/0.wav": b"RIFF", "bpe.model": b"m"}
    hub.repositories[f"csukuangfj/{BILINGUAL}"] = files
    folder = store.pull("sherpa:zipformer-zh-en")
    assert {path.name for path in folder.iterdir()} == {
        "encoder-epoch-99-avg-1.int8.onnx",
        "decoder-epoch-99-avg-1.onnx",
        "joiner-epoch-99-avg-1.int8.onnx",
        "tokens.txt",
        "bpe.model",
        "bpe.vocab",
        manifest.FILE,
    }
    assert [str(model) for model in store.installed()] == ["sherpa:zipformer-zh-en"]
    found = sherpa_files.read(folder)
    assert (found.kind, found.streaming) == (sherpa_files.TRANSDUCER, True)
    assert found.networks["encoder"].name == "encoder-epoch-99-avg-1.int8.onnx"


def test_of_several_stages_of_training_one_is_chosen() -> None:
    names = [
        f"{part}-epoch-{epoch}-avg-2{ending}.onnx"
        for part in ("encoder", "decoder", "joiner")
        for epoch in (12, 99)
        for ending in ("", ".int8")
    ]
    assert set(sherpa_models.choose(names)) == {
        "encoder-epoch-12-avg-2.int8.onnx",
        "decoder-epoch-12-avg-2.onnx",
        "joiner-epoch-12-avg-2.int8.onnx",
    }


def test_without_a_repository_the_archive_of_the_release_is_fetched(
    hub: Hub, store: Store, zipformer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sherpa_models, "RELEASES", f"{hub.endpoint}/k2/resolve/x")
    file = packed(tmp_path / "m.tar.bz2", content(zipformer))
    hub.repositories["k2"] = {"asr-models/sherpa-onnx-mine-en.tar.bz2": file.read_bytes()}
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    folder = store.pull("sherpa:sherpa-onnx-mine-en")
    assert sherpa_files.read(folder).kind == sherpa_files.TRANSDUCER
    assert not list(folder.glob("*.bz2"))
    assert store.verify(SHERPA, "sherpa-onnx-mine-en") == []


@pytest.mark.parametrize("archived", [False, True])
def test_a_voice_gets_the_vocoder_that_it_needs(
    hub: Hub,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    archived: bool,
) -> None:
    monkeypatch.setattr(sherpa_models, "RELEASES", f"{hub.endpoint}/k2/resolve/x")
    files = content(make_voice(tmp_path / "voice", Generated(kind="matcha")))
    vocoder = files.pop("hifigan_v2.onnx")
    full = sherpa_models.RECOMMENDED["matcha-en"].full_name
    released = {"vocoder-models/vocos-22khz-univ.onnx": vocoder}
    if archived:
        released[f"tts-models/{full}.tar.bz2"] = packed(tmp_path / "m.tar.bz2", files).read_bytes()
    else:
        hub.repositories[f"csukuangfj/{full}"] = files
    hub.repositories["k2"] = released
    found = read_voice(store.pull("sherpa:matcha-en"))
    assert found.vocoder is not None
    assert found.vocoder.name == "vocos-22khz-univ.onnx"
    assert store.verify(SHERPA, "matcha-en") == []


def test_a_network_for_speaker_recognition_is_one_file(
    hub: Hub, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sherpa_models, "RELEASES", f"{hub.endpoint}/k2/resolve/x")
    full = sherpa_models.RECOMMENDED["speaker-en"].full_name
    network = write_network(tmp_path / "x.onnx").read_bytes()
    hub.repositories["k2"] = {f"speaker-recongition-models/{full}.onnx": network}
    folder = store.pull("sherpa:speaker-en")
    assert [path.name for path in folder.glob("*.onnx")] == [f"{full}.onnx"]
    assert sherpa_models.is_speaker_model("speaker-zh")
    assert not sherpa_models.is_speaker_model("sense-voice")
    assert str(parse(f"sherpa:{full}")) == "sherpa:speaker-en"


def test_a_voice_detector_is_one_file_of_the_release(
    hub: Hub, store: Store, zipformer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sherpa_models, "RELEASES", f"{hub.endpoint}/k2/resolve/x")
    network = next(zipformer.glob("joiner*")).read_bytes()
    hub.repositories["k2"] = {"asr-models/ten-vad.onnx": network}
    folder = store.pull("sherpa:ten-vad")
    assert (folder / "ten-vad.onnx").read_bytes() == network
    assert store.verify(SHERPA, "ten-vad") == []


def test_the_token_of_the_hub_goes_to_no_other_server(
    hub: Hub, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    other = hub.endpoint.replace("127.0.0.1", "localhost")
    monkeypatch.setattr(sherpa_models, "RELEASES", f"{other}/k2/resolve/x")
    with pytest.raises(ModelMissing, match="did you mean sense-voice"):
        store.pull("sherpa:sense-voise")
    asked = dict(zip((path for path, _ in hub.requests), hub.tokens, strict=True))
    assert asked["/api/models/csukuangfj/sense-voise"] == "Bearer hf_secret"
    assert asked["/k2/resolve/x/asr-models/sense-voise.tar.bz2"] == ""


def test_a_repository_without_a_model_is_refused(hub: Hub, store: Store) -> None:
    hub.repositories["some/one"] = {"tokens.txt": b"a 0\n"}
    with pytest.raises(DownloadFailed, match=r"no model for sherpa-onnx"):
        store.pull("sherpa:some/one")


def test_a_folder_and_an_archive_are_imported(
    store: Store, zipformer: Path, tmp_path: Path
) -> None:
    store.take(SHERPA, "folder", zipformer)
    store.take(SHERPA, "packed", packed(tmp_path / "m.tar.bz2", content(zipformer)))
    store.take(SHERPA, "flat", packed(tmp_path / "f.tar.bz2", content(zipformer), ""))
    for name in ("folder", "packed", "flat"):
        assert store.verify(SHERPA, name) == []
        assert sherpa_files.read(store.find(SHERPA, name)).streaming
    store.take(SHERPA, "folder", write_sense_voice(tmp_path / "sense", "打开"))
    assert sherpa_files.read(store.find(SHERPA, "folder")).kind == sherpa_files.SENSE_VOICE


@pytest.mark.parametrize("name", ["../up.onnx", "/etc/up.onnx", "a/../../up.onnx"])
def test_a_path_out_of_the_archive_is_refused(store: Store, tmp_path: Path, name: str) -> None:
    file = packed(tmp_path / "m.tar.bz2", {name: b"x"}, "")
    with pytest.raises(DownloadFailed, match="leads out of it"):
        store.take(SHERPA, "mine", file)
    assert store.installed() == ()
    assert not (tmp_path / "up.onnx").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_a_link_or_device_in_an_archive_is_refused(
    store: Store, tmp_path: Path, kind: bytes
) -> None:
    with tarfile.open(tmp_path / "m.tar.bz2", "w:bz2") as tar:
        info = tarfile.TarInfo("model/tokens.txt")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(DownloadFailed, match="no links and no devices"):
        store.take(SHERPA, "mine", tmp_path / "m.tar.bz2")


def test_a_bomb_is_refused_before_it_is_unpacked(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1 << 20)
    file = packed(tmp_path / "m.tar.bz2", {"model.onnx": bytes(2 << 20)})
    assert file.stat().st_size < 10_000
    with pytest.raises(DownloadFailed, match="is not one of a model"):
        store.take(SHERPA, "mine", file)
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    file.write_bytes(bz2.compress(header.tobuf(tarfile.PAX_FORMAT) + bytes(1 << 20)))
    with pytest.raises(DownloadFailed, match="longer than that of a model"):
        store.take(SHERPA, "mine", file)


def test_a_damaged_archive_is_refused(store: Store, zipformer: Path, tmp_path: Path) -> None:
    file = packed(tmp_path / "m.tar.bz2", content(zipformer))
    for damaged in (file.read_bytes()[:-200], b"BZh9 not one", b"text", b""):
        file.write_bytes(damaged)
        with pytest.raises(DownloadFailed, match=r"complete archive|no \.onnx"):
            store.take(SHERPA, "mine", file)
    assert store.installed() == ()


def test_missing_empty_and_damaged_files_are_reported(zipformer: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(zipformer, folder)
    for path in folder.glob("joiner*"):
        path.unlink()
    with pytest.raises(ModelMissing, match=r"has no joiner.onnx"):
        sherpa_files.read(folder)
    for path in folder.glob("encoder*"):
        path.unlink()
    with pytest.raises(ModelMissing, match=r"has no encoder.onnx beside decoder"):
        sherpa_files.read(folder)
    shutil.copytree(zipformer, folder, dirs_exist_ok=True)
    encoder = folder / "encoder-epoch-99-avg-1.int8.onnx"
    encoder.write_bytes(encoder.read_bytes()[:-100])
    with pytest.raises(EngineFailed, match=r"int8.onnx is not a complete ONNX model"):
        sherpa_files.read(folder)
    encoder.write_bytes(b"")
    with pytest.raises(EngineFailed, match="is empty"):
        sherpa_files.read(folder)
    shutil.copytree(zipformer, folder, dirs_exist_ok=True)
    (folder / "tokens.txt").write_text("<blk> 0\nbroken\n")
    with pytest.raises(EngineFailed, match='line 2: "broken"'):
        sherpa_files.read(folder)
    (folder / "tokens.txt").unlink()
    with pytest.raises(ModelMissing, match=r"no tokens.txt"):
        sherpa_files.read(folder)
    with pytest.raises(ModelMissing, match="No such file"):
        sherpa_files.read(tmp_path / "none")


def test_languages_are_those_of_the_name() -> None:
    assert sherpa_files.languages_of("sense-voice") == ("zh", "en", "ja", "ko", "yue")
    assert sherpa_files.languages_of("someone/sherpa-onnx-streaming-zipformer-fr-2023") == ("fr",)
    assert sherpa_files.languages_of("sherpa-onnx-kws-zipformer-gigaspeech-3.3M") == ("en",)
    assert sherpa_files.languages_of("mine") == ()
