"""One model for wake words, and a stream of sound in which it looks for them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from satellite.errors import EngineFailed
from satellite.text.reason_of import reason_of
from satellite.values import SPEECH, Detection
from servers.models.sherpa_files import SherpaFiles
from servers.models.sherpa_trial import Trial, require_loadable
from servers.wake.sherpa.options import SherpaWakeOptions

CONTEXT = 2 * SPEECH.rate
"""Samples of the past on which the model depends: words are shorter."""


class Spotter:
    """A model in memory. Used on one thread."""

    def __init__(
        self, files: SherpaFiles, words: Mapping[str, Sequence[str]], options: SherpaWakeOptions
    ) -> None:
        """`words` are tokens by the names of words. Raises `EngineFailed`."""
        self.words = words
        networks = {name: str(path) for name, path in files.networks.items()}
        parameters = {
            **networks,
            "tokens": str(files.tokens),
            "keywords_file": os.devnull,  # each stream has words of its own
            "num_threads": options.num_threads,
            "keywords_score": options.score,
            "keywords_threshold": options.threshold,
            "num_trailing_blanks": options.trailing_blanks,
            "provider": options.provider,
        }
        require_loadable(Trial("KeywordSpotter", "", parameters), files.folder)
        import sherpa_onnx

        try:
            self._spotter = sherpa_onnx.KeywordSpotter(**parameters)
        except (RuntimeError, ValueError, TypeError, AssertionError) as error:
            raise EngineFailed(
                f"sherpa-onnx cannot load {files.folder}: {reason_of(error)}; to check it, "
                "satellite models verify"
            ) from error

    def begin(self, names: Sequence[str]) -> Any:
        """Begin a stream that looks for words. Raises `EngineFailed`."""
        # a word is marked by its number: the library ends a mark at a space
        marks = list(self.words)
        lines = [f"{' '.join(self.words[name])} @{marks.index(name)}" for name in names]
        try:
            return self._spotter.create_stream("/".join(lines))
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(f"sherpa-onnx: {reason_of(error)}") from error

    def hear(self, stream: Any, audio: bytes) -> list[str]:
        """Return the words that end in the next samples. Raises `EngineFailed`."""
        samples = np.frombuffer(audio, "<i2").astype(np.float32) / np.float32(32768)
        found = []
        try:
            stream.accept_waveform(SPEECH.rate, samples)
            while self._spotter.is_ready(stream):
                self._spotter.decode_stream(stream)
                if mark := self._spotter.get_result(stream):
                    found.append(list(self.words)[int(mark)])
                    self._spotter.reset_stream(stream)
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(f"sherpa-onnx: {reason_of(error)}") from error
        return found


class SpotterStream:
    """The streams of several models for one audio stream; see `WakeStream`."""

    context = CONTEXT

    def __init__(
        self,
        words: Mapping[Spotter, Sequence[str]],
        phrases: Mapping[str, str],
        hop: int,
        rest: int,
    ) -> None:
        """`hop` and `rest`, the time after a word in which it is ignored, in samples."""
        self._words = words
        self._phrases = phrases
        self._hop = hop
        self._rest = rest
        self._position = 0
        self._heard_at: dict[str, int] = {}
        self._streams = self._begin()

    def _begin(self) -> list[tuple[Spotter, Any]]:
        return [(spotter, spotter.begin(names)) for spotter, names in self._words.items()]

    def skip(self, samples: int) -> None:
        """Skip the next samples: new streams begin after them."""
        self._position += samples
        self._streams = self._begin()

    def pause(self) -> None:
        """Do nothing: without scores there are no near misses."""

    def prime(self, audio: bytes) -> None:
        """Take samples in which no word is looked for."""
        self._hear(audio)

    def process(self, audio: bytes) -> list[Detection]:
        """Return the words in the next samples, a whole number of hops."""
        found = []
        for word, sample in self._hear(audio):
            last = self._heard_at.get(word)
            self._heard_at[word] = sample
            if last is None or sample - last >= self._rest:
                # the library reports no score
                found.append(Detection(word, 1.0, sample, phrase=self._phrases[word]))
        return found

    def process_at_once(self, audio: bytes) -> list[Detection] | None:
        """Return None: the model takes longer than a thread switch."""
        return None

    def best_score(self, audio: bytes) -> float:
        """Return 1 if a word is in the next samples, else 0."""
        return 1.0 if self._hear(audio) else 0.0

    def _hear(self, audio: bytes) -> list[tuple[str, int]]:
        found = []
        for start in range(0, len(audio), 2 * self._hop):
            piece = audio[start : start + 2 * self._hop]
            self._position += len(piece) // 2
            for spotter, stream in self._streams:
                found += [(word, self._position) for word in spotter.hear(stream, piece)]
        return found
