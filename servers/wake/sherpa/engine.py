"""The wake engine `sherpa-onnx`: any Chinese or English wake word, by writing it down."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from satellite.builtin.wake.engine import HOP, WakeEngine, WakeStream
from satellite.errors import EngineError, ModelMissing
from satellite.options import unknown_name
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.values import SPEECH, EngineInfo, ModelInfo
from servers.models import sherpa_files
from servers.models.names import SHERPA
from servers.models.sherpa_files import KEYWORDS, TRANSDUCER, SherpaFiles
from servers.models.store import Store
from servers.wake.sherpa.options import SherpaWakeOptions
from servers.wake.sherpa.spelling import Speller, recommended
from servers.wake.sherpa.spotter import CONTEXT, Spotter, SpotterStream

_LOGGER = logging.getLogger(__name__)

FEW = 4
"""Tokens of a word below which other speech often sounds like it; two Chinese syllables have
four."""


class SherpaWake(WakeEngine):
    """Wake words that are written down, in Chinese or English, without training."""

    Options = SherpaWakeOptions
    license: ClassVar[str] = "each model has its own: see `satellite models`"
    argument: ClassVar[str] = "words"
    model: ClassVar[str] = "sherpa:kws-zh"
    requires: ClassVar[tuple[Requirement, ...]] = (
        Package("sherpa_onnx", extra="sherpa"),
        Package("pypinyin", extra="sherpa"),
        Package("sentencepiece", extra="sherpa"),
    )

    name = "sherpa-onnx"
    warm_up = CONTEXT
    hop = HOP

    def __init__(self, options: SherpaWakeOptions, context: EngineContext | None = None) -> None:
        super().__init__(options.rest, context)
        self._options = options
        self._store = Store.for_settings((context or EngineContext()).models)
        self._phrases = {_name(word): " ".join(word.split()) for word in options.words}
        self._languages: dict[str, tuple[str, ...]] = {}
        self._spotters: list[Spotter] = []

    def describe(self) -> EngineInfo:
        """Describe the engine and its words; once loaded, with their languages."""
        return EngineInfo(
            name=self.name,
            description="Wake words that are written down",
            version=version("sherpa-onnx"),
            author="k2-fsa",
            url="https://github.com/k2-fsa/sherpa-onnx",
            models=tuple(
                ModelInfo(
                    name=name,
                    languages=self._languages.get(name, ()),
                    phrase=phrase,
                    description=f"the word {phrase}, as it is written",
                )
                for name, phrase in self._phrases.items()
            ),
        )

    def prepare(self) -> None:
        """Load a model for each word, on the thread."""
        if not self._phrases:
            raise ModelMissing(
                f"{self.name}: no wake word is configured; write one, as sherpa-onnx:小爱同学"
            )
        models = self._models()
        spelled: dict[int, dict[str, list[str]]] = {}
        for name, phrase in self._phrases.items():
            number, tokens = self._spelled(phrase, [speller for _, speller, _ in models])
            if len(tokens) < FEW:
                _LOGGER.warning("wake word %s is short: other speech sounds like it", phrase)
            spelled.setdefault(number, {})[name] = tokens
            self._languages[name] = models[number][2]
        self._spotters = [
            Spotter(models[number][0], words, self._options) for number, words in spelled.items()
        ]

    def stream(self, words: tuple[str, ...]) -> WakeStream:
        """Begin a stream, on the thread. Raises `ModelMissing`."""
        names = dict.fromkeys(self._chosen(word) for word in words) or self._phrases
        wanted = {
            spotter: found
            for spotter in self._spotters
            if (found := [name for name in spotter.words if name in names])
        }
        rest = round(self._options.refractory * SPEECH.rate)
        return SpotterStream(wanted, self._phrases, self.hop, rest)

    def release(self) -> None:
        """Release the models."""
        self._spotters = []

    def _chosen(self, word: str) -> str:
        name = _name(word)
        if name not in self._phrases:
            raise ModelMissing(f"wake word {unknown_name(name, self._phrases)}")
        return name

    def _spelled(self, phrase: str, spellers: list[Speller]) -> tuple[int, list[str]]:
        """Return the number of the first model that can write a word, and the word's tokens."""
        problems = []
        for number, speller in enumerate(spellers):
            try:
                return number, speller.tokens(phrase)
            except ModelMissing as error:
                problems.append(error)
        raise problems[0]

    def _models(self) -> list[tuple[SherpaFiles, Speller, tuple[str, ...]]]:
        """Return the configured model, or all pulled ones for wake words.

        Raises `ModelMissing`, `EngineFailed`.
        """
        if self._options.model:
            folder = self._store.find(SHERPA, self._options.model)
            files = sherpa_files.read(folder)
            if not files.streaming or files.kind not in (KEYWORDS, TRANSDUCER):
                raise ModelMissing(
                    f"{folder} is no model for wake words (a streaming transducer): satellite "
                    f"models pull sherpa:{recommended(self._phrases)}"
                )
            languages = sherpa_files.languages_of(self._options.model)
            return [(files, Speller(files), languages)]
        found, problems = [], []
        for model in self._store.installed():
            if model.kind != SHERPA:
                continue
            try:
                files = sherpa_files.read(Path(model.path))
                if files.kind == KEYWORDS:
                    found.append((files, Speller(files), sherpa_files.languages_of(model.name)))
            except EngineError as error:
                problems.append(error)  # of a voice, for example
        if found:
            return found
        for problem in problems:
            _LOGGER.debug("no model for wake words: %s", problem)
        raise ModelMissing(
            f"{self.name}: no model for wake words is on this machine: satellite models pull "
            f"sherpa:{recommended(self._phrases)}"
        )


def _name(word: str) -> str:
    """Return the name of a word: in small letters, without spaces."""
    return "_".join(word.lower().replace("_", " ").split())
