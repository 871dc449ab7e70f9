"""The base of the wake engines for openWakeWord's models, independent of the runtime."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from satellite.builtin.wake.bundled_models import WordFile, choose, find_words
from satellite.builtin.wake.engine import WakeEngine, WakeStream
from satellite.builtin.wake.features import (
    EMBEDDING_INPUT,
    MEL_INPUT,
    EmbeddingNetworks,
    EmbeddingStream,
    Floats,
    ListenedWord,
    Network,
    WordNetwork,
)
from satellite.builtin.wake.learned_voices import LearnedVoices, VoiceFile, check_of
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import ModelMissing
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.values import EngineInfo, ModelInfo

_MEL = "melspectrogram"
_EMBEDDING = "embedding_model"
_NOT_WORDS = (_MEL, _EMBEDDING, "silero_vad", "timer_v0.1")
"""Models beside the words' in openWakeWord's folders; the last classifies six requests."""


class EmbeddingOptions(OptionSet, frozen=True):
    """Options of both engines."""

    words: Annotated[tuple[str, ...], option("Wake words to listen for")] = ("okay_nabu",)
    threshold: Annotated[float, option("Score that counts as the word", minimum=0, maximum=1)] = 0.5
    trigger_level: Annotated[
        int, option("Scores above the threshold that detect the word, one each 80 ms", minimum=1)
    ] = 1
    refractory: Annotated[
        float, option("Ignore the word for this long after a detection", unit="s", minimum=0)
    ] = 2.0
    custom_model_dir: Annotated[str, option("Folder with wake word models of your own")] = ""
    rest: Annotated[bool, option("Save CPU time in silence")] = True


class EmbeddingEngine(WakeEngine):
    """An engine for openWakeWord's models, except for the runtime of the networks."""

    ending: ClassVar[str]
    """Suffix of model files."""

    talk_score = 0.01

    info: ClassVar[EngineInfo]
    """The description without the models."""

    def __init__(
        self,
        options: EmbeddingOptions,
        context: EngineContext | None = None,
        near_misses: deque[tuple[str, float]] | None = None,
        certain: float = 0.0,
    ) -> None:
        """With a score below `certain`, a word is detected once the score no longer rises."""
        super().__init__(options.rest, context, near_misses)
        self._certain = certain
        self._options = options
        self._voices = LearnedVoices()
        self._known: dict[str, WordFile] = {}
        self._words: dict[str, WordNetwork] = {}
        self._networks: EmbeddingNetworks | None = None

    def describe(self) -> EngineInfo:
        """Describe the engine; once loaded, with all its words."""
        models = tuple(
            ModelInfo(
                name=word.name,
                # the phrases that come with the engine are English, of others nothing is known
                languages=("en",) if word.path.is_relative_to(self._folder()) else (),
                version=word.version,
                phrase=word.phrase,
                description=f"openWakeWord model {word.name}",
            )
            for word in self._known.values()
        )
        return msgspec.structs.replace(self.info, models=models)

    @abstractmethod
    def _folder(self) -> Path:
        """Return the folder of the two shared networks and the words that come with them."""

    @abstractmethod
    def _network(
        self, path: Path, shape: tuple[int, ...] | None = None, *, accelerate: bool = False
    ) -> Network:
        """Read a model file, its input resized to `shape`. Raises `EngineFailed`."""

    def prepare(self) -> None:
        """Load the models, on the thread."""
        folder = self._folder()
        custom = self._options.custom_model_dir
        folders = [folder, Path(custom).expanduser()] if custom else [folder]
        self._known = find_words(folders, self.ending, without=_NOT_WORDS)
        chosen = [choose(name, self._known) for name in self._options.words]
        if not chosen:
            raise ModelMissing(
                f"{self.name}: no wake word is configured; available: {', '.join(self._known)}"
            )
        self._networks = EmbeddingNetworks(
            self._network(folder / f"{_MEL}{self.ending}", MEL_INPUT, accelerate=True),
            self._network(folder / f"{_EMBEDDING}{self.ending}", EMBEDDING_INPUT, accelerate=True),
        )
        for file in chosen:
            self._word(file)
        if self._satellite:
            self._voices = VoiceFile(self._satellite).read()
        self.read_review()

    def stream(self, words: tuple[str, ...]) -> WakeStream:
        """Begin a stream, on the thread. Raises `ModelMissing`."""
        assert self._networks is not None  # `prepare` was called
        names = words or self._options.words
        files = {file.name: file for file in (choose(name, self._known) for name in names)}
        chosen = [
            ListenedWord(
                self._word(file), self._trigger(file.name), check_of(self._voices, file.name)
            )
            for file in files.values()
        ]
        return EmbeddingStream(self._networks, chosen)

    def word_named(self, name: str) -> str:
        """Return the engine's name of a word, once loaded; that of the first one for an empty
        name. Raises `ModelMissing`."""
        return choose(name or self._options.words[0], self._known).name

    async def embeddings(self, audio: bytes) -> Floats:
        """Return the speech embedding of each hop of a sound, (hops, 96), as if after silence.

        Raises the errors of `load`.
        """
        await self.load()
        return await self.on_thread(lambda: self._embedded(audio))

    async def scores(self, embeddings: Floats, word: str) -> Floats:
        """Return a word's score, 0 to 1, after each of these embeddings of a sound.

        Raises the errors of `load`, and `ModelMissing`.
        """
        await self.load()

        def scored() -> Floats:
            network = self._word(choose(word, self._known))
            assert self._networks is not None  # `prepare` was called
            lead = np.tile(self._networks.quiet_embedding, (network.windows - 1, 1))
            rows = np.concatenate([lead, embeddings])
            windows = sliding_window_view(rows, network.windows, axis=0).transpose(0, 2, 1)
            found = [network.score(np.ascontiguousarray(window)) for window in windows]
            return np.array(found, np.float32)

        return await self.on_thread(scored)

    def _embedded(self, audio: bytes) -> Floats:
        assert self._networks is not None  # `prepare` was called
        stream = EmbeddingStream(self._networks, ())
        return stream.embeddings(audio)

    def _word(self, file: WordFile) -> WordNetwork:
        if file.name not in self._words:
            self._words[file.name] = WordNetwork(file.name, file.phrase, self._network(file.path))
        return self._words[file.name]

    def _trigger(self, word: str) -> Trigger:
        options = self._options
        return self.trigger(
            word, options.threshold, options.trigger_level, options.refractory, self._certain
        )

    def release(self) -> None:
        """Release the models."""
        self._networks = None
        self._words = {}
