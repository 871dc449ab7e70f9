"""A model from a file of the user's: copied into the store, and recorded like a download."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from satellite.errors import DownloadFailed
from satellite.lib.persistence import sync_folder
from servers.models import manifest
from servers.models.file_check import problem_of
from servers.models.manifest import FileRecord, Manifest
from servers.models.model_folder import ModelFolder, discard
from servers.models.progress import Progress

_BLOCK = 1 << 20
"""Bytes copied at a time."""


def take(place: ModelFolder, file: Path, progress: Progress) -> None:
    """Make a model of one file; the caller holds its lock.

    Raises `DownloadFailed` for a file that is no such model, `OSError`.
    """
    if (problem := problem_of(file)) is not None:
        raise DownloadFailed(f"{place.name}: {file} {problem}")
    discard(place.staging)
    place.staging.mkdir(parents=True)
    digest, size = hashlib.sha256(), file.stat().st_size
    progress.begin(str(place.name), size, 0)
    try:
        with file.open("rb") as source, (place.staging / file.name).open("wb") as target:
            while block := source.read(_BLOCK):
                target.write(block)
                digest.update(block)
                progress.advance(len(block))
    finally:
        progress.end()
    record = FileRecord(file.name, size, digest.hexdigest())
    now = datetime.now(UTC).isoformat(timespec="seconds")
    whole = Manifest(place.name.kind, place.name.name, str(file), "", now, (record,))
    manifest.write(place.staging, whole)
    discard(place.folder)
    place.staging.rename(place.folder)
    sync_folder(place.folder.parent)
