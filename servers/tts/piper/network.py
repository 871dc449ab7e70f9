"""The neural network of a Piper voice, which makes the beginning of a sentence's sound first.

A voice is one network of two halves: one makes features of frames (about 12 ms each) of phonemes,
and a vocoder makes samples of features. The vocoder takes three quarters of the time, and each
sample depends on a few frames alone, so that it can run on part of the frames. See Kim et al.,
"Conditional Variational Autoencoder with Adversarial Learning for End-to-End Text-to-Speech".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from satellite.errors import EngineFailed
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

MARGINS = (8, 12, 16, 24)
"""Frames on each side of those that are wanted, on which their samples may depend: voices of medium
quality need 8."""

TOLERANCE = 1e-3
"""Largest difference between samples made in part and as a whole: 30 of 32,768."""

_TRIAL = 4 * max(MARGINS) + 4
"""Frames on which a divided network is tried: four in the middle, and more than their margins."""


class Network:
    """A voice's network, divided where that is possible."""

    def __init__(self, path: Path, threads: int) -> None:
        """Load it. Raises `EngineFailed`."""
        self.first: Any
        self._vocoder: _Vocoder | None
        try:
            self.first, self._vocoder = _halves(path, threads) or (
                _session(str(path), threads),
                None,
            )
        except Exception as error:
            raise EngineFailed(
                f"{path} cannot be loaded as a Piper voice ({str(error).splitlines()[0]}): "
                "to check for damage, run satellite models verify"
            ) from error
        if missing := {"input", "input_lengths", "scales"} - _inputs(self.first):
            raise EngineFailed(f"{path} is no Piper voice: it takes no {', '.join(missing)}")

    def sentence(self, made: Any) -> Sentence:
        """Return a sentence of what `first` made of its phonemes: features, or all its samples."""
        if self._vocoder is None:
            return Sentence(made, 1, None)
        return Sentence(made[np.newaxis], self._vocoder.hop, self._vocoder)


@dataclass(frozen=True)
class Sentence:
    """A sentence whose sound can be made in parts."""

    _made: Any
    hop: int
    """Samples of a frame; 1 where all samples are made already."""
    _vocoder: _Vocoder | None

    @property
    def in_parts(self) -> bool:
        """Whether it takes time to make samples."""
        return self._vocoder is not None

    @property
    def margin(self) -> int:
        """Frames before and after a part that are made with it."""
        return 0 if self._vocoder is None else self._vocoder.margin

    @property
    def frames(self) -> int:
        """All frames."""
        return int(self._made.shape[-1])

    def samples(self, begin: int, end: int) -> Any:
        """Return the samples of the frames from `begin` to `end`, as floats. Raises
        `EngineFailed`."""
        if self._vocoder is None:
            return self._made[begin:end]
        try:
            return self._vocoder.samples(self._made, begin, end)
        except Exception as error:  # of onnxruntime, which has many
            raise EngineFailed(f"a Piper voice cannot make sound: {reason_of(error)}") from error


class _Vocoder:
    def __init__(self, session: Any, channels: int) -> None:
        self._session = session
        (self._input,) = _inputs(session)
        shape = (1, channels, _TRIAL)
        noise = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
        whole = self._run(noise)
        self.hop = whole.size // _TRIAL
        """Samples of a frame."""
        self.margin = 0
        """Frames on which samples depend; 0 if these are too many."""
        middle = 2 * max(MARGINS), 2 * max(MARGINS) + 4
        wanted = whole[middle[0] * self.hop : middle[1] * self.hop]
        for margin in MARGINS:
            self.margin = margin
            part = self.samples(noise, *middle)
            if part.shape == wanted.shape and float(np.abs(part - wanted).max()) < TOLERANCE:
                return
        self.margin = 0

    def samples(self, features: Any, begin: int, end: int) -> Any:
        left, right = max(0, begin - self.margin), end + self.margin
        made = self._run(features[:, :, left:right])
        return made[(begin - left) * self.hop : (end - left) * self.hop]

    def _run(self, features: Any) -> Any:
        return self._session.run(None, {self._input: features})[0].reshape(-1)


@dataclass(frozen=True)
class _Divided:
    first: bytes
    second: bytes
    features: int
    """Channels of the features."""


def _halves(path: Path, threads: int) -> tuple[Any, _Vocoder] | None:
    """Return the halves of a network, loaded; None where it is to be used as a whole."""
    try:
        if (divided := _divide(path)) is None:
            return None
        vocoder = _Vocoder(_session(divided.second, threads), divided.features)
        if vocoder.margin:
            return _session(divided.first, threads), vocoder
    except Exception as error:  # of protobuf or onnxruntime; the whole says what is wrong with it
        _LOGGER.debug("%s cannot be divided: %s", path, reason_of(error))
        return None
    _LOGGER.debug("%s makes its sound as a whole", path)
    return None


def _divide(path: Path) -> _Divided | None:
    """Divide a network before its first transposed convolution, which only a vocoder has.

    None for another kind of network, and without the package `onnx`.
    """
    try:
        import onnx
    except ImportError:
        _LOGGER.info("voices begin to speak later without the Python package onnx")
        return None
    model = onnx.load(str(path))
    graph = model.graph
    widening = next((node for node in graph.node if node.op_type == "ConvTranspose"), None)
    weights = {weight.name: weight for weight in graph.initializer}
    if widening is None or widening.input[1] not in weights:
        return None
    features = weights[widening.input[1]].dims[0]
    border = onnx.helper.make_tensor_value_info(
        widening.input[0], onnx.TensorProto.FLOAT, [1, features, None]
    )
    weights.clear()
    wanted = _needed(graph, graph.output[0].name, without=border.name)
    second = onnx.helper.make_model(
        onnx.helper.make_graph(
            [node for node in graph.node if node.output[0] in wanted],
            graph.name,
            [border],
            [graph.output[0]],
            [weight for weight in graph.initializer if weight.name in wanted],
        ),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    ).SerializeToString()
    # in place, as the first half is nearly all of the file
    wanted = _needed(graph, border.name)
    for index in reversed(range(len(graph.node))):
        if graph.node[index].output[0] not in wanted:
            del graph.node[index]
    for index in reversed(range(len(graph.initializer))):
        if graph.initializer[index].name not in wanted:
            del graph.initializer[index]
    graph.output[0].CopyFrom(border)
    del graph.output[1:]
    return _Divided(bytes(model.SerializeToString()), bytes(second), features)


def _needed(graph: Any, output: str, without: str = "") -> set[str]:
    """Return the names of all values that an output is made of.

    `without`: a value that is not followed further.
    """
    makers = {name: node for node in graph.node for name in node.output}
    waiting, found = [output], {without}
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        if (node := makers.get(name)) is not None:
            waiting.extend(node.input)
            found.add(node.output[0])
    return found - {without}


def _inputs(session: Any) -> set[str]:
    return {each.name for each in session.get_inputs()}


def _session(model: str | bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # its own store of buffers never returns memory, and a plan for each length of text is one more:
    # with a voice of 129 MB, 235 MB were held after 50 sentences and 472 MB after a text of 500
    # phonemes, now 131 MB; a second of speech takes 0.10 s of CPU instead of 0.09, and as much as
    # before beside Whisper (see `servers.asr.malloc`)
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # spinning threads gain nothing here and take the cores from everything else
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors, which are raised as well
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
