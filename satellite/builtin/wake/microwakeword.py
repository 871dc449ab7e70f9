"""microWakeWord's models, run by the TensorFlow Lite that pymicro-wakeword carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar

from satellite.builtin.wake.bundled_models import WordFile, choose, find_words
from satellite.builtin.wake.engine import HOP, Stream, WakeEngine
from satellite.builtin.wake.micro import (
    CONTEXT,
    Description,
    MicroFeatureExtractor,
    Word,
    WordDetector,
    read_descriptions,
)
from satellite.builtin.wake.tflite import Model, package_folder
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import ModelMissing
from satellite.options import OptionSet, option
from satellite.requirements import Package, Requirement
from satellite.values import SPEECH, EngineInfo, ModelInfo

_PACKAGE = "pymicro_wakeword"


class MicroWakeWord(WakeEngine):
    """Wake words of microWakeWord, a tenth of openWakeWord's work, and your own models."""

    class Options(OptionSet, frozen=True):
        """What it can be told."""

        words: Annotated[tuple[str, ...], option("Wake words to listen for")] = ("okay_nabu",)
        threshold: Annotated[
            float,
            option("Score that counts as the word; 0 for the model's own", minimum=0, maximum=1),
        ] = 0.0
        refractory: Annotated[
            float, option("Deaf to the word for so long once it was heard", unit="s", minimum=0)
        ] = 2.0
        custom_model_dir: Annotated[
            str, option("Folder with models of your own, each a .json and a .tflite file")
        ] = ""
        rest: Annotated[bool, option("Do not work while there is nothing to hear")] = True

    argument: ClassVar[str] = "words"
    requires: ClassVar[tuple[Requirement, ...]] = (Package(_PACKAGE), Package("pymicro_features"))

    name = "microwakeword"
    before = CONTEXT
    hop = 2 * HOP  # its models cost less than the change of threads

    def __init__(self, options: Options) -> None:
        super().__init__(options.rest)
        self._options = options
        self._known: dict[str, WordFile] = {}
        self._descriptions: dict[str, Description] = {}
        self._words: dict[str, Word] = {}
        self._make_frontend: Callable[[], Callable[[bytes], tuple[list[float], int]]] | None = None

    def describe(self) -> EngineInfo:
        """Say which words there are, once loaded; those of `words` are listened for."""
        return EngineInfo(
            name=self.name,
            description="Wake words of microWakeWord",
            author="Kevin Ahrendt",
            url="https://github.com/kahrendt/microWakeWord",
            models=tuple(
                ModelInfo(
                    name=name,
                    languages=found.trained_languages,
                    version=str(found.version or ""),
                    phrase=found.wake_word.lower(),
                    description=f"microWakeWord model {name}",
                )
                for name, found in self._descriptions.items()
            ),
        )

    def prepare(self) -> None:
        """Load the models, on the thread."""
        import micro_features_cpp  # pymicro-features: its Python wraps each 10 ms in an object

        def make_frontend() -> Callable[[bytes], tuple[list[float], int]]:
            return partial(micro_features_cpp.process_samples, micro_features_cpp.create_frontend())

        custom = self._options.custom_model_dir
        own = [Path(custom).expanduser()] if custom else []
        files = find_words([package_folder(_PACKAGE) / "models", *own], ".json")
        self._descriptions = read_descriptions(files)
        self._known = {name: files[name] for name in self._descriptions}
        chosen = [choose(name, self._known) for name in self._options.words]
        if not chosen:
            known = ", ".join(self._known)
            raise ModelMissing(f"{self.name}: no wake word was chosen; there are: {known}")
        for file in chosen:
            self._listener(file)
        self._make_frontend = make_frontend

    def listener(self, words: tuple[str, ...]) -> Stream:
        """Begin a stream, on the thread. Raises `ModelMissing`."""
        assert self._make_frontend is not None  # `prepare` was called
        names = words or self._options.words
        files = {file.name: file for file in (choose(name, self._known) for name in names)}
        return MicroFeatureExtractor(
            self._make_frontend(), [self._listener(file) for file in files.values()]
        )

    def _listener(self, file: WordFile) -> WordDetector:
        word = self._words.get(file.name)
        if word is None:
            description = self._descriptions[file.name]
            model = file.path.parent / description.model
            if not model.is_file():
                raise ModelMissing(
                    f"{file.path} names the model {model.name}, which is not beside it"
                )
            word = Word(file.name, description, Model(_PACKAGE, model))
        trigger = Trigger(
            self._options.threshold or word.description.micro.probability_cutoff,
            1,
            round(self._options.refractory * SPEECH.rate),
        )
        listener = WordDetector(word, self._watched(trigger, word.name))
        self._words[file.name] = word
        return listener

    def release(self) -> None:
        """Let go of the models."""
        self._words = {}
