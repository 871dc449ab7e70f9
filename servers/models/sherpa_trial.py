"""Tries a model in a process of its own before it is loaded here.

sherpa-onnx ends the process that loads a network without the metadata that it expects, or with
inputs of another form (`SHERPA_ONNX_EXIT` in its macros.h). This process has to outlive that.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.lib import paths
from satellite.lib.decoding import from_json
from satellite.lib.persistence import atomic_write

_LOGGER = logging.getLogger(__name__)

RECOGNIZERS = ("OnlineRecognizer", "OfflineRecognizer")
PUNCTUATIONS = ("OnlinePunctuation", "OfflinePunctuation")
PATIENCE = 300.0
"""Seconds for a model to load and to hear half a second of silence on a slow disk."""
SILENCE = 8000
"""Samples of that silence."""


class Trial(msgspec.Struct, frozen=True):
    """A call of the library."""

    owner: str
    """The class, as in `sherpa_onnx.OnlineRecognizer`."""
    function: str
    """Its class method; empty for the class itself."""
    parameters: dict[str, Any]


def require_loadable(trial: Trial, folder: Path) -> None:
    """Raise `EngineFailed` unless a call succeeds. What succeeded once is not tried again while the
    files named in it stay as they are."""
    mark = _mark(trial)
    if mark.exists():
        return
    # -P: what is in the working folder is not imported
    command = [sys.executable, "-P", "-m", "servers.models.sherpa_trial"]
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(trial), capture_output=True, timeout=PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineFailed(f"sherpa-onnx cannot try {folder}: {error}") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = lines[-1].strip()[-300:] if lines else f"it ends with status {done.returncode}"
        raise EngineFailed(
            f"sherpa-onnx cannot load {folder}: {reason}; to check it, satellite models verify"
        )
    try:
        atomic_write(mark, b"")
    except OSError as error:
        _LOGGER.debug("%s is tried again the next time: %s", folder, error)


def _mark(trial: Trial) -> Path:
    """Return the file that stands for the success of a call with files as they are now."""
    digest = hashlib.sha256(version("sherpa-onnx").encode())
    digest.update(msgspec.json.encode(trial, order="sorted"))
    for value in _texts(trial.parameters):
        try:
            status = Path(value).stat()
        except (OSError, ValueError):  # no file
            continue
        digest.update(f"{value}:{status.st_size}:{status.st_mtime_ns}".encode())
    return paths.cache_folder() / "sherpa-onnx" / digest.hexdigest()[:32]


def _texts(values: Mapping[str, Any]) -> list[str]:
    found = []
    for value in values.values():
        found += _texts(value) if isinstance(value, Mapping) else [str(value)]
    return found


def main() -> None:
    """Make the call that is described on standard input, and hear silence."""
    import numpy as np
    import sherpa_onnx

    trial = from_json(sys.stdin.buffer.read(), Trial)
    owner = getattr(sherpa_onnx, trial.owner)
    if trial.owner == "VadModel":
        made = owner.create(vad_config(sherpa_onnx, trial.parameters))
        made.is_speech([0.0] * made.window_size())
        return
    if trial.owner in PUNCTUATIONS:
        punctuation(sherpa_onnx, trial.owner, trial.parameters)
        return
    made = (getattr(owner, trial.function) if trial.function else owner)(**trial.parameters)
    if trial.owner in RECOGNIZERS:
        stream = made.create_stream()
        stream.accept_waveform(16_000, np.zeros(SILENCE, np.float32))
        if trial.owner == "OfflineRecognizer":
            made.decode_stream(stream)
            return
        while made.is_ready(stream):
            made.decode_stream(stream)


def vad_config(sherpa_onnx: Any, parameters: Mapping[str, Any]) -> Any:
    """Return the library's configuration of a voice detector: `ten_vad` or `silero_vad`, and the
    parameters of either."""
    kinds = {
        "ten_vad": sherpa_onnx.TenVadModelConfig,
        "silero_vad": sherpa_onnx.SileroVadModelConfig,
    }
    networks = {name: kinds[name](**chosen) for name, chosen in parameters.items()}
    return sherpa_onnx.VadModelConfig(**networks, sample_rate=16_000)


def punctuation(sherpa_onnx: Any, owner: str, parameters: Mapping[str, Any]) -> Any:
    """Return one of `PUNCTUATIONS` with the parameters of its network."""
    if owner == "OnlinePunctuation":
        online = sherpa_onnx.OnlinePunctuationModelConfig(**parameters)
        config = sherpa_onnx.OnlinePunctuationConfig(model_config=online)
        return sherpa_onnx.OnlinePunctuation(config)
    offline = sherpa_onnx.OfflinePunctuationModelConfig(**parameters)
    return sherpa_onnx.OfflinePunctuation(sherpa_onnx.OfflinePunctuationConfig(model=offline))


if __name__ == "__main__":
    main()
