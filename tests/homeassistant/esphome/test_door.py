"""The protocol by which a satellite shows itself to Home Assistant: one, and never two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satellite.errors import ConfigError
from satellite.homeassistant.driver.satellite_info import info_event
from satellite.homeassistant.esphome import messages
from satellite.homeassistant.esphome.door import chosen_door
from satellite.homeassistant.esphome.identity import Identity, key_of
from satellite.net import info as infos
from satellite.settings import HomeAssistantSettings, Settings
from satellite.values import EngineInfo, ModelInfo


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "installed", lambda: True)


def settings(protocol: str = "auto", brain: str = "auto", **more: Any) -> Settings:
    chosen = HomeAssistantSettings(protocol=protocol, **more)  # type: ignore[arg-type]
    return Settings(name="kitchen", brain=brain, homeassistant=chosen)  # type: ignore[arg-type]


def test_the_extra_is_installed() -> None:
    if not messages.installed():
        pytest.skip("the other tests of this folder need: pip install 'satellite-voice[esphome]'")


def test_a_new_satellite_uses_esphome(extra: None, state_folder: Path) -> None:
    assert chosen_door(settings(), Identity("kitchen")) == "esphome"
    (state_folder / "mute-kitchen.json").write_text("false")
    assert chosen_door(settings(), Identity("kitchen")) == "esphome"  # also after a restart


def test_a_new_satellite_gets_the_extra_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "installed", lambda: False)
    assert chosen_door(settings(), Identity("kitchen")) == "wyoming"
    monkeypatch.setattr(messages, "installed", lambda: True)
    assert chosen_door(settings(), Identity("kitchen")) == "esphome"


def test_a_satellite_that_ran_before_stays_with_wyoming(extra: None, state_folder: Path) -> None:
    (state_folder / "mute-kitchen.json").write_text("false")
    for _ in range(2):
        assert chosen_door(settings(), Identity("kitchen")) == "wyoming"
    assert chosen_door(settings("esphome"), Identity("kitchen")) == "esphome"


@pytest.mark.parametrize("door", ["esphome", "wyoming"])
def test_auto_stays_with_what_home_assistant_uses(extra: None, door: Any) -> None:
    Identity("kitchen").used(door)
    assert chosen_door(settings(), Identity("kitchen")) == door


def test_without_the_extra_it_is_wyoming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "installed", lambda: False)
    Identity("kitchen").used("esphome")
    assert chosen_door(settings(), Identity("kitchen")) == "wyoming"
    with pytest.raises(ConfigError, match="pip install"):
        chosen_door(settings("esphome"), Identity("kitchen"))


def test_wake_words_that_home_assistant_detects_take_wyoming(extra: None) -> None:
    assert chosen_door(settings(wake="stream"), Identity("kitchen")) == "wyoming"
    with pytest.raises(ConfigError, match=r"homeassistant\.wake is stream"):
        chosen_door(settings("esphome", wake="stream"), Identity("kitchen"))


def test_a_satellite_that_is_not_offered_has_nothing_for_home_assistant() -> None:
    """It adds no device where nothing is installed (`WyomingService.create`, `has_services`)."""
    words = EngineInfo(name="words", models=(ModelInfo(name="okay_nabu", phrase="Okay Nabu"),))
    described = infos.from_event(info_event(settings(), words, offered=False))
    assert described.satellite is not None
    assert not described.satellite.installed
    assert described.wake == []
    assert infos.from_event(info_event(settings(), words)).satellite.installed  # type: ignore[union-attr]


def test_an_identity_outlives_a_restart_and_a_missing_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Identity("Küche 1")
    mac, key = first.mac, first.make_key()
    again = Identity("Küche 1")
    assert (again.mac, again.key_text) == (mac, key)
    assert again.name == f"k-che-1-{mac[-6:]}"
    monkeypatch.setenv("STATE_DIRECTORY", "/dev/null")
    lost = Identity("kitchen")
    assert lost.mac == lost.mac


def test_a_key_that_is_none() -> None:
    for text in ("", "x", b"\xff", "A" * 43 + "=", "QUJD"):
        assert key_of(text) is None
    assert (
        key_of("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        == b"01234567890123456789012345678901"
    )
