"""Tiny models in the layout in which k2-fsa publishes them for sherpa-onnx.

They hear pitch: a tone in a band of the 80 mel bins stands for a token, and silence for none. Their
weights are written by hand, so that what is spoken in tones is recognized exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

RATE = 16000
CHUNK = 8
"""Frames (10 ms) by which the zipformer moves on; it looks at 5 more."""
BINS = 80
_SHORT = 2
"""Encoder frames of a chunk: the zipformer takes every fourth frame."""
_CONTRAST = 4.0
"""By how much the natural logarithm of the energy in the middle of a band exceeds that of the other
bands, on average, while its tone sounds: 10 to 14. In silence it does by nothing."""

Floats = npt.NDArray[np.float32]


def tone(token: int, count: int, seconds: float = 0.24) -> Floats:
    """Return the sound of a token of a model with so many bands."""
    center = _center(token, count)
    steps = np.arange(round(seconds * RATE), dtype=np.float32)
    sound = 0.5 * np.sin(2 * math.pi * center / RATE * steps)
    floats: Floats = sound.astype(np.float32)
    return floats


def speech(tokens: Sequence[int | tuple[int, int]], count: int, gap: float = 0.16) -> bytes:
    """Return the sound of tokens with gaps between them, as 16-bit samples.

    A pair of tokens sounds as both, the first one louder; a model takes that where nothing else
    decides.
    """
    quiet = np.zeros(round(gap * RATE), np.float32)
    pieces = [quiet, quiet]
    for token in tokens:
        if isinstance(token, tuple):
            sound = 0.7 * tone(token[0], count) + 0.2 * tone(token[1], count)
        else:
            sound = tone(token, count)
        pieces += [sound, quiet]
    return (np.concatenate(pieces) * 32767).astype("<i2").tobytes()


def _mel(hertz: float) -> float:
    return 1127.0 * math.log(1.0 + hertz / 700.0)


def _band(token: int, count: int) -> tuple[int, int]:
    """Return the mel bins of a token. The lowest ten bins are of no token: they overlap."""
    width = (BINS - 10) // count
    return 10 + token * width, 10 + (token + 1) * width


def _center(token: int, count: int) -> float:
    low, high = _mel(20.0), _mel(RATE / 2 - 400.0)
    first, last = _band(token, count)
    middle = (first + last) / 2
    mel = low + (high - low) * (middle + 0.5) / (BINS + 1)
    return 700.0 * (math.exp(mel / 1127.0) - 1.0)


def _scores(symbols: Sequence[str], spoken: Sequence[int]) -> tuple[Floats, int]:
    """Return the matrix from mel bins to bands, and how many bands there are."""
    count = len(spoken)
    weights = np.zeros((BINS, count), np.float32)
    for band in range(count):
        first, last = _band(band, count)
        middle = (first + last) // 2
        others = [*range(10, first), *range(last, BINS)]
        weights[middle - 1 : middle + 2, band] = 1 / 3
        weights[others, band] = -1 / len(others)
    return weights, count


def _value(name: str, shape: Sequence[int | str | None], kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def _save(
    path: Path,
    nodes: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    weights: dict[str, npt.NDArray[np.generic]],
    metadata: dict[str, str],
) -> None:
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        list(inputs),
        list(outputs),
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def write_tokens(folder: Path, symbols: Sequence[str]) -> None:
    """Write tokens.txt."""
    lines = [f"{symbol} {number}\n" for number, symbol in enumerate(symbols)]
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")


def write_zipformer(
    folder: Path, symbols: Sequence[str], *, stage: str = "epoch-99-avg-1", small: bool = False
) -> Path:
    """Write a streaming zipformer transducer whose tokens are `<blk>`, `<unk>` and `symbols`.

    It emits a token at the beginning of its tone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ending = ".int8.onnx" if small else ".onnx"
    all_symbols = ["<blk>", "<unk>", *symbols]
    write_tokens(folder, all_symbols)
    if any(symbol.startswith("▁") for symbol in symbols):
        pieces = "".join(f"{symbol}\t{-number}\n" for number, symbol in enumerate(all_symbols))
        (folder / "bpe.vocab").write_text(pieces, encoding="utf-8")
    count = len(symbols)
    _write_encoder(folder / f"encoder-{stage}{ending}", symbols, count)
    size = len(all_symbols)
    _save(
        folder / f"decoder-{stage}.onnx",
        [
            helper.make_node("Cast", ["y"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["f", "axis"], ["s"], keepdims=1),
            helper.make_node("Mul", ["s", "zero"], ["z"]),
            helper.make_node("Expand", ["z", "shape"], ["decoder_out"]),
        ],
        [_value("y", ["N", 2], TensorProto.INT64)],
        [_value("decoder_out", ["N", size])],
        {
            "axis": np.array([1], np.int64),
            "zero": np.array(0, np.float32),
            "shape": np.array([1, size], np.int64),
        },
        {"context_size": "2", "vocab_size": str(size)},
    )
    _save(
        folder / f"joiner-{stage}{ending}",
        [helper.make_node("Add", ["encoder_out", "decoder_out"], ["logit"])],
        [_value("encoder_out", ["N", size]), _value("decoder_out", ["N", size])],
        [_value("logit", ["N", size])],
        {},
        {"joiner_dim": str(size)},
    )
    return folder


def _write_encoder(path: Path, symbols: Sequence[str], count: int) -> None:
    size = count + 2
    weights, _ = _scores(symbols, range(count))
    # cached_avg of the one layer carries the last frame's scores: a token is new if it was quiet
    states: dict[str, list[int | str | None]] = {
        "cached_key_0": [4, "N", 8],
        "cached_nonlin_attn_0": [1, "N", 4, 6],
        "cached_val1_0": [4, "N", 8],
        "cached_val2_0": [4, "N", 8],
        "cached_conv1_0": ["N", 8, 2],
        "cached_conv2_0": ["N", 8, 2],
        "embed_states": ["N", 128, 3, 19],
    }
    nodes = [
        # every fourth frame, the mean of it and the next one
        helper.make_node("Slice", ["x", "from", "to", "along", "step"], ["frames"]),
        helper.make_node("MatMul", ["frames", "bands"], ["level"]),
        helper.make_node("Sub", ["level", "quiet"], ["loud"]),
        # the frame before: of this chunk, or of the last one, in the first values of a state
        helper.make_node("Slice", ["embed_states", "o0", "o1", "o_along"], ["old0"]),
        helper.make_node("Reshape", ["old0", "as_row"], ["old1"]),
        helper.make_node("Slice", ["old1", "c0", "c1", "c_along"], ["old"]),
        helper.make_node("Slice", ["loud", "f0", "f1", "f_along"], ["earlier"]),
        helper.make_node("Concat", ["old", "earlier"], ["before"], axis=1),
        # 40 where it is loud now, and minus as much where it was before
        helper.make_node("Clip", ["loud", "least", "most"], ["now"]),
        helper.make_node("Clip", ["before", "least", "most"], ["then"]),
        helper.make_node("Mul", ["then", "forty"], ["then40"]),
        helper.make_node("Sub", ["now", "then40"], ["fresh"]),
        helper.make_node("Mul", ["fresh", "forty"], ["score"]),
        # blank has 20, between nothing and a tone; the batch is that of the input
        helper.make_node("Slice", ["level", "b0", "b1", "b_along"], ["one"]),
        helper.make_node("Mul", ["one", "none"], ["zeros1"]),
        helper.make_node("Concat", ["zeros1", "zeros1"], ["zeros2"], axis=2),
        helper.make_node("Add", ["zeros2", "blank2"], ["blank2_n"]),
        helper.make_node("Concat", ["blank2_n", "score"], ["encoder_out"], axis=2),
        helper.make_node("Slice", ["loud", "l0", "l1", "f_along"], ["last"]),
        helper.make_node("Pad", ["last", "pads"], ["padded"]),
        helper.make_node("Reshape", ["padded", "as_state"], ["new_embed_states"]),
        helper.make_node("Add", ["processed_lens", "chunk"], ["new_processed_lens"]),
        *(
            helper.make_node("Identity", [name], [f"new_{name}"])
            for name in states
            if name != "embed_states"
        ),
    ]
    i64 = np.int64
    constants: dict[str, npt.NDArray[np.generic]] = {
        "from": np.array([0], i64),
        "to": np.array([CHUNK], i64),
        "along": np.array([1], i64),
        "step": np.array([CHUNK // _SHORT], i64),
        "bands": weights,
        "quiet": np.array(_CONTRAST, np.float32),
        "o0": np.array([0], i64),
        "o1": np.array([128], i64),
        "o_along": np.array([1], i64),
        "as_row": np.array([-1, 1, 128 * 3 * 19], i64),
        "c0": np.array([0], i64),
        "c1": np.array([count], i64),
        "c_along": np.array([2], i64),
        "f0": np.array([0], i64),
        "f1": np.array([_SHORT - 1], i64),
        "f_along": np.array([1], i64),
        "least": np.array(0, np.float32),
        "most": np.array(1, np.float32),
        "forty": np.array(40, np.float32),
        "b0": np.array([0], i64),
        "b1": np.array([1], i64),
        "b_along": np.array([2], i64),
        "none": np.array(0, np.float32),
        "blank2": np.array([[[20.0, -1000.0]]], np.float32),
        "l0": np.array([_SHORT - 1], i64),
        "l1": np.array([_SHORT], i64),
        "pads": np.array([0, 0, 0, 0, 0, 128 * 3 * 19 - count], i64),
        "as_state": np.array([-1, 128, 3, 19], i64),
        "chunk": np.array([CHUNK], i64),
    }
    inputs = [
        _value("x", ["N", CHUNK + 5, BINS]),
        *(_value(name, shape) for name, shape in states.items()),
        _value("processed_lens", ["N"], TensorProto.INT64),
    ]
    outputs = [
        _value("encoder_out", ["N", _SHORT, size]),
        *(_value(f"new_{name}", shape) for name, shape in states.items()),
        _value("new_processed_lens", ["N"], TensorProto.INT64),
    ]
    metadata = {
        "model_type": "zipformer2",
        "version": "1",
        "comment": "streaming zipformer2",
        "decode_chunk_len": str(CHUNK),
        "T": str(CHUNK + 5),
        "num_encoder_layers": "1",
        "encoder_dims": "8",
        "cnn_module_kernels": "5",
        "left_context_len": "4",
        "query_head_dims": "8",
        "value_head_dims": "8",
        "num_heads": "1",
    }
    _save(path, nodes, inputs, outputs, constants, metadata)


def write_sense_voice(folder: Path, symbols: Sequence[str], *, small: bool = True) -> Path:
    """Write a SenseVoice model, a CTC network over stacked frames, whose tokens are `symbols`.

    Its first four outputs are language, emotion, event and style, as in the published one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    special = ["<unk>", "<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>"]
    all_symbols = ["<blank>", *special, *symbols]
    write_tokens(folder, all_symbols)
    size, count = len(all_symbols), len(symbols)
    bands, _ = _scores(symbols, range(count))
    # the middle one of seven stacked frames
    stacked = np.zeros((7 * BINS, count), np.float32)
    stacked[3 * BINS : 4 * BINS] = bands
    head = np.full((1, 4, size), -50.0, np.float32)
    for row, token in enumerate((2, 3, 4, 5)):
        head[0, row, token] = 50.0
    fixed = np.full((1, 1, 6), -50.0, np.float32)
    fixed[0, 0, 0] = 20.0
    _save(
        folder / ("model.int8.onnx" if small else "model.onnx"),
        [
            helper.make_node("MatMul", ["x", "bands"], ["level"]),
            helper.make_node("Sub", ["level", "quiet"], ["loud"]),
            helper.make_node("Clip", ["loud", "least", "most"], ["now"]),
            helper.make_node("Mul", ["now", "forty"], ["score"]),
            helper.make_node("Slice", ["level", "b0", "b1", "b_along"], ["one"]),
            helper.make_node("Mul", ["one", "none"], ["zeros"]),
            helper.make_node("Add", ["zeros", "fixed"], ["others"]),
            helper.make_node("Concat", ["others", "score"], ["body"], axis=2),
            helper.make_node("Slice", ["zeros", "b0", "b1", "t_along"], ["zero1"]),
            helper.make_node("Add", ["zero1", "head"], ["head_n"]),
            # the model also reads its prompt, without any use for it here
            helper.make_node("Cast", ["language"], ["language_f"], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["text_norm"], ["norm_f"], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["x_length"], ["length_f"], to=TensorProto.FLOAT),
            helper.make_node("Sum", ["language_f", "norm_f", "length_f"], ["prompt"]),
            helper.make_node("ReduceSum", ["prompt"], ["prompt0"], keepdims=0),
            helper.make_node("Mul", ["prompt0", "none"], ["nothing"]),
            helper.make_node("Concat", ["head_n", "body"], ["whole"], axis=1),
            helper.make_node("Add", ["whole", "nothing"], ["logits"]),
        ],
        [
            _value("x", ["N", "T", 7 * BINS]),
            _value("x_length", ["N"], TensorProto.INT32),
            _value("language", ["N"], TensorProto.INT32),
            _value("text_norm", ["N"], TensorProto.INT32),
        ],
        [_value("logits", ["N", "T4", size])],
        {
            "bands": stacked,
            "quiet": np.array(_CONTRAST, np.float32),
            "least": np.array(0, np.float32),
            "most": np.array(1, np.float32),
            "forty": np.array(40, np.float32),
            "b0": np.array([0], np.int64),
            "b1": np.array([1], np.int64),
            "b_along": np.array([2], np.int64),
            "t_along": np.array([1], np.int64),
            "none": np.array(0, np.float32),
            "fixed": fixed,
            "head": head,
        },
        {
            "model_type": "sense_voice_ctc",
            "vocab_size": str(size),
            "lfr_window_size": "7",
            "lfr_window_shift": "6",
            "normalize_samples": "0",
            "with_itn": "14",
            "without_itn": "15",
            "lang_auto": "0",
            "lang_zh": "3",
            "lang_en": "4",
            "lang_yue": "7",
            "lang_ja": "11",
            "lang_ko": "12",
            "neg_mean": ",".join(["0"] * 7 * BINS),
            "inv_stddev": ",".join(["1"] * 7 * BINS),
        },
    )
    return folder


def write_punctuation(folder: Path, symbols: Sequence[str]) -> Path:
    """Write a model that puts a comma behind the first of the symbols."""
    folder.mkdir(parents=True, exist_ok=True)
    marks = ("<unk>", "_", "，", "。", "？", "、")
    logits = np.zeros((len(symbols) + 1, len(marks)), np.float32)
    logits[:, 1] = 1
    logits[0, 2] = 2
    _save(
        folder / "model.onnx",
        [helper.make_node("Gather", ["logits_of", "inputs"], ["logits"])],
        [
            _value("inputs", ["N", "T"], TensorProto.INT32),
            _value("text_lengths", ["N"], TensorProto.INT32),
        ],
        [_value("logits", ["N", "T", len(marks)])],
        {"logits_of": logits},
        {
            "model_type": "ct_transformer",
            "tokens": "|".join([*symbols, "<unk>"]),
            "vocab_size": str(len(symbols) + 1),
            "punctuations": "|".join(marks),
            "unk_symbol": "<unk>",
        },
    )
    return folder


def write_network(path: Path, metadata: dict[str, str]) -> None:
    """Write a network that does nothing, with metadata."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    _save(path, nodes, [_value("x", [1])], [_value("y", [1])], {}, metadata)
