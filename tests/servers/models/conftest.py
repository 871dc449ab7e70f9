"""A hub on localhost with a Whisper model and a voice, and a store that fetches from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.models import RetryPolicy, Store
from tests.support import model_files
from tests.support.hub import Hub, hub_running

VOICE = "en_US-lessac-medium"
REPOSITORY = "Systran/faster-whisper-base.en"
FAST = RetryPolicy(tries=3, pause=0.01, connect=2, read=0.25)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing from outside: no settings, no token, no other endpoint."""
    for name in [name for name in os.environ if name.startswith(("SATELLITE_", "HF_", "OLLAMA_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HF_TOKEN_PATH", os.devnull)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hub_running() as running:
        running.repositories[REPOSITORY] = model_files.whisper()
        running.add_voice(VOICE, model_files.voice(VOICE))
        yield running


@pytest.fixture
def store(hub: Hub, tmp_path: Path) -> Store:
    return Store(tmp_path / "models", endpoint=hub.endpoint, retry=FAST)


class RecordedProgress:
    """Records progress."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.total = self.here = 0
        self.begun = self.ended = 0

    def begin(self, model: str, total: int, done: int) -> None:
        self.begun += 1
        self.total, self.here = total, done

    def advance(self, count: int) -> None:
        self.here += count

    def report(self, text: str) -> None:
        self.texts.append(text)

    def end(self) -> None:
        self.ended += 1


@pytest.fixture
def progress() -> RecordedProgress:
    return RecordedProgress()
