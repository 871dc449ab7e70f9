"""Folders of voices for sherpa-onnx: their kinds, and each fault found before the library, which
would end the process, reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from satellite.errors import EngineFailed, ModelMissing
from servers.models.sherpa_models import RECOMMENDED
from servers.models.sherpa_voices import is_voice, read_voice
from tests.support.sherpa_models import write_zipformer
from tests.support.sherpa_voices import RATE, Generated, make_voice

pytest.importorskip("onnx")

CHINESE = Generated(
    metadata={"comment": "aishell3", "voice": None, "has_espeak": 0, "language": "Chinese"},
    lexicon="你 a\n好 b\n",
)
MANY = ("af_heart", "bm_george", "ef_dora", "zf_xiaobei", "jf_alpha")


@pytest.mark.parametrize("kind", ["vits", "kokoro", "kitten", "matcha"])
def test_a_kind_is_found_by_its_files(tmp_path: Path, kind: str) -> None:
    folder = make_voice(tmp_path / "voice", Generated(kind=kind, speakers=("af_one", "bf_two")))
    assert is_voice(folder)
    found = read_voice(folder)
    assert found.kind == kind
    assert found.rate == RATE
    assert found.espeak == "en-us"
    assert found.speakers == ("af_one", "bf_two")
    assert found.languages == ("en-US",)
    assert not found.reads("en-US")
    assert (found.vocoder is not None) == (kind == "matcha")


def test_a_voice_with_a_lexicon_reads_text_itself(tmp_path: Path) -> None:
    for rule in ("number.fst", "date.fst", "phone.fst"):
        folder = tmp_path / "voice"
        folder.exists() or make_voice(folder, CHINESE)
        (folder / rule).write_bytes(b"")
    found = read_voice(folder)
    assert found.languages == ("zh",)
    assert found.reads("zh")
    assert [file.name for file in found.lexicons] == ["lexicon.txt"]
    assert [file.name for file in found.grammars] == ["phone.fst", "date.fst", "number.fst"]


def test_a_kokoro_of_many_languages_has_those_of_its_speakers(tmp_path: Path) -> None:
    many = Generated(kind="kokoro", speakers=MANY, metadata={"version": 2}, lexicon="你 a\n")
    found = read_voice(make_voice(tmp_path / "many", many))
    assert found.languages == ("en-US", "en-GB", "es", "zh")
    assert [found.language_of(number) for number in range(5)] == [*found.languages, "en-US"]
    assert found.reads("zh")
    assert not found.reads("es")
    without = Generated(kind="kokoro", speakers=MANY, metadata={"version": 2})
    assert "zh" not in read_voice(make_voice(tmp_path / "without", without)).languages


def test_a_voice_of_no_known_language_needs_it_set(tmp_path: Path) -> None:
    folder = make_voice(
        tmp_path / "voice", Generated(metadata={"voice": None, "language": "Klingonese"})
    )
    with pytest.raises(EngineFailed, match=r"does not say which language.*languages=de"):
        read_voice(folder)
    assert read_voice(folder, ("de",)).espeak == "de"


@pytest.mark.parametrize(
    ("kind", "metadata", "reason"),
    [
        ("vits", {"sample_rate": None}, "no number sample_rate"),
        ("vits", {"n_speakers": "-1"}, "no number n_speakers"),
        ("vits", {"language": None}, "no language"),
        ("vits", {"comment": None}, "no comment"),
        ("vits", {"sample_rate": 5}, "cannot be right"),
        ("vits", {"model_type": None}, "no voice in k2-fsa's layout"),
        ("vits", {"model_type": "paraformer"}, "no voice in k2-fsa's layout"),
        ("kokoro", {"style_dim": None}, "style_dim"),
        ("kokoro", {"style_dim": "510,2,256"}, "not Kokoro's"),
        ("kokoro", {"style_dim": "9,1,256"}, "not Kokoro's"),
        ("kokoro", {"n_speakers": 7}, "instead of"),
        ("kokoro", {"has_espeak": None}, "no number has_espeak"),
        ("kitten", {"style_dim": "1,1,256"}, "style_dim"),
        ("kitten", {"has_espeak": 0}, "without phonemes"),
        ("matcha", {"use_eos_bos": None}, "no number use_eos_bos"),
        ("matcha", {"pad_id": "x"}, "no number pad_id"),
        ("matcha", {"sample_rate": 16000}, "no vocoder for a voice of 16000 Hz"),
    ],
)
def test_metadata_that_would_end_the_process_is_refused(
    tmp_path: Path, kind: str, metadata: dict[str, object], reason: str
) -> None:
    folder = make_voice(tmp_path / "voice", Generated(kind=kind, metadata=metadata))
    with pytest.raises(EngineFailed, match=reason):
        read_voice(folder)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("vits", "model.onnx"),
        ("vits", "tokens.txt"),
        ("kokoro", "voices.bin"),
        ("matcha", "hifigan_v2.onnx"),
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, kind: str, name: str) -> None:
    folder = make_voice(tmp_path / "voice", Generated(kind=kind))
    (folder / name).unlink()
    missing = {"model.onnx": "no .onnx", "hifigan_v2.onnx": "vocoder"}.get(name, name)
    with pytest.raises(ModelMissing, match=missing):
        read_voice(folder)


@pytest.mark.parametrize(
    "tokens",
    ["", "a b c d\n", "a\n", "_ 0\n_ 1\n", "ab 0\n", "_ zero\n", "\xff", "x" * 100],
)
def test_damaged_tokens_are_refused(tmp_path: Path, tokens: str) -> None:
    folder = make_voice(tmp_path / "voice")
    (folder / "tokens.txt").write_bytes(tokens.encode("latin-1"))
    with pytest.raises(EngineFailed, match=r"tokens\.txt"):
        read_voice(folder)


def test_a_damaged_network_is_refused(tmp_path: Path) -> None:
    folder = make_voice(tmp_path / "voice")
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineFailed, match="not a complete ONNX model"):
        read_voice(folder)


def test_other_models_are_no_voices(tmp_path: Path) -> None:
    write_zipformer(tmp_path, ("<blk>", "A", "B"))
    assert not is_voice(tmp_path)
    assert not is_voice(tmp_path / "none")
    shutil.copytree(make_voice(tmp_path / "voice"), tmp_path / "copy")
    assert is_voice(tmp_path / "copy")


def test_voices_are_recommended_by_name() -> None:
    assert RECOMMENDED["matcha-zh"].vocoder == RECOMMENDED["matcha-en"].vocoder != ""
    assert "es" in RECOMMENDED["kokoro-multi-lang"].languages
