"""Generated Piper voices: inputs, output and description of a real voice, a tone per phoneme."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

PAD, BOS, EOS = 0, 1, 2
SYMBOLS = 256
HOP = 240
"""Samples per id at a length scale of 1. A phoneme and the pad after it are two ids: 22 ms at
22.05 kHz, so that a text lasts a third of the time of natural speech, and tests are quick."""
SPEECH_HOP = 735
"""Samples per id for the duration of natural speech, for playback that has to last."""
CHANNELS = 256


class VoiceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Properties of a generated voice."""

    name: str = "en_US-test-low"
    language: str = "en_US"
    espeak: str = "en-us"
    speakers: tuple[str, ...] = ()
    rate: int = 22050
    """Hz."""
    hop: int = HOP
    work: int = 0
    """Convolutions that cost time and change nothing: with `SPEECH_HOP`, six of them take about
    0.05 s for each second of speech on two cores of x86-64."""


def make_voice(folder: Path, spec: VoiceSpec | None = None) -> Path:
    """Write `NAME.onnx` and its description into a folder; return the path of the `.onnx`."""
    import onnx

    spec = spec or VoiceSpec()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{spec.name}.onnx"
    onnx.save(_model(spec), str(path))
    path.with_name(f"{path.name}.json").write_text(json.dumps(_description(spec)))
    return path


def _description(spec: VoiceSpec) -> dict[str, Any]:
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    family, _, region = spec.language.partition("_")
    return {
        "audio": {"sample_rate": spec.rate, "quality": "low"},
        "espeak": {"voice": spec.espeak},
        "inference": {"noise_scale": 0.0, "length_scale": 1.0, "noise_w": 0.0},
        "phoneme_type": "espeak",
        "phoneme_id_map": dict(DEFAULT_PHONEME_ID_MAP),
        "num_symbols": SYMBOLS,
        "num_speakers": max(1, len(spec.speakers)),
        "speaker_id_map": {name: number for number, name in enumerate(spec.speakers)},
        "language": {"code": spec.language, "family": family, "region": region},
        "dataset": spec.name,
        "piper_version": "1.0.0",
    }


def _model(spec: VoiceSpec) -> Any:
    """Build a graph of opset 17: every id is `hop * length_scale` samples of its own pitch.

    `noise_scale` adds a hiss that is always the same, `noise_w` lengthens it, and each speaker
    has a higher pitch than the previous one.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def scale(index: int) -> str:
        at = constant(f"scale{index}", np.array([index], np.int64))
        return node("Gather", "scales", at, axis=0)

    one = constant("one", np.array([1], np.int64))
    floats = {number: constant(f"f{number}", np.array([number], np.float32)) for number in (1, 0.1)}
    stretch = node("Mul", scale(1), node("Add", floats[1], node("Mul", floats[0.1], scale(2))))
    hop = node("Mul", stretch, constant("hop", np.array([spec.hop], np.float32)))
    hop = node("Cast", node("Round", hop), to=TensorProto.INT64)

    pitches = np.zeros(SYMBOLS, np.float32)  # other symbols are silent
    pitches[EOS + 1 :] = 120 + 3.0 * np.arange(SYMBOLS - EOS - 1)
    pitch = node("Gather", constant("pitches", pitches), "input", axis=0)
    if spec.speakers:
        higher = node("Cast", "sid", to=TensorProto.FLOAT)
        higher = node("Mul", higher, constant("higher", np.array([0.5], np.float32)))
        pitch = node("Mul", pitch, node("Add", higher, floats[1]))
    count = node("Shape", pitch)  # [1, ids]
    shape = node("Concat", count, hop, axis=0)  # [1, ids, hop]
    last = constant("last", np.array([2], np.int64))
    pitch = node("Expand", node("Unsqueeze", pitch, last), shape)
    flat = constant("flat", np.array([1, -1], np.int64))
    pitch = node("Reshape", pitch, flat)
    samples = node("ReduceProd", count, keepdims=1)
    samples = node("Squeeze", node("Mul", samples, hop))
    zero, step = constant("zero", np.array(0, np.int64)), constant("step", np.array(1, np.int64))
    time = node("Cast", node("Range", zero, samples, step), to=TensorProto.FLOAT)
    turn = constant("turn", np.array([2 * np.pi / spec.rate], np.float32))
    audio = node("Sin", node("Mul", node("Mul", time, turn), pitch))
    hiss = node("Sin", node("Mul", time, constant("odd", np.array([12.9898], np.float32))))
    audio = node("Add", audio, node("Mul", hiss, scale(0)))
    if spec.work:
        audio = node("Add", audio, _work(spec, node, constant, audio))
    audio = node("Unsqueeze", audio, one)
    nodes.append(helper.make_node("Identity", [audio], ["output"]))

    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "ids"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if spec.speakers:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, ["batch"]))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1, "time"])
    graph = helper.make_graph(nodes, "voice", inputs, [output], constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tests"
    )


def _work(spec: VoiceSpec, node: Any, constant: Any, audio: str) -> str:
    """Add convolutions over frames of 32 samples, whose result is almost zero."""
    frame = 32
    random = np.random.default_rng(0)
    value = node("Unsqueeze", audio, constant("channel", np.array([1], np.int64)))  # [1, 1, time]
    kernel = random.normal(0, 0.1, (CHANNELS, 1, frame)).astype(np.float32)
    pads = [frame // 2, frame // 2]  # so that the shortest audio fills a frame
    value = node("Conv", value, constant("w_in", kernel), strides=[frame], pads=pads)
    for layer in range(spec.work):
        kernel = random.normal(0, 0.02, (CHANNELS, CHANNELS, 7)).astype(np.float32)
        value = node("Conv", value, constant(f"w{layer}", kernel), pads=[3, 3])
        value = node("Tanh", value)
    value = node("ReduceMean", value, axes=[1, 2], keepdims=0)  # [1]
    return str(node("Mul", value, constant("tiny", np.array([1e-6], np.float32))))


def install_voice(root: Path, spec: VoiceSpec | None = None) -> Path:
    """Install a voice into a store of models like a fetched one; return its `.onnx`."""
    from servers.models import manifest

    spec = spec or VoiceSpec()
    path = make_voice(root / "piper" / spec.name, spec)
    files = tuple(
        manifest.FileRecord(file.name, file.stat().st_size, manifest.sha256(file))
        for file in sorted(path.parent.iterdir())
        if file.name != manifest.FILE
    )
    whole = manifest.Manifest("piper", spec.name, "tests", "0", "2026-01-01T00:00:00+00:00", files)
    manifest.write(path.parent, whole)
    return path
