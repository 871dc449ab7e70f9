"""A model that would end the process is tried in another one first."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sherpa_onnx", reason="satellite-voice[sherpa] is not installed")

import onnx

from satellite.errors import EngineFailed
from servers.models.sherpa_trial import Trial, require_loadable
from tests.support.sherpa_models import write_zipformer


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def trial_of(folder: Path) -> Trial:
    networks = {
        part: str(next(folder.glob(f"{part}*"))) for part in ("encoder", "decoder", "joiner")
    }
    parameters: dict[str, Any] = {**networks, "tokens": str(folder / "tokens.txt")}
    return Trial("OnlineRecognizer", "from_transducer", parameters)


def test_a_network_without_its_metadata_is_reported_and_the_process_lives(tmp_path: Path) -> None:
    folder = write_zipformer(tmp_path / "model", ("▁A", "▁B"))
    encoder = next(folder.glob("encoder*"))
    model = onnx.load(str(encoder))
    del model.metadata_props[[prop.key for prop in model.metadata_props].index("T")]
    onnx.save(model, str(encoder))
    with pytest.raises(EngineFailed, match=r"cannot load .*model: .*'T' does not exist"):
        require_loadable(trial_of(folder), folder)


def test_what_was_tried_is_not_tried_again_until_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_zipformer(tmp_path / "model", ("▁A", "▁B"))
    runs: list[object] = []
    run = subprocess.run

    def counted(*args: Any, **keywords: Any) -> Any:
        runs.append(args)
        return run(*args, **keywords)

    monkeypatch.setattr(subprocess, "run", counted)
    for _ in range(3):
        require_loadable(trial_of(folder), folder)
    assert len(runs) == 1
    os.utime(next(folder.glob("joiner*")), (1, 1))
    require_loadable(trial_of(folder), folder)
    assert len(runs) == 2


def test_a_child_that_cannot_start_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_zipformer(tmp_path / "model", ("▁A", "▁B"))
    monkeypatch.setattr("sys.executable", str(tmp_path / "none"))
    with pytest.raises(EngineFailed, match=r"cannot try .*No such file"):
        require_loadable(trial_of(folder), folder)
