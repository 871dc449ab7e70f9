"""Incomplete and missing models, and a full disk."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.diagnostics.doctor import storage
from satellite.diagnostics.doctor.context import Context
from satellite.lib.finding import Finding
from satellite.lib.platform.files import FileSystem
from satellite.settings import Settings
from servers.models import manifest
from servers.models.manifest import FileRecord, Manifest
from servers.models.store import Store
from tests.diagnostics.doctor.findings import findings, of, only

PLENTY = FileSystem(free=4 * 10**12)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Make a store with a complete model, whisper:tiny.en, of one file of 1000 bytes."""
    folder = tmp_path / "whisper/tiny.en"
    folder.mkdir(parents=True)
    content = bytes(1000)
    (folder / "model.bin").write_bytes(content)
    record = FileRecord("model.bin", len(content), hashlib.sha256(content).hexdigest())
    written = Manifest("whisper", "tiny.en", "here", "1", "2026-01-01T00:00:00Z", (record,))
    manifest.write(folder, written)
    return Store(tmp_path)


async def models(store: Store, **settings: str) -> list[Finding]:
    context = Context(settings=Settings(**settings), store=lambda: store)  # type: ignore[arg-type]
    return await findings(storage.models, context)


async def test_a_complete_model_is_ok(store: Store) -> None:
    found = await models(store)
    assert of("broken", found) == of("warning", found) == []
    assert "1 complete" in found[0].found
    assert "whisper:tiny.en" in found[0].found


async def test_a_damaged_model_is_reported_with_the_command_to_repair_it(store: Store) -> None:
    os.truncate(store.root / "whisper/tiny.en/model.bin", 500)
    problem = only("broken", await models(store))
    assert problem.about == "model whisper:tiny.en"
    assert problem.found.startswith("damaged")
    assert "satellite models pull whisper:tiny.en" in problem.remedy


async def test_an_unfinished_download_is_reported(store: Store) -> None:
    staging = store.root / "whisper/.base.en.part"
    staging.mkdir()
    (staging / "model.bin.part").write_bytes(bytes(300_000))
    problem = only("warning", await models(store))
    assert problem.found.startswith("unfinished: 0.3 MB")
    assert "satellite models pull whisper:base.en" in problem.remedy


async def test_a_missing_model_of_a_chosen_engine_is_reported(store: Store) -> None:
    problem = only("broken", await models(store, asr="faster-whisper:small"))
    assert problem.found == "not on this machine"
    assert problem.remedy == "satellite models pull whisper:small"
    found = await models(store, asr="faster-whisper:tiny.en")
    assert of("broken", found) == []


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({}, "ok", "free for models"),
        ({"free": 4_096_000}, "broken", "full"),
        ({"full_of_files": True}, "broken", "full"),
        ({"free": 409_600_000}, "warning", "409.6 MB free"),
        ({"read_only": True}, "broken", "read-only"),
    ],
)
async def test_the_free_space_of_a_disk(
    store: Store, change: dict[str, Any], state: str, words: str
) -> None:
    system = msgspec.structs.replace(PLENTY, **change)
    context = Context(store=lambda: store, file_system=lambda path: system)
    found = (await findings(storage.disk, context))[0]
    assert (found.state, words in found.found) == (state, True)
    assert found.remedy or state == "ok"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk_is_reported(small_disk: Path) -> None:
    (small_disk / "heap").write_bytes(bytes(1 << 20))
    context = Context(store=lambda: Store(small_disk / "models"))
    problem = only("broken", await findings(storage.disk, context))
    assert problem.found.startswith("full: 0.0 MB free for models")
    assert "satellite models remove" in problem.remedy
