"""Voices for sherpa-onnx in k2-fsa's layout: the real ones made of `tests.support.real_models`, and
generated ones of every kind, a tone per token."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tests.support.real_models import real_model

JOE = "vits-piper-en_US-joe-medium"
RATE = 24000
"""Hz of the generated voices."""
HOP = 240
"""Samples per token of the generated voices at normal speed."""
STYLES = 510
"""Rows of a style of Kokoro."""
PHONEMES = "_^$ abdefhijklmnopstuvwzæðŋɑɔəɛɜɡɪɹɾʃʊʌʒˈˌːθᵻɐɚʔ.,?!;:"
"""Phonemes of the generated voices, most of eSpeak's for American English."""


def make_joe(folder: Path) -> Path:
    """Make the real voice joe of Piper as k2-fsa publishes such voices; return its folder."""
    import onnx

    source = real_model("piper-en_US-joe-medium") / "en_US-joe-medium.onnx"
    described = json.loads(source.with_name(f"{source.name}.json").read_text())
    model = onnx.load(str(source))
    _add_metadata(
        model,
        {
            "model_type": "vits",
            "comment": "piper",
            "language": "English",
            "voice": "en-us",
            "has_espeak": 1,
            "n_speakers": 1,
            "sample_rate": described["audio"]["sample_rate"],
        },
    )
    folder.mkdir(parents=True)
    onnx.save(model, str(folder / source.name))
    (folder / f"{source.name}.json").write_text(json.dumps(described))
    ids = {symbol: numbers[0] for symbol, numbers in described["phoneme_id_map"].items()}
    _write_tokens(folder, ids)
    return folder


def make_kokoro(folder: Path, version: int = 1, names: Sequence[str] = ()) -> Path:
    """Make the real Kokoro with its five Japanese speakers as k2-fsa publishes v0.19 (1) or a
    voice of many languages (2); return its folder. `names` are those of the speakers."""
    import onnx

    source = real_model("kokoro-int8")
    styles = np.load(source / "voices_ja.npz")
    model = onnx.load(str(source / "model.onnx"))
    _add_metadata(model, _kokoro_metadata(list(names or styles), version))
    folder.mkdir(parents=True)
    onnx.save(model, str(folder / "model.int8.onnx"))
    np.concatenate([styles[name].reshape(-1) for name in styles]).astype("<f4").tofile(
        folder / "voices.bin"
    )
    _write_tokens(folder, json.loads((source / "vocab.json").read_text())["vocab"])
    return folder


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """A generated voice."""

    kind: str = "vits"
    """`vits`, `kokoro`, `kitten` or `matcha`."""
    speakers: tuple[str, ...] = ()
    metadata: Mapping[str, object] = {}
    """In place of the usual metadata; None leaves one out."""
    lexicon: str = ""
    """Lines of `lexicon.txt`."""
    tokens: str = PHONEMES
    silent: bool = False
    """Whether it yields no samples at all."""


def make_voice(folder: Path, voice: Generated | None = None) -> Path:
    """Write a generated voice; return its folder."""
    import onnx

    voice = voice or Generated()
    folder.mkdir(parents=True)
    model = _network(voice)
    _add_metadata(model, {**_usual_metadata(voice), **voice.metadata})
    onnx.save(model, str(folder / "model.onnx"))
    _write_tokens(folder, {symbol: number for number, symbol in enumerate(voice.tokens)})
    if voice.lexicon:
        (folder / "lexicon.txt").write_text(voice.lexicon)
    count = max(1, len(voice.speakers))
    if voice.kind == "kokoro":
        np.zeros(STYLES * 256 * count, "<f4").tofile(folder / "voices.bin")
    elif voice.kind == "kitten":
        np.zeros(256 * count, "<f4").tofile(folder / "voices.bin")
    elif voice.kind == "matcha":
        vocoder = _vocoder()
        _add_metadata(vocoder, {"model_type": "hifigan", "sample_rate": RATE})
        onnx.save(vocoder, str(folder / "hifigan_v2.onnx"))
    return folder


def install(root: Path, name: str, folder: Path) -> None:
    """Record a made voice in `root/sherpa/NAME` like a fetched one."""
    from servers.models import manifest

    assert folder == root / "sherpa" / name
    files = tuple(
        manifest.FileRecord(file.name, file.stat().st_size, manifest.sha256(file))
        for file in sorted(folder.iterdir())
    )
    whole = manifest.Manifest("sherpa", name, "tests", "0", "2026-01-01T00:00:00+00:00", files)
    manifest.write(folder, whole)


def _usual_metadata(voice: Generated) -> dict[str, object]:
    count = max(1, len(voice.speakers))
    if voice.kind == "kokoro":
        return _kokoro_metadata(list(voice.speakers) or ["af_one"], version=1)
    common: dict[str, object] = {
        "language": "English",
        "voice": "en-us",
        "has_espeak": 1,
        "sample_rate": RATE,
        "n_speakers": count,
        "speaker_names": ",".join(voice.speakers) or None,
    }
    if voice.kind == "kitten":
        return {**common, "model_type": "kitten-tts", "style_dim": "1,256"}
    if voice.kind == "matcha":
        return {**common, "model_type": "matcha-tts", "use_eos_bos": 1, "pad_id": 0}
    return {**common, "model_type": "vits", "comment": "piper"}


def _kokoro_metadata(speakers: list[str], version: int) -> dict[str, object]:
    return {
        "model_type": "kokoro",
        "language": "English" if version == 1 else "multi-lang, e.g., English, Chinese",
        "has_espeak": 1,
        "sample_rate": 24000,
        "version": version,
        "voice": "en-us",
        "style_dim": f"{STYLES},1,256",
        "n_speakers": len(speakers),
        "speaker_names": ",".join(speakers),
    }


def _add_metadata(model: Any, values: Mapping[str, object]) -> None:
    for key, value in values.items():
        if value is not None:
            entry = model.metadata_props.add()
            entry.key, entry.value = key, str(value)


def _write_tokens(folder: Path, ids: Mapping[str, int]) -> None:
    lines = "".join(f"{symbol} {number}\n" for symbol, number in ids.items())
    (folder / "tokens.txt").write_text(lines, encoding="utf-8")


class _Graph:
    """A graph of ONNX, built a node at a time."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def model(self, inputs: list[tuple[str, Any, list[Any]]], output: list[Any]) -> Any:
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            self.nodes,
            "voice",
            [helper.make_tensor_value_info(*each) for each in inputs],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, output)],
            self.constants,
        )
        opset = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="tests")

    def tones(self, ids: str, stretch: str, hop: int) -> str:
        """Return [1, time]: `hop * stretch` samples of its own pitch for each of the ids [1, n]."""
        from onnx import TensorProto

        length = self.node("Mul", stretch, self.constant([hop]))
        length = self.node("Cast", self.node("Round", length), to=TensorProto.INT64)
        pitch = self.node("Cast", ids, to=TensorProto.FLOAT)
        pitch = self.node("Add", self.node("Mul", pitch, self.constant([7])), self.constant([150]))
        count = self.node("Shape", ids)
        wide = self.node("Unsqueeze", pitch, self.constant([2], np.int64))
        wide = self.node("Expand", wide, self.node("Concat", count, length, axis=0))
        flat = self.node("Reshape", wide, self.constant([1, -1], np.int64))
        samples = self.node("Mul", self.node("ReduceProd", count, keepdims=1), length)
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        time = self.node("Range", zero, self.node("Squeeze", samples), one)
        time = self.node("Cast", time, to=TensorProto.FLOAT)
        turn = self.constant([2 * np.pi / RATE])
        return self.node("Sin", self.node("Mul", self.node("Mul", time, turn), flat))


def _network(voice: Generated) -> Any:
    from onnx import TensorProto

    graph = _Graph()
    hop = 0 if voice.silent else HOP
    one = graph.constant([1])
    integers, floats = TensorProto.INT64, TensorProto.FLOAT
    if voice.kind in ("kokoro", "kitten"):
        audio = graph.tones("tokens", graph.node("Div", one, "speed"), hop)
        style = graph.node("ReduceMean", "style", axes=[0, 1], keepdims=0)
        graph.node("Add", audio, style, output="output")
        names = [("tokens", integers, [1, "n"]), ("style", floats, [1, 256])]
        return graph.model([*names, ("speed", floats, [1])], [1, "time"])
    if voice.kind == "matcha":
        frames = graph.tones("x", "length_scale", max(hop // 60, 0))
        zero = graph.node("Mul", "noise_scale", graph.constant([0]))
        frames = graph.node("Add", frames, zero)
        mel = graph.node("Unsqueeze", frames, graph.constant([1], np.int64))
        graph.node("Expand", mel, graph.constant([1, 80, 1], np.int64), output="output")
        names = [("x", integers, [1, "n"]), ("x_length", integers, [1])]
        scales = [("noise_scale", floats, [1]), ("length_scale", floats, [1])]
        return graph.model([*names, *scales], [1, 80, "time"])
    if voice.metadata.get("comment", "piper") != "piper":  # voices of other projects
        audio = graph.tones("x", "length_scale", hop)
        noise = graph.node("Mul", graph.node("Add", "noise_scale", "noise_scale_w"), "length_scale")
        noise = graph.node("Mul", noise, graph.constant([0]))
        graph.node("Add", audio, noise, output="output")
        names = [("x", integers, [1, "n"]), ("x_length", integers, [1])]
        scales = [(name, floats, [1]) for name in ("noise_scale", "length_scale", "noise_scale_w")]
        return graph.model([*names, *scales], [1, "time"])
    at = graph.constant([1], np.int64)
    audio = graph.tones("input", graph.node("Gather", "scales", at, axis=0), hop)
    graph.node("Unsqueeze", audio, at, output="output")
    names = [("input", integers, [1, "n"]), ("input_lengths", integers, [1])]
    inputs = [*names, ("scales", floats, [3])]
    if voice.speakers:
        inputs.append(("sid", integers, [1]))
    return graph.model(inputs, [1, 1, "time"])


def _vocoder() -> Any:
    """Return a network that repeats each frame of its first row as 60 samples."""
    from onnx import TensorProto

    graph = _Graph()
    row = graph.node("Gather", "mel", graph.constant([0], np.int64), axis=1)
    row = graph.node("Unsqueeze", row, graph.constant([3], np.int64))
    row = graph.node("Expand", row, graph.constant([1, 1, 1, 60], np.int64))
    graph.node("Reshape", row, graph.constant([1, 1, -1], np.int64), output="output")
    return graph.model([("mel", TensorProto.FLOAT, [1, 80, "n"])], [1, 1, "time"])
