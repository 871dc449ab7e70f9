"""ONNX networks that run on the calling thread, by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from satellite.errors import EngineFailed, PackageMissing


def one_thread_session(model: Path, user: str) -> Any:
    """Return onnxruntime's session of an .onnx file, for one thread of the CPU. Blocks.

    `user` is what needs it, for the error where onnxruntime is missing. Raises `PackageMissing`,
    `EngineFailed`.
    """
    try:
        import onnxruntime  # heavy: only for what uses it
    except ImportError as error:
        raise PackageMissing(f"{user} needs onnxruntime: pip install onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors only
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common class of their own
        raise EngineFailed(f"{model} cannot be loaded: {str(error)[:200]}") from error
