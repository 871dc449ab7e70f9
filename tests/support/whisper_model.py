"""Generated Whisper models: the real architecture and file layout, with our own weights.

The weights are random except for a chain of words: a token's embedding holds its stage of the
sentence, and the output layer favours the words of the next stage, so that decoding yields `STAGES`
words and ends. The word of a stage depends on the sound, through the cross-attention, which is as
random as the rest. The model ignores loudness and silence: it always yields words, as the real
model often does.
"""

from __future__ import annotations

import atexit
import functools
import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

STAGES = (
    ("turn", "switch", "put", "get"),
    ("on", "off", "up", "down"),
    ("the", "a", "my", "that"),
    ("red", "green", "small", "old"),
    ("lamp", "fan", "radio", "heater"),
    ("in", "near", "behind", "under"),
    ("our", "this", "your", "every"),
    ("living", "dining", "sleeping", "working"),
    ("room", "place", "corner", "hall"),
    ("before", "after", "until", "around"),
    ("noon", "ten", "dinner", "sunset"),
    ("please", "now", "today", "again"),
)
LANGUAGES = ("en", "zh", "de", "es", "ru", "fr", "ja", "nl")


class Shape(msgspec.Struct, frozen=True):
    """Sizes of a model."""

    layers: int = 2
    width: int = 64
    heads: int = 2
    mels: int = 80
    vocabulary: int = 2048


SMALL = Shape()
TINY = Shape(layers=4, width=384, heads=6, vocabulary=51865)
"""Whisper tiny's shape, for measurements."""


class Manner(msgspec.Struct, frozen=True):
    """Properties of a model's text."""

    words: tuple[tuple[str, ...], ...] = STAGES
    endless: bool = False
    """Whether the model starts again after the last word instead of ending."""
    certainty: float = 20.0
    """Logit of the stage's words: at 20 they have all the probability, at 3 nearly none."""
    multilingual: bool = True
    no_speech: bool = False
    """Whether the no-speech token has all the probability where it is evaluated."""


def saying(text: str) -> Manner:
    """Return the properties of a model that always yields this text."""
    return Manner(words=tuple((word,) for word in text.split()))


@functools.cache
def made_whisper(manner: Manner | None = None) -> Path:
    """Return a small model, generated once per process and removed at its end."""
    folder = tempfile.TemporaryDirectory(prefix="whisper-")
    atexit.register(folder.cleanup)
    return make_whisper(Path(folder.name), SMALL, manner)


def make_whisper(
    folder: Path, shape: Shape = SMALL, manner: Manner | None = None, quantization: str = "int8"
) -> Path:
    """Write a model that CTranslate2 and faster-whisper load, and return its folder."""
    from ctranslate2.specs.whisper_spec import WhisperSpec

    manner = manner or Manner()
    tokens = _tokens(shape, manner)
    spec = WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    _Weights(shape).fill(spec)
    _teach(spec.decoder, tokens, shape, manner)
    spec.register_vocabulary(tokens)
    special = {token: number for number, token in enumerate(tokens) if token.startswith("<|")}
    spec.config.suppress_ids = [special[name] for name in ("<|startoftranscript|>",)]
    spec.config.suppress_ids_begin = [special["<|endoftext|>"]]
    spec.config.lang_ids = [special[f"<|{language}|>"] for language in LANGUAGES]
    spec.config.alignment_heads = [[shape.layers - 1, 0]]
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _write_tokenizer(folder / "tokenizer.json", tokens)
    extractor = {"feature_size": shape.mels, "sampling_rate": 16000, "hop_length": 160}
    extractor |= {"chunk_length": 30, "n_fft": 400}
    (folder / "preprocessor_config.json").write_text(json.dumps(extractor))
    return folder


def _bytes() -> list[str]:
    """Return the 256 characters that byte-level tokenizers write bytes with."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _tokens(shape: Shape, manner: Manner) -> list[str]:
    words = [f"\u0120{word}" for stage in manner.words for word in stage]
    # CTranslate2 recognizes a multilingual model by the empty token
    special = [""] if manner.multilingual else []
    special += ["<|endoftext|>", "<|startoftranscript|>"]
    special += [f"<|{language}|>" for language in LANGUAGES]
    special += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"]
    special += ["<|nospeech|>", "<|notimestamps|>"]
    special += [f"<|{number * 0.02:.2f}|>" for number in range(1501)]
    text = _bytes() + list(dict.fromkeys(words))
    filler = range(shape.vocabulary - len(text) - len(special))
    return text + [f"\u0120filler{number}" for number in filler] + special


def _write_tokenizer(path: Path, tokens: list[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    text = {token: number for number, token in enumerate(tokens) if not token.startswith("<|")}
    tokenizer = Tokenizer(models.BPE(vocab=text, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token in tokens if token.startswith("<|")]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.save(str(path))


class _Weights:
    """Random weights for all variables, always the same."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._random = np.random.default_rng(7)

    def fill(self, spec: Any) -> None:
        width, shape = self._shape.width, self._shape
        encoder, decoder = spec.encoder, spec.decoder
        self._linear(encoder.conv1, (width, shape.mels, 3), 0.2)
        self._linear(encoder.conv2, (width, width, 3), 0.2)
        # no positions, so that sound around the speech does not change the text
        encoder.position_encodings.encodings = np.zeros((1500, width), np.float32)
        decoder.position_encodings.encodings = np.zeros((448, width), np.float32)
        self._norm(encoder.layer_norm)
        self._norm(decoder.layer_norm)
        for layer in encoder.layer:
            self._attention(layer.self_attention, fused=3)
            self._feed_forward(layer.ffn)
        for layer in decoder.layer:
            self._attention(layer.self_attention, fused=3)
            self._attention(layer.attention, fused=2)
            self._feed_forward(layer.ffn)

    def array(self, *size: int, scale: float) -> Any:
        return (self._random.standard_normal(size) * scale).astype(np.float32)

    def _linear(self, spec: Any, size: tuple[int, ...], scale: float) -> None:
        fan_in = int(np.prod(size[1:]))
        spec.weight = self.array(*size, scale=scale / fan_in**0.5)
        spec.bias = np.zeros(size[0], np.float32)

    def _norm(self, spec: Any) -> None:
        spec.gamma = np.ones(self._shape.width, np.float32)
        spec.beta = np.zeros(self._shape.width, np.float32)

    def _attention(self, spec: Any, fused: int) -> None:
        width = self._shape.width
        self._norm(spec.layer_norm)
        sizes = {3: [3 * width, width], 2: [width, 2 * width, width]}[fused]
        for linear, size in zip(spec.linear, sizes, strict=True):
            self._linear(linear, (size, width), 1.0)

    def _feed_forward(self, spec: Any) -> None:
        width = self._shape.width
        self._norm(spec.layer_norm)
        self._linear(spec.linear_0, (4 * width, width), 0.5)
        self._linear(spec.linear_1, (width, 4 * width), 0.5)


def _teach(decoder: Any, tokens: list[str], shape: Shape, manner: Manner) -> None:
    """Teach the decoder its words, stage by stage."""
    random = np.random.default_rng(11)
    index = {token: number for number, token in enumerate(tokens)}
    count = len(manner.words)
    directions = np.linalg.qr(random.standard_normal((shape.width, shape.width)))[0]
    # 0: before the first word, 1 to count: after each, and one for the start of everything
    stages, opening = directions[: count + 1], directions[count + 1]
    strength = 6.0 * shape.width**0.5
    embeddings = random.standard_normal((len(tokens), shape.width)) * 0.3
    output = random.standard_normal((len(tokens), shape.width)) * 0.02

    def after(token: str, stage: Any) -> None:
        embeddings[index[token]] += strength * stage

    def follows(token: str, stage: Any, certainty: float) -> None:
        # a normalized input in the direction of the stage has the length of the root of the width
        output[index[token]] += certainty * stage / shape.width**0.5

    after("<|startoftranscript|>", opening)
    follows("<|nospeech|>" if manner.no_speech else "<|en|>", opening, 20.0)
    for token in ("<|notimestamps|>", *(f"<|{n * 0.02:.2f}|>" for n in range(1501))):
        after(token, stages[0])
    for number, words in enumerate(manner.words):
        for word in words:
            after(f"\u0120{word}", stages[number + 1])
            follows(f"\u0120{word}", stages[number], manner.certainty)
            leaning = random.standard_normal(shape.width)
            leaning -= directions[: count + 2].T @ (directions[: count + 2] @ leaning)
            output[index[f"\u0120{word}"]] += 8.0 * leaning / np.linalg.norm(leaning)
    last = stages[count]
    if manner.endless:
        for word in manner.words[0]:
            follows(f"\u0120{word}", last, manner.certainty)
    else:
        follows("<|endoftext|>", last, manner.certainty)
    decoder.embeddings.weight = embeddings.astype(np.float32)
    decoder.projection.weight = output.astype(np.float32)
    decoder.projection.bias = np.zeros(len(tokens), np.float32)
