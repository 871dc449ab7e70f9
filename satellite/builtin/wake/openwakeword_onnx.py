"""openWakeWord's models as .onnx files, run by onnxruntime."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar

from satellite.builtin.wake import onnx
from satellite.builtin.wake.embedding_engine import EmbeddingEngine, EmbeddingOptions
from satellite.builtin.wake.features import Network
from satellite.errors import ModelMissing
from satellite.options import option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.text.shell import quoted_word
from satellite.values import EngineInfo

_EXTRA = "openwakeword"


class OpenWakeWordOnnx(EmbeddingEngine):
    """Wake words of openWakeWord as .onnx models: hey_jarvis and others, and your own."""

    class Options(EmbeddingOptions, frozen=True):
        """Options of the engine."""

        words: Annotated[tuple[str, ...], option("Wake words to listen for")] = ("hey_jarvis",)
        feature_dir: Annotated[
            str,
            option(
                "Folder with melspectrogram.onnx and embedding_model.onnx; by default those of the "
                "package openwakeword"
            ),
        ] = ""

    argument: ClassVar[str] = "words"
    license: ClassVar[str] = "openWakeWord's own models: CC BY-NC-SA 4.0, not for commercial use"
    requires: ClassVar[tuple[Requirement, ...]] = (
        Package("openwakeword", extra=_EXTRA),
        Package("onnxruntime", extra=_EXTRA),
    )

    name = "openwakeword-onnx"
    ending = ".onnx"
    info = EngineInfo(
        name=name,
        description="Wake words of openWakeWord, as .onnx models",
        author="David Scripka",
        url="https://github.com/dscripka/openWakeWord",
    )

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        super().__init__(options, context)
        self._feature_dir = options.feature_dir

    def _folder(self) -> Path:
        if self._feature_dir:
            folder = Path(self._feature_dir).expanduser()
        else:
            # not imported: that would bring scikit-learn and scipy with it
            found = find_spec("openwakeword")
            origin = found.origin if found and found.origin else ""
            folder = Path(origin).parent / "resources" / "models"
        if not (folder / "embedding_model.onnx").is_file():
            raise ModelMissing(
                f"{folder} has no embedding_model.onnx and melspectrogram.onnx: "
                f"pip install {quoted_word('openwakeword>=0.4,<0.5')}, whose wheel holds them, or "
                "set feature_dir to a folder with both (openWakeWord's releases have them)"
            )
        return folder

    def _network(
        self, path: Path, shape: tuple[int, ...] | None = None, *, accelerate: bool = False
    ) -> Network:
        return onnx.OnnxNetwork(path)
