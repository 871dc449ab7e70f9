"""`satellite models` as users run it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.program import Done, satellite
from tests.support import model_files
from tests.support.hub import Hub, hub_running

VOICE = "en_US-lessac-medium"

Call = Callable[..., Done]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hub_running() as running:
        running.repositories["Systran/faster-whisper-base.en"] = model_files.whisper()
        running.add_voice(VOICE, model_files.voice(VOICE))
        yield running


@pytest.fixture
def call(hub: Hub, tmp_path: Path) -> Call:
    variables = {
        "SATELLITE_MODELS_FOLDER": str(tmp_path),
        "SATELLITE_MODELS_ENDPOINT": hub.endpoint,
        "SATELLITE_MODELS_OLLAMA": "http://127.0.0.1:9",
        "HF_TOKEN_PATH": os.devnull,
    }
    return lambda *arguments: satellite("models", *arguments, variables=variables)


def test_models_are_fetched_listed_and_removed(call: Call, tmp_path: Path) -> None:
    assert call().output == (f"no models in {tmp_path}; satellite models pull NAME fetches one\n")
    pulled = call("pull", "whisper:base.en", f"piper:{VOICE}")
    assert pulled.code == 0
    assert pulled.output.splitlines() == [
        f"whisper:base.en is in {tmp_path}/whisper/base.en",
        f"piper:{VOICE} is in {tmp_path}/piper/{VOICE}",
    ]
    assert "whisper:base.en: 100 kB on the disk, 100 kB fetched in" in pulled.errors
    assert "HTTP Request" not in pulled.errors
    listed = call("list").output.splitlines()
    assert listed[0].split() == ["MODEL", "SIZE", "STATE", "SINCE", "LICENSE"]
    assert listed[1].split()[:4] == ["whisper:base.en", "100", "kB", "whole"]
    assert listed[-1] == f"150 kB in {tmp_path}"
    rows = json.loads(call("--json").output)
    assert {row["model"]: row["state"] for row in rows} == {
        "whisper:base.en": "whole",
        f"piper:{VOICE}": "whole",
    }
    assert {row["license"] for row in rows} == {"MIT", "see its MODEL_CARD"}
    removed = call("remove", "whisper:base.en", "whisper:tiny")
    assert removed.code == 1
    assert "whisper:base.en is removed: 10" in removed.output
    (complaint,) = removed.complaints
    assert complaint.startswith("whisper:tiny is not installed")


def test_a_damaged_model_is_reported_and_repaired(call: Call, tmp_path: Path) -> None:
    call("pull", "whisper:base.en", f"piper:{VOICE}")
    assert call("verify").code == 0
    (tmp_path / "whisper" / "base.en" / "vocabulary.txt").write_text("a\nc\n")
    done = call("verify")
    assert done.code == 1
    assert "whisper:base.en: vocabulary.txt has changed since it was downloaded" in done.output
    assert f"piper:{VOICE}: intact" in done.output
    (complaint,) = done.complaints
    assert complaint.endswith("satellite models pull whisper:base.en")
    rows = json.loads(call("verify", "--json", "whisper:base.en").output)
    assert rows[0]["problems"] != []
    assert call("pull", "whisper:base.en").code == 0
    assert call("verify").code == 0


def test_errors_are_one_line_each_and_the_rest_is_done(call: Call, hub: Hub) -> None:
    done = call("pull", "piper:none", "whisper:base.en", "ollama:small")
    assert done.code == 1
    assert len(done.complaints) == 2
    assert "whisper:base.en is in" in done.output
    asked = len(hub.requests)
    offline = call("pull", "--offline", f"piper:{VOICE}", "whisper:base.en")
    assert offline.code == 1
    assert "offline forbids the download" in offline.complaints[0]
    assert len(hub.requests) == asked
    wrong = call("pull", "base.en")
    assert (wrong.code, len(wrong.complaints)) == (2, 1)
    assert call("--json", "pull", "whisper:base.en").code == 2
