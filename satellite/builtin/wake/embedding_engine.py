"""The wake engines that use openWakeWord's models, whatever runs the networks."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from satellite.builtin.wake.bundled_models import WordFile, choose, find_words
from satellite.builtin.wake.engine import Stream, WakeEngine
from satellite.builtin.wake.features import (
    EMBEDDING_INPUT,
    MEL_INPUT,
    FeatureExtractor,
    Features,
    Network,
    Word,
)
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import ModelMissing
from satellite.options import OptionSet, option
from satellite.values import SPEECH, EngineInfo, ModelInfo

_MEL = "melspectrogram"
_EMBEDDING = "embedding_model"
_NOT_WORDS = (_MEL, _EMBEDDING, "silero_vad", "timer_v0.1")
"""Models beside the words' in openWakeWord's folders; the last tells six requests apart."""


class EmbeddingOptions(OptionSet, frozen=True):
    """What both engines can be told."""

    words: Annotated[tuple[str, ...], option("Wake words to listen for")] = ("okay_nabu",)
    threshold: Annotated[float, option("Score that counts as the word", minimum=0, maximum=1)] = 0.5
    trigger_level: Annotated[
        int, option("Scores above the threshold until it was heard, one each 80 ms", minimum=1)
    ] = 1
    refractory: Annotated[
        float, option("Deaf to the word for so long once it was heard", unit="s", minimum=0)
    ] = 2.0
    custom_model_dir: Annotated[str, option("Folder with wake word models of your own")] = ""
    rest: Annotated[bool, option("Do not work while there is nothing to hear")] = True


class EmbeddingEngine(WakeEngine):
    """An engine of openWakeWord's models, but for what runs the networks."""

    ending: ClassVar[str]
    """Of model files."""

    talk = 0.01

    info: ClassVar[EngineInfo]
    """What `describe` says, without the models."""

    def __init__(self, options: EmbeddingOptions) -> None:
        super().__init__(options.rest)
        self._options = options
        self._known: dict[str, WordFile] = {}
        self._words: dict[str, Word] = {}
        self._features: Features | None = None

    def describe(self) -> EngineInfo:
        """Say which words there are, once loaded; those of `words` are listened for."""
        models = tuple(
            ModelInfo(
                name=word.name,
                languages=("en",),
                version=word.version,
                phrase=word.phrase,
                description=f"openWakeWord model {word.name}",
            )
            for word in self._known.values()
        )
        return msgspec.structs.replace(self.info, models=models)

    @abstractmethod
    def _folder(self) -> Path:
        """Where the two shared networks are, and the words that come with them."""

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
                f"{self.name}: no wake word was chosen; there are: {', '.join(self._known)}"
            )
        self._features = Features(
            self._network(folder / f"{_MEL}{self.ending}", MEL_INPUT, accelerate=True),
            self._network(folder / f"{_EMBEDDING}{self.ending}", EMBEDDING_INPUT, accelerate=True),
        )
        for file in chosen:
            self._word(file)

    def listener(self, words: tuple[str, ...]) -> Stream:
        """Begin a stream, on the thread. Raises `ModelMissing`."""
        assert self._features is not None  # `prepare` was called
        names = words or self._options.words
        files = {file.name: file for file in (choose(name, self._known) for name in names)}
        chosen = [(self._word(file), self._trigger(file.name)) for file in files.values()]
        return FeatureExtractor(self._features, chosen)

    def _word(self, file: WordFile) -> Word:
        if file.name not in self._words:
            self._words[file.name] = Word(file.name, file.phrase, self._network(file.path))
        return self._words[file.name]

    def _trigger(self, word: str) -> Trigger:
        trigger = Trigger(
            self._options.threshold,
            self._options.trigger_level,
            round(self._options.refractory * SPEECH.rate),
        )
        return self._watched(trigger, word)

    def release(self) -> None:
        """Let go of the models."""
        self._features = None
        self._words = {}
