"""A model from files of the user's: copied into the store, and recorded like a download."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from satellite.errors import DownloadFailed
from satellite.lib.platform.files import sync_folder
from servers.models import archive, manifest, sherpa_files, sherpa_models, turn_models
from servers.models.file_check import problem_of
from servers.models.manifest import FileRecord, Manifest
from servers.models.model_folder import ModelFolder, discard
from servers.models.names import GGUF, SHERPA, TURN
from servers.models.progress import Progress

_BLOCK = 1 << 20
"""Bytes copied at a time."""
_SUFFIXES = {GGUF: ".gguf", TURN: ".onnx"}
"""Suffixes of the kinds that are one file."""


def take(place: ModelFolder, source: Path, progress: Progress) -> None:
    """Make a model of one file or, for sherpa-onnx, of a folder or an archive; the caller holds its
    lock.

    Raises `DownloadFailed` for what is no such model, `OSError`.
    """
    discard(place.staging)
    if place.name.kind == SHERPA and not source.is_dir():
        place.staging.mkdir(parents=True)
        records = unpack(place, source)
    else:
        files = _chosen(source) if place.name.kind == SHERPA else [source]
        for file in files:
            if (problem := problem_of(file, _SUFFIXES.get(place.name.kind, ""))) is not None:
                raise DownloadFailed(f"{place.name}: {file} {problem}")
        place.staging.mkdir(parents=True)
        records = _copied(place, files, progress)
        if place.name.kind == TURN:
            records = (_published(place, records[0]),)
    if place.name.kind == SHERPA:
        sherpa_files.check(place.staging, str(place.name))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    whole = Manifest(place.name.kind, place.name.name, str(source), "", now, records)
    manifest.write(place.staging, whole)
    discard(place.folder)
    place.staging.rename(place.folder)
    sync_folder(place.folder.parent)


def unpack(place: ModelFolder, source: Path) -> tuple[FileRecord, ...]:
    """Extract the files of a model for sherpa-onnx into its unfinished folder.

    Raises `DownloadFailed` for another archive, `OSError`.
    """
    names = archive.extract(source, place.staging, sherpa_models.wanted, str(place.name))
    return tuple(_record(place.staging / name) for name in names)


def _chosen(folder: Path) -> list[Path]:
    names = [path.name for path in folder.iterdir() if path.is_file()]
    return [folder / name for name in sherpa_models.wanted(names)]


def _copied(place: ModelFolder, files: list[Path], progress: Progress) -> tuple[FileRecord, ...]:
    progress.begin(str(place.name), sum(file.stat().st_size for file in files), 0)
    try:
        for file in files:
            copy = place.staging / _name_of_copy(place, file)
            with file.open("rb") as source, copy.open("wb") as target:
                while block := source.read(_BLOCK):
                    target.write(block)
                    progress.advance(len(block))
    finally:
        progress.end()
    return tuple(_record(place.staging / _name_of_copy(place, file)) for file in files)


def _name_of_copy(place: ModelFolder, file: Path) -> str:
    """Return the name of a file in the store; Ollama's, for example, have no suffix."""
    suffix = _SUFFIXES.get(place.name.kind, "")
    return file.name if file.name.endswith(suffix) else f"{file.name}{suffix}"


def _published(place: ModelFolder, record: FileRecord) -> FileRecord:
    """Give a copied file its published name. Raises `DownloadFailed` unless it is that file."""
    known = turn_models.KNOWN[place.name.name]
    if record.sha256 != known.sha256:
        raise DownloadFailed(
            f"{place.name}: {record.path} is another file than {known.file} of {known.repository}"
        )
    (place.staging / record.path).rename(place.staging / known.file)
    return _record(place.staging / known.file)


def _record(path: Path) -> FileRecord:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileRecord(path.name, path.stat().st_size, digest)
