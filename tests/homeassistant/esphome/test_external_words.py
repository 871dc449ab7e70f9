"""Wake words that Home Assistant has as files: fetched, checked, tried and used when chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aioesphomeapi import APIClient, VoiceAssistantConfigurationResponse
from aioesphomeapi import VoiceAssistantExternalWakeWord as External

from satellite.arbitration.wake_words import wake_words_of
from satellite.builtin.wake.tflite import package_folder
from satellite.engines.reload import loaded
from satellite.homeassistant.esphome.external_words import ExternalWords
from satellite.homeassistant.esphome.setting_entities import LiveSettings
from satellite.homeassistant.esphome.wake_words import WakeWordChoice
from satellite.ports import EngineContext, Wake
from satellite.settings import Settings
from tests.homeassistant.esphome.test_server import SETTINGS
from tests.homeassistant.esphome.test_settings import Changes
from tests.support.scripted_esphome import Sounds, esphome_satellite, sound_server
from tests.support.scripted_satellite import SOON

WORD = "hallo_haus"


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


def model_files() -> tuple[bytes, bytes]:
    """Return the description and the model of a word, under another name."""
    folder = package_folder("pymicro_wakeword") / "models"
    description = json.loads((folder / "hey_jarvis.json").read_text())
    model = (folder / description["model"]).read_bytes()
    description |= {"wake_word": "Hallo Haus", "model": "other.tflite"}
    return json.dumps(description).encode(), model


class Listening(Changes):
    """The wake engine of a satellite that reads its settings again."""

    def __init__(self, folder: Path, wake: str = "microwakeword:okay_nabu") -> None:
        self.file_path = folder / "config.toml"
        self.file_path.write_text(f'wake = "{wake}"\n')
        self.folder = folder / "wake words & more"
        self.engine: Wake
        super().__init__(self.file_path)
        live = LiveSettings(lambda: self.reload.settings, self.file.change, self.reload.now)
        self.external = ExternalWords(live, self.folder, self._attempt)

    async def _adopt(self, settings: Settings, engine: Wake | None) -> None:
        await super()._adopt(settings, engine)
        if engine is not None:
            self.engine = engine

    async def _attempt(self, component: str) -> None:
        await (await loaded(component, EngineContext())).close()

    @property
    def words(self) -> list[str]:
        """The words that are listened for."""
        return [*wake_words_of(self.reload.settings.wake).values()]

    @asynccontextmanager
    async def served(self, *, key: bool = True) -> AsyncGenerator[tuple[APIClient, Sounds], None]:
        self.engine = await loaded(self.reload.settings.wake, EngineContext())
        choice = WakeWordChoice(
            "kitchen",
            lambda: self.engine.describe(),
            lambda: wake_words_of(self.reload.settings.wake),
        )
        async with (
            esphome_satellite(SETTINGS, external=self.external, choice=choice) as esphome,
            sound_server() as files,
        ):
            text = esphome.identity.make_key() if key else None
            async with esphome.connected(text) as client:
                try:
                    yield client, files
                finally:
                    await self.engine.close()


def announced(files: Sounds, **other: Any) -> External:
    """Offer the files of a word at a server; return their announcement."""
    description, model = model_files()
    files.set(f"{WORD}.json", description)
    files.set(f"{WORD}.tflite", model)
    digest = hashlib.sha256(model).hexdigest()
    return announced_as(files, **{"model_size": len(model), "model_hash": digest, **other})


def announced_as(files: Sounds, **fields: Any) -> External:
    """Return an announcement of the word."""
    usual = {
        "id": WORD,
        "wake_word": "Hallo Haus",
        "trained_languages": ["de"],
        "model_type": "micro",
        "url": f"{files.url}/{WORD}.json",
    }
    return External(**{**usual, **fields})


async def configuration(client: APIClient, *words: External) -> VoiceAssistantConfigurationResponse:
    return await client.get_voice_assistant_configuration(SOON, list(words))


async def test_a_word_is_offered_chosen_and_put_away(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    async with listening.served() as (client, files):
        word = announced(files)
        found = await configuration(client, word)
        assert [(w.id, w.wake_word) for w in found.available_wake_words] == [
            ("okay_nabu", "okay nabu"),
            (WORD, "hallo haus"),
        ]
        assert found.active_wake_words == ["okay_nabu"]
        assert not listening.folder.exists()

        await client.set_voice_assistant_configuration(["okay_nabu", WORD])
        chosen = await configuration(client, word)
        assert [(w.id, w.wake_word) for w in chosen.available_wake_words] == [
            (w.id, w.wake_word) for w in found.available_wake_words
        ]
        assert chosen.active_wake_words == ["okay_nabu", WORD]
        assert listening.words == ["okay_nabu", WORD]
        assert files.fetched == [f"{WORD}.json", f"{WORD}.tflite"]
        again = Changes(listening.file_path).reload.settings.wake  # after a restart
        engine = await loaded(again, EngineContext())
        assert WORD in {model.name for model in engine.describe().models}
        await engine.close()

        await client.set_voice_assistant_configuration(["okay_nabu"])
        after = await configuration(client, word)
        assert after.active_wake_words == ["okay_nabu"]
        assert [w.id for w in after.available_wake_words] == ["okay_nabu", WORD]
        assert listening.words == ["okay_nabu"]
        assert not [*listening.folder.iterdir()]


@pytest.mark.parametrize(
    ("other", "offered"),
    [
        ({"model_hash": "0" * 64}, True),
        ({"model_size": 1000}, True),
        ({"url": "file:///etc/passwd"}, True),
        ({"url": "http://127.0.0.1:1/hallo_haus.json"}, True),
        ({"model_type": "other"}, False),
        ({"model_size": 1 << 30}, False),
        ({"id": "../../hallo"}, False),
        ({"wake_word": ""}, False),
        ({"wake_word": "Okay Nabu"}, False),
    ],
)
async def test_what_is_not_as_announced_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, other: dict[str, Any], offered: bool
) -> None:
    listening = Listening(tmp_path)
    async with listening.served() as (client, files):
        word = announced(files, **other)
        found = await configuration(client, word)
        assert len(found.available_wake_words) == 1 + offered
        if word.wake_word == "Okay Nabu":
            return  # as that phrase it cannot be chosen
        await client.set_voice_assistant_configuration(["okay_nabu", word.id])
        found = await configuration(client, word)
        assert found.active_wake_words == ["okay_nabu"]
    assert listening.words == ["okay_nabu"]
    assert not listening.adopted
    assert ("is not used" in caplog.text) is offered


@pytest.mark.parametrize(
    ("suffix", "content"),
    [("tflite", b"no model" * 100), ("json", b"[1]"), ("json", b"{" * 5000), ("json", b"{}")],
)
async def test_damaged_files_are_tried_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, suffix: str, content: bytes
) -> None:
    listening = Listening(tmp_path)
    async with listening.served() as (client, files):
        announced(files)
        files.offer(f"{WORD}.{suffix}")
        files.set(f"{WORD}.{suffix}", content)
        model = await files.sounds[f"{WORD}.tflite"] or b""
        digest = hashlib.sha256(model).hexdigest()
        word = announced_as(files, model_size=len(model), model_hash=digest)
        await configuration(client, word)
        await client.set_voice_assistant_configuration([WORD])
        await configuration(client, word)
    assert "is not used" in caplog.text
    assert listening.words == ["okay_nabu"]
    assert not listening.folder.exists() or not [*listening.folder.iterdir()]
    assert listening.file_path.read_text() == 'wake = "microwakeword:okay_nabu"\n'


@pytest.mark.parametrize(
    "wake", ["microwakeword:okay_nabu?custom_model_dir=/", "openwakeword:okay_nabu"]
)
async def test_other_engines_and_folders_are_offered_none(tmp_path: Path, wake: str) -> None:
    listening = Listening(tmp_path, wake)
    async with listening.served() as (client, files):
        found = await configuration(client, announced(files))
        assert [w.id for w in found.available_wake_words] == ["okay_nabu"]


async def test_a_client_without_the_key_adds_none(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    async with listening.served(key=False) as (client, files):
        word = announced(files)
        assert len((await configuration(client, word)).available_wake_words) == 1
        await client.set_voice_assistant_configuration([WORD])
        await configuration(client, word)
        assert not files.fetched
