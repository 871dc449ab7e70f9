"""openWakeWord's models, run by the TensorFlow Lite that pyopen-wakeword carries."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from satellite.builtin.wake import tflite
from satellite.builtin.wake.embedding_engine import EmbeddingEngine, EmbeddingOptions
from satellite.requirements import Package, Requirement
from satellite.values import EngineInfo

_PACKAGE = "pyopen_wakeword"


class OpenWakeWord(EmbeddingEngine):
    """Wake words of openWakeWord: okay_nabu, hey_jarvis and others, and your own .tflite models."""

    class Options(EmbeddingOptions, frozen=True):
        """Options of the engine."""

    argument: ClassVar[str] = "words"
    license: ClassVar[str] = "openWakeWord's own models: CC BY-NC-SA 4.0, not for commercial use"
    requires: ClassVar[tuple[Requirement, ...]] = (Package(_PACKAGE),)

    name = "openwakeword"
    ending = ".tflite"
    info = EngineInfo(
        name=name,
        description="Wake words of openWakeWord",
        author="David Scripka",
        url="https://github.com/dscripka/openWakeWord",
    )

    def _folder(self) -> Path:
        return tflite.package_folder(_PACKAGE) / "models"

    def _network(
        self, path: Path, shape: tuple[int, ...] | None = None, *, accelerate: bool = False
    ) -> tflite.TfLiteNetwork:
        model = tflite.TfLiteModel(_PACKAGE, path)
        return tflite.TfLiteNetwork(model, shape, accelerate=accelerate)
