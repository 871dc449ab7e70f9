"""The kinds of models, found by their files, and the library's functions for them."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sherpa_onnx", reason="satellite-voice[sherpa] is not installed")

import sherpa_onnx

from satellite.errors import EngineFailed
from servers.asr.sherpa import recognizer
from servers.asr.sherpa.engine import SherpaOnnx
from servers.asr.sherpa.recognizer import Recognizer
from servers.models import sherpa_files
from servers.models.sherpa_trial import Trial
from tests.support.sherpa_models import write_network, write_tokens, write_zipformer

ONLINE, OFFLINE = "OnlineRecognizer", "OfflineRecognizer"
STATES = {"decode_chunk_len": "8", "T": "13", "encoder_dims": "8"}
CODES = {"all_language_codes": "en,zh", "is_multilingual": "1", "n_text_layer": "4"}

KINDS: list[tuple[str, tuple[str, ...], dict[str, str], str, str]] = [
    ("transducer", ("encoder", "decoder", "joiner"), STATES, ONLINE, "from_transducer"),
    ("paraformer", ("encoder", "decoder"), {"decoder_num_blocks": "1"}, ONLINE, "from_paraformer"),
    ("zipformer-ctc", ("ctc-epoch-1.int8",), STATES, ONLINE, "from_zipformer2_ctc"),
    (
        "nemo-ctc",
        ("model",),
        {"model_type": "EncDecCTCModelBPE", "chunk_shift": "8"},
        ONLINE,
        "from_nemo_ctc",
    ),
    (
        "transducer",
        ("encoder-1", "decoder-1", "joiner-1"),
        {"model_type": "zipformer2"},
        OFFLINE,
        "from_transducer",
    ),
    (
        "nemo-transducer",
        ("encoder.int8", "decoder.int8", "joiner.int8"),
        {"pred_rnn_layers": "2", "model_type": "EncDecRNNTBPEModel"},
        OFFLINE,
        "from_transducer",
    ),
    ("paraformer", ("model.int8",), {"lfr_window_size": "7"}, OFFLINE, "from_paraformer"),
    (
        "sense-voice",
        ("model",),
        {"lfr_window_size": "7", "with_itn": "14"},
        OFFLINE,
        "from_sense_voice",
    ),
    ("nemo-ctc", ("model",), {"model_type": "EncDecCTCModelBPE"}, OFFLINE, "from_nemo_ctc"),
    ("zipformer-ctc", ("model",), {"model_type": "zipformer2_ctc"}, OFFLINE, "from_zipformer_ctc"),
    ("whisper", ("base-encoder.int8", "base-decoder.int8"), CODES, OFFLINE, "from_whisper"),
    (
        "moonshine",
        ("preprocess", "encode.int8", "uncached_decode.int8", "cached_decode.int8"),
        {},
        OFFLINE,
        "from_moonshine",
    ),
]


@pytest.mark.parametrize(("kind", "names", "metadata", "library", "function"), KINDS)
def test_each_kind_is_loaded_by_its_own_function(
    kind: str,
    names: tuple[str, ...],
    metadata: dict[str, str],
    library: str,
    function: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in names:
        write_network(tmp_path / f"{name}.onnx", metadata)
    write_tokens(tmp_path, ("<blk>", "a"))
    files = sherpa_files.read(tmp_path)
    assert (files.kind, files.streaming) == (kind, library == ONLINE)
    made: list[dict[str, Any]] = []
    whole = getattr(getattr(sherpa_onnx, library), function)

    def make(**parameters: Any) -> None:
        inspect.signature(whole).bind(**parameters)
        made.append(parameters)

    make.__name__ = function
    monkeypatch.setattr(getattr(sherpa_onnx, library), function, make)
    tried: list[Trial] = []
    monkeypatch.setattr(recognizer, "require_loadable", lambda trial, folder: tried.append(trial))
    Recognizer(files, SherpaOnnx.Options(language="zh-CN"), 2)
    assert tried == [Trial(library, function, made[0])]
    assert made[0]["num_threads"] == 2
    paths = {value for value in made[0].values() if str(value).endswith(".onnx")}
    assert paths == {str(tmp_path / f"{name}.onnx") for name in names}
    if kind in ("whisper", "sense-voice"):
        assert made[0]["language"] == "zh"


def test_a_model_of_another_kind_is_reported(tmp_path: Path) -> None:
    write_network(tmp_path / "model.onnx", {"model_type": "vits"})
    write_tokens(tmp_path, ("<blk>", "a"))
    with pytest.raises(EngineFailed, match=r"vits\) is no speech recognizer of a kind"):
        sherpa_files.read(tmp_path)


def test_whisper_names_its_languages(tmp_path: Path) -> None:
    for part in ("encoder", "decoder"):
        write_network(tmp_path / f"base-{part}.onnx", CODES)
    write_tokens(tmp_path, ("a",))
    assert sherpa_files.read(tmp_path).languages == ("en", "zh")


def test_sound_of_any_length_is_decoded(tmp_path: Path) -> None:
    files = sherpa_files.read(write_zipformer(tmp_path, ("▁A", "▁B")))
    model = Recognizer(files, SherpaOnnx.Options(), 1)
    for samples in (0, 1, 100, 16_000):
        stream = model.stream()
        model.accept(stream, np.zeros(samples, np.float32))
        model.finish(stream)
        model.decode([stream])
        assert model.text(stream) == ""
