"""A generated network for speaker recognition, in the form of k2-fsa's."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_network(path: Path, **metadata: str) -> Path:
    """Write a network whose voiceprint is the mean of each of the 80 mel bins."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1], keepdims=0),
            helper.make_node("Add", ["mean", "shift"], ["embedding"]),
        ],
        "speaker",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "time", 80])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 80])],
        [numpy_helper.from_array(np.zeros(80, np.float32), "shift")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tests"
    )
    usual = {
        "framework": "3d-speaker",
        "language": "English",
        "url": "tests",
        "comment": "tests",
        "sample_rate": "16000",
        "output_dim": "80",
        "normalize_samples": "1",
        "feature_normalize_type": "",
    }
    for key, value in (usual | metadata).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, str(path))
    return path
