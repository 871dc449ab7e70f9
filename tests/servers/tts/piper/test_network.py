"""A voice's network: divided where its sound can be made in parts, and whole elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satellite.errors import EngineFailed
from servers.tts.piper.network import Network
from tests.support.piper_voice import make_voice
from tests.support.real_models import real_model
from tests.support.real_voice import VOICE

CHANNELS, HOP = 8, 16
FRAMES = 200


def make_network(path: Path, *, echo: bool = False) -> Path:
    """Write a network of ids to features of frames to samples; with `echo`, each sample depends on
    all frames."""
    from onnx import TensorProto, helper, numpy_helper, save

    random = np.random.default_rng(1)
    weights = {
        "table": random.normal(0, 1, (256, CHANNELS)),
        "widen": random.normal(0, 0.3, (CHANNELS, 1, 2 * HOP)),
        "smooth": random.normal(0, 0.3, (1, 1, 31)),
    }
    constants = [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()]
    nodes = [
        helper.make_node("Gather", ["table", "input"], ["embedded"], axis=0),
        helper.make_node("Transpose", ["embedded"], ["features"], perm=[0, 2, 1]),
        helper.make_node(
            "ConvTranspose",
            ["features", "widen"],
            ["wide"],
            strides=[HOP],
            pads=[HOP // 2, HOP // 2],
        ),
        helper.make_node("Conv", ["wide", "smooth"], ["smoothed"], pads=[15, 15]),
    ]
    if echo:
        nodes += [
            helper.make_node("ReduceL2", ["smoothed"], ["loudness"], axes=[2], keepdims=1),
            helper.make_node("Add", ["smoothed", "loudness"], ["output"]),
        ]
    else:
        nodes.append(helper.make_node("Tanh", ["smoothed"], ["output"]))
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "ids"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1, "time"])
    graph = helper.make_graph(nodes, "voice", inputs, [output], constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def run(network: Network, frames: int = FRAMES) -> Any:
    ids = np.random.default_rng(2).integers(3, 200, (1, frames))
    feed = {
        "input": ids,
        "input_lengths": np.array([frames]),
        "scales": np.array([0.0, 1.0, 0.0], np.float32),
    }
    names = {each.name for each in network.first.get_inputs()}
    return network.first.run(None, {name: feed[name] for name in names})[0].squeeze()


def undivided(path: Path) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    ids = np.random.default_rng(2).integers(3, 200, (1, FRAMES))
    return session.run(["output"], {"input": ids, **_rest(session)})[0].squeeze()


def _rest(session: Any) -> dict[str, Any]:
    feed = {
        "input_lengths": np.array([FRAMES]),
        "scales": np.array([0.0, 1.0, 0.0], np.float32),
    }
    names = {each.name for each in session.get_inputs()}
    return {name: value for name, value in feed.items() if name in names}


@pytest.mark.parametrize("size", [1, 7, 50, FRAMES])
def test_parts_are_those_of_the_whole(tmp_path: Path, size: int) -> None:
    path = make_network(tmp_path / "voice.onnx")
    network = Network(path, 1)
    sentence = network.sentence(run(network))
    assert (sentence.in_parts, sentence.hop, sentence.frames) == (True, HOP, FRAMES)
    parts = [sentence.samples(begin, min(begin + size, FRAMES)) for begin in range(0, FRAMES, size)]
    np.testing.assert_allclose(np.concatenate(parts), undivided(path), atol=1e-6)


def test_sound_that_depends_on_all_frames_is_made_as_a_whole(tmp_path: Path) -> None:
    path = make_network(tmp_path / "voice.onnx", echo=True)
    network = Network(path, 1)
    sentence = network.sentence(run(network))
    assert not sentence.in_parts
    np.testing.assert_allclose(sentence.samples(0, sentence.frames), undivided(path), atol=1e-6)


def test_a_network_without_a_vocoder_is_not_divided(tmp_path: Path) -> None:
    network = Network(make_voice(tmp_path), 1)
    assert not network.sentence(run(network)).in_parts


def test_a_damaged_graph_is_an_error(tmp_path: Path) -> None:
    import onnx

    path = make_network(tmp_path / "voice.onnx")
    model = onnx.load(path)
    del model.graph.node[2].input[1:]  # its weights
    onnx.save(model, path)
    with pytest.raises(EngineFailed, match=r"voice\.onnx cannot be loaded as a Piper voice"):
        Network(path, 1)


def test_a_failure_while_sound_is_made_is_an_engines(tmp_path: Path) -> None:
    network = Network(make_network(tmp_path / "voice.onnx"), 1)
    sentence = network.sentence(run(network)[: CHANNELS - 1])
    with pytest.raises(EngineFailed, match="cannot make sound"):
        sentence.samples(0, 10)


def test_what_is_no_network_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").write_bytes(b"no network")
    with pytest.raises(EngineFailed, match=r"voice\.onnx cannot be loaded as a Piper voice"):
        Network(tmp_path / "voice.onnx", 1)


def test_a_real_voice_is_divided() -> None:
    path = real_model(VOICE) / "en_US-joe-medium.onnx"
    network = Network(path, 2)
    frames = 60
    ids = np.random.default_rng(2).integers(3, 100, (1, frames))
    feed = {
        "input": ids,
        "input_lengths": np.array([frames]),
        "scales": np.array([0.0, 1.0, 0.0], np.float32),
    }
    sentence = network.sentence(network.first.run(None, feed)[0].squeeze())
    assert (sentence.hop, sentence.margin) == (256, 8)
    whole = sentence.samples(0, sentence.frames)
    size = 20
    parts = [
        sentence.samples(begin, min(begin + size, sentence.frames))
        for begin in range(0, sentence.frames, size)
    ]
    assert np.abs(whole).max() > 0.01
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-4)
