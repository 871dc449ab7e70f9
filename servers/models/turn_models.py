"""Networks that hear the end of a turn."""

from __future__ import annotations

import msgspec


class TurnModel(msgspec.Struct, frozen=True):
    """A published network of one file."""

    repository: str
    """On Hugging Face."""
    file: str
    bytes: int
    sha256: str
    license: str


KNOWN = {
    "smart-turn-v3.2": TurnModel(
        "pipecat-ai/smart-turn-v3",
        "smart-turn-v3.2-cpu.onnx",
        8_679_182,
        "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
        "BSD-2-Clause",
    )
}
"""By the name in `turn:NAME`."""
