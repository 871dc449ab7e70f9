"""ONNX networks, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from satellite.errors import EngineFailed, ModelMissing


class OnnxNetwork:
    """A network of an `.onnx` file with one input and one output, run on one thread."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises `ModelMissing`, `EngineFailed`."""
        import onnxruntime  # heavy: only for a satellite that uses it

        if not path.is_file():
            raise ModelMissing(f"{path} does not exist")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: it warns of unused parts of good models
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's classes derive from Exception only
            reason = str(error).splitlines()[0]
            raise EngineFailed(f"{path} is not an ONNX model that can be run: {reason}") from error
        self._input = self._session.get_inputs()[0]
        self._output = self._session.get_outputs()[0]

    @property
    def input_shape(self) -> tuple[Any, ...]:
        """Shape of the input; text where the model leaves a size open."""
        return tuple(self._input.shape)

    @property
    def output_shape(self) -> tuple[Any, ...]:
        """Shape of the output; text where the model leaves a size open."""
        return tuple(self._output.shape)

    def run(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Run once."""
        found: npt.NDArray[Any] = self._session.run(
            [self._output.name], {self._input.name: values}
        )[0]
        return found
