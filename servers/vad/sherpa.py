"""The voice detector `sherpa-onnx`: Silero or TEN, run by sherpa-onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from satellite.errors import EngineFailed, ModelMissing
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.text.reason_of import reason_of
from servers.models.file_check import problem_of
from servers.models.names import SHERPA
from servers.models.sherpa_trial import Trial, require_loadable, vad_config
from servers.models.store import Store

SILERO_FRAME, TEN_FRAME = 512, 256
"""Samples that each network looks at in one call."""


class SherpaVad:
    """A neural network that detects speech; it decides by itself, with a threshold of its own."""

    class Options(OptionSet, frozen=True):
        """The network and its threshold."""

        model: Annotated[str, option("silero-vad, ten-vad, or the .onnx file of one of them")] = (
            "ten-vad"
        )
        threshold: Annotated[
            float, option("Lowest probability of speech", minimum=0.05, maximum=0.95)
        ] = 0.5

    license: ClassVar[str] = "TEN: Apache-2.0 with further conditions; Silero: MIT"
    argument: ClassVar[str] = "model"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("sherpa_onnx", extra="sherpa"),)

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        self._options = options
        self._store = Store.for_settings((context or EngineContext()).models)
        self._detector: Any = None
        self._ten = "ten" in Path(options.model).name
        self.frame_samples = TEN_FRAME if self._ten else SILERO_FRAME

    def load(self) -> None:
        """Load the model. Idempotent. Raises `ModelMissing`, `EngineFailed`."""
        if self._detector is None:
            self._detector = self._loaded(self._file())

    def probability(self, frame: bytes) -> float:
        """Return 1 for speech in a frame of `frame_samples`, else 0: the library decides.

        Raises `ValueError` for a frame of another size.
        """
        if len(frame) != 2 * self.frame_samples:
            raise ValueError(f"a frame has {self.frame_samples} samples, not {len(frame) / 2:g}")
        self.load()
        samples = (np.frombuffer(frame, "<i2") / np.float32(32768)).tolist()
        return 1.0 if self._detector.is_speech(samples) else 0.0

    def reset(self) -> None:
        """Forget the previous frames."""
        if self._detector is not None:
            self._detector.reset()

    def _file(self) -> Path:
        found = self._store.find(SHERPA, self._options.model)
        files = sorted(found.glob("*.onnx")) if found.is_dir() else [found]
        if not files:
            raise ModelMissing(f"{found} has no .onnx file: it holds no voice detector")
        if (problem := problem_of(files[0])) is not None:
            raise EngineFailed(f"{files[0]} {problem}: satellite models pull repairs it")
        return files[0]

    def _loaded(self, file: Path) -> Any:
        # no delays of its own: the satellite decides when speech begins and ends
        chosen = {
            "model": str(file),
            "threshold": self._options.threshold,
            "min_silence_duration": 0.0,
            "min_speech_duration": 0.0,
            "window_size": self.frame_samples,
        }
        parameters = {"ten_vad" if self._ten else "silero_vad": chosen}
        require_loadable(Trial("VadModel", "create", parameters), file)
        import sherpa_onnx

        try:
            return sherpa_onnx.VadModel.create(vad_config(sherpa_onnx, parameters))
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(
                f"sherpa-onnx cannot load {file}: {reason_of(error)}; to check it, satellite "
                "models verify"
            ) from error
