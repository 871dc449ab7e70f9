"""microWakeWord's models, run by the TensorFlow Lite that pymicro-wakeword carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar

from satellite.builtin.wake.bundled_models import WordFile, choose, find_words
from satellite.builtin.wake.engine import HOP, WakeEngine, WakeStream
from satellite.builtin.wake.micro import (
    CONTEXT,
    MicroStream,
    MicroWord,
    ModelDescription,
    WordDetector,
    read_descriptions,
)
from satellite.builtin.wake.tflite import TfLiteModel, package_folder
from satellite.errors import ModelMissing
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.values import EngineInfo, ModelInfo

_PACKAGE = "pymicro_wakeword"


class MicroWakeWord(WakeEngine):
    """Wake words of microWakeWord, at a tenth of openWakeWord's CPU time, and your own models."""

    class Options(OptionSet, frozen=True):
        """Options of the engine."""

        words: Annotated[tuple[str, ...], option("Wake words to listen for")] = ("okay_nabu",)
        threshold: Annotated[
            float,
            option("Score that counts as the word; 0 for the model's own", minimum=0, maximum=1),
        ] = 0.0
        refractory: Annotated[
            float, option("Ignore the word for this long after a detection", unit="s", minimum=0)
        ] = 2.0
        custom_model_dir: Annotated[
            str, option("Folder with models of your own, each a .json and a .tflite file")
        ] = ""
        rest: Annotated[bool, option("Save CPU time in silence")] = True

    argument: ClassVar[str] = "words"
    requires: ClassVar[tuple[Requirement, ...]] = (Package(_PACKAGE), Package("pymicro_features"))

    name = "microwakeword"
    warm_up = CONTEXT
    hop = 2 * HOP  # its models cost less than a thread switch

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        super().__init__(options.rest, context)
        self._options = options
        self._known: dict[str, WordFile] = {}
        self._descriptions: dict[str, ModelDescription] = {}
        self._words: dict[str, MicroWord] = {}
        self._make_frontend: Callable[[], Callable[[bytes], tuple[list[float], int]]] | None = None

    def describe(self) -> EngineInfo:
        """Describe the engine; once loaded, with all its words."""
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
        import micro_features_cpp  # pymicro-features; its Python makes an object of each 10 ms

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
            raise ModelMissing(f"{self.name}: no wake word is configured; available: {known}")
        self.read_review()
        for file in chosen:
            self._detector(file)
        self._make_frontend = make_frontend

    def stream(self, words: tuple[str, ...]) -> WakeStream:
        """Begin a stream, on the thread. Raises `ModelMissing`."""
        assert self._make_frontend is not None  # `prepare` was called
        names = words or self._options.words
        files = {file.name: file for file in (choose(name, self._known) for name in names)}
        return MicroStream(self._make_frontend(), [self._detector(file) for file in files.values()])

    def _detector(self, file: WordFile) -> WordDetector:
        word = self._words.get(file.name)
        if word is None:
            description = self._descriptions[file.name]
            model = file.path.parent / description.model
            if not model.is_file():
                raise ModelMissing(
                    f"{file.path} names the model {model.name}, which is missing beside it"
                )
            word = MicroWord(file.name, description, TfLiteModel(_PACKAGE, model))
        threshold = self._options.threshold or word.description.micro.probability_cutoff
        trigger = self.trigger(word.name, threshold, 1, self._options.refractory)
        detector = WordDetector(word, trigger)
        self._words[file.name] = word
        return detector

    def release(self) -> None:
        """Release the models."""
        self._words = {}
