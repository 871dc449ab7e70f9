"""A Whisper model in CTranslate2. All methods block."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.errors import EngineFailed, ModelMissing
from satellite.lib import text_files
from satellite.lib.decoding import from_json
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.tokens import Vocabulary
from servers.asr.whisper.windows import FRAMES, HOP, LEAST, RATE

CONTEXT = 448
"""Tokens that fit into the context of Whisper's decoder."""

_LEAST = 1e-30
"""Probability in place of one that was rounded to 0."""

Floats = npt.NDArray[np.float32]
Encoded = npt.NDArray[Any]
"""The encoder's output for a window: 1 x half its frames x the model's width."""


class Search(msgspec.Struct, frozen=True):
    """Parameters of the search for a text, with CTranslate2's names."""

    beam_size: int = 5
    patience: float = 1.0
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    best_of: int = 5
    temperature: float = 0.0


class Decoded(msgspec.Struct, frozen=True):
    """The best text found."""

    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float
    ended: bool
    others: tuple[tuple[tuple[int, ...], float], ...] = ()
    """Other texts, and by how much the logarithm of their probability is below that of the best."""


class Model:
    """Weights, tokens and features of one model folder."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        """Load the model. Raises `ModelMissing`, `EngineFailed`."""
        _check_folder(folder)
        import ctranslate2
        import tokenizers
        from faster_whisper.feature_extractor import FeatureExtractor

        self._storage = ctranslate2.StorageView
        try:
            self._whisper = ctranslate2.models.Whisper(
                str(folder),
                device=machine.device.partition(":")[0],
                device_index=int(machine.device.partition(":")[2] or 0),
                compute_type=machine.compute_type,
                inter_threads=machine.workers,
                intra_threads=machine.threads,
            )
            tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # both raise bare exceptions of many kinds
            raise EngineFailed(f"cannot load the Whisper model in {folder}: {error}") from error
        self.vocabulary = Vocabulary(tokenizer, self._whisper.is_multilingual)
        self._start = self.vocabulary.start(self.vocabulary.languages[0], "transcribe")
        # the model's own number: a preprocessor_config.json may be missing or another model's
        self._extract = FeatureExtractor(feature_size=self._whisper.n_mels)

    def warm_up(self) -> None:
        """Encode and decode a second of silence, which shows whether a library is missing."""
        encoded = self.encode(np.zeros(RATE, np.float32), LEAST)
        self.generate([encoded], [self._start], Search(beam_size=1), [4])

    def encode(self, samples: Floats, frames: int = FRAMES) -> Encoded:
        """Encode sound (16 kHz, -1 to 1), cut to fit a window of `frames` (10 ms each)."""
        mel = self._extract(samples)[:, : min(frames, len(samples) // HOP)]
        window = np.zeros((1, mel.shape[0], frames), np.float32)
        window[0, :, : mel.shape[1]] = mel
        encoded = self._whisper.encode(self._storage.from_array(window), to_cpu=True)
        return np.array(encoded)

    def language(self, encoded: Encoded) -> str:
        """Return the likeliest language."""
        found = self._whisper.detect_language(self._storage.from_array(encoded))
        return str(found[0][0][0]).strip("<|>")

    def logprobs(
        self, encoded: Encoded, start: Sequence[int], texts: Sequence[Sequence[int]]
    ) -> list[float]:
        """Return the natural logarithm of the probability of each text's tokens in a window.

        `start` are the tokens before a transcript, without those of earlier text.
        """
        batch = np.concatenate([encoded] * len(texts))
        found = self._whisper.align(
            self._storage.from_array(np.ascontiguousarray(batch)),
            list(start[:-1]),  # CTranslate2 adds the last one, which is for no timestamps
            [list(tokens) for tokens in texts],
            [encoded.shape[1] * 2] * len(texts),
        )
        return [float(np.log(np.maximum(each.text_token_probs, _LEAST)).sum()) for each in found]

    def generate(
        self,
        encoded: Sequence[Encoded],
        prompts: Sequence[list[int]],
        search: Search,
        longest: Sequence[int],
    ) -> list[Decoded]:
        """Decode windows of the same length together, each to about `longest` tokens at most.

        The transcripts must start at the same position of their prompts.
        """
        batch = encoded[0] if len(encoded) == 1 else np.concatenate(encoded)
        start = prompts[0].index(self.vocabulary.first) + len(self._start) - 1
        limit = max(1, min(max(longest), CONTEXT - start - 1))
        found = self._whisper.generate(
            self._storage.from_array(np.ascontiguousarray(batch)),
            prompts,
            # CTranslate2 uses half of this, or the room that the prompt leaves if that is less
            max_length=max(2 * limit, limit + start),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1],
            length_penalty=search.length_penalty,
            repetition_penalty=search.repetition_penalty,
            no_repeat_ngram_size=search.no_repeat_ngram_size,
            **_sampling(search),
        )
        return [
            _decoded(result, search, min(limit, own))
            for result, own in zip(found, longest, strict=True)
        ]


def _sampling(search: Search) -> dict[str, Any]:
    if search.temperature > 0:
        return {
            "beam_size": 1,
            "num_hypotheses": search.best_of,
            "sampling_topk": 0,
            "sampling_temperature": search.temperature,
        }
    # the search finds as many texts in any case
    return {
        "beam_size": search.beam_size,
        "num_hypotheses": search.beam_size,
        "patience": search.patience,
    }


def _decoded(result: Any, search: Search, limit: int) -> Decoded:
    # a score is the sum of the log-probabilities over the length to the power of the penalty
    (tokens, total), *others = (
        (tuple(tokens), score * len(tokens) ** search.length_penalty)
        for tokens, score in zip(result.sequences_ids, result.scores, strict=True)
    )
    return Decoded(
        tokens=tokens,
        avg_logprob=total / (len(tokens) + 1),
        no_speech_prob=result.no_speech_prob,
        ended=len(tokens) < limit,
        others=tuple((other, total - logprob) for other, logprob in others),
    )


def _check_folder(folder: Path) -> None:
    """Raise `ModelMissing` for a missing file, and `EngineFailed` for an invalid one."""
    for name in ("model.bin", "tokenizer.json", "config.json"):
        if not (folder / name).is_file():
            raise ModelMissing(
                f"{folder} has no {name}: it is no CTranslate2 Whisper model, or incomplete"
            )
    path = folder / "config.json"
    try:
        config = from_json(text_files.read_text(path))
    except ValueError as error:
        raise EngineFailed(f"{path} is not JSON: {error}") from error
    keys = {"suppress_ids", "suppress_ids_begin"}
    missing = keys - config.keys() if isinstance(config, dict) else keys
    if missing:
        raise EngineFailed(
            f"{path} has no {' and no '.join(sorted(missing))}: it is not that of a CTranslate2 "
            "Whisper model"
        )
