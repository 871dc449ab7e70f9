"""`satellite homeassistant`: the protocol, and the key as Home Assistant asks for it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from satellite.cli.main import cli
from satellite.config import load as config
from satellite.errors import UsageError
from satellite.homeassistant.esphome import messages


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(config, "default_files", lambda: (tmp_path / "satellite.toml",))
    monkeypatch.setattr(messages, "installed", lambda: True)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ("homeassistant", *arguments, "--set", "name=kitchen"))


def facts(*arguments: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(call("--json", *arguments).stdout)
    return found


def test_a_new_satellite_has_no_key_until_one_is_asked_for() -> None:
    shown = call().output
    assert "ESPHome's API" in shown
    assert "port 6053" in shown
    assert "It has no key yet" in shown
    assert not facts()["encrypted"]
    key = str(facts("--key")["key"])
    assert len(base64.b64decode(key)) == 32
    assert f"The key: {key}" in call("--key").output
    assert facts()["encrypted"]
    assert "key" not in facts()
    assert facts("--forget-key")["encrypted"] is False


def test_a_key_of_ones_own() -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    assert f"The key: {key}" in call("--set-key", key).output
    assert facts("--key")["key"] == key
    wrong = call("--set-key", "secret")
    assert isinstance(wrong.exception, UsageError)
    assert "32 bytes in base64" in str(wrong.exception)
    assert call("--key", "--forget-key").exit_code == 2


def test_wyoming_and_how_to_get_esphome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "installed", lambda: False)
    shown = call().output
    assert "by Wyoming" in shown
    assert "port 10700" in shown
    assert 'pip install "satellite-voice[esphome]"' in shown
    assert "Wyoming" in call("--set", "homeassistant.protocol=wyoming").output
