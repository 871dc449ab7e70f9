"""A bounded folder of recordings: each a WAV file with a description as JSON beside it."""

from __future__ import annotations

import logging
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from satellite.audio.wavfile import write_wav
from satellite.lib import paths
from satellite.lib.decoding import Undecodable, from_json
from satellite.lib.persistence import PRIVATE, atomic_write
from satellite.lib.platform import users
from satellite.settings import RecordingSettings
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

MB = 1_000_000
DAY = 86400

LARGEST = 1_000_000
"""Bytes to read of a description: a longer one was not written here."""

Kind = Literal["turn", "near_miss"]


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a recording; its sound is 16 kHz mono."""

    id: str
    """The name of its files, too: time, kind and a number."""
    kind: Kind
    time: float
    """End of the recording, in Unix seconds."""
    seconds: float
    """Length of the recording."""
    word: str | None = None
    """The wake word of a detection or a near miss."""
    score: float | None = None
    """Score of the wake word, 0 to 1."""
    outcome: str | None = None
    """Outcome of the turn."""
    transcript: str | None = None
    reply: str | None = None
    events: tuple[dict[str, Any], ...] = ()
    """The turn's events as in the event log, without partial texts."""


def name_of(kind: Kind, when: float, number: str) -> str:
    """Return the id of a recording; ids sort by time."""
    moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(when))
    return f"{moment}-{kind.replace('_', '-')}-{number}"


class RecordingFolder:
    """The recordings of this user. Every method blocks for file access."""

    def __init__(self, settings: RecordingSettings) -> None:
        self._settings = settings
        named = Path(settings.folder).expanduser() if settings.folder else None
        self.path = named or paths.recordings_folder()
        self._private = False
        """Whether it was made private, or the reason why not was logged."""

    def add(self, recording: Recording, audio: bytes) -> None:
        """Write a recording atomically, and delete those beyond the limits.

        Raises `OSError`, `AudioFileError`.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_private()
        with tempfile.TemporaryDirectory(dir=self.path, prefix=".new-") as part:
            sound = Path(part) / "wav"
            write_wav(sound, SPEECH, audio)
            sound.chmod(PRIVATE)
            sound.replace(self.sound(recording.id))
        # sound without a description is deleted later, so the description comes last
        text = msgspec.json.format(msgspec.json.encode(recording))
        atomic_write(self._text(recording.id), text)
        self.trim()

    def _make_private(self) -> None:
        """Close a folder of recordings to other users; one that has other uses is left as it is."""
        if self._private:
            return
        self._private = True
        status = self.path.lstat()
        if stat.S_ISDIR(status.st_mode) and not users.open_to_others(status):
            return
        strange = any(
            file.suffix not in (".wav", ".json") and not file.name.startswith(".new-")
            for file in self.path.iterdir()
        )
        link = not stat.S_ISDIR(status.st_mode)
        if link or strange or not users.owns(status):
            if users.open_to_others(self.path.stat()):
                _LOGGER.warning(
                    "other users can list the recordings in %s, though not hear them: run "
                    "chmod 700 %s, or set recordings.folder to a folder of its own",
                    self.path,
                    self.path,
                )
            return
        self.path.chmod(0o700)
        _LOGGER.info("closed the folder of recordings %s to other users", self.path)

    def recordings(self) -> list[Recording]:
        """Return all recordings, the newest first; other files are ignored."""
        found = [self._read(file) for file in self.path.glob("*.json")]
        return sorted(filter(None, found), key=_age)

    def sound(self, name: str) -> Path:
        """Return the WAV file of a recording."""
        return self.path / f"{name}.wav"

    def delete(self, name: str) -> None:
        """Delete a recording. Idempotent."""
        self._text(name).unlink(missing_ok=True)
        self.sound(name).unlink(missing_ok=True)

    def trim(self) -> None:
        """Delete the oldest recordings beyond the limits of age, count and size."""
        settings = self._settings
        counts: dict[Kind, int] = {}
        size = 0
        oldest = time.time() - settings.days * DAY
        for recording in self.recordings():
            counts[recording.kind] = counts.get(recording.kind, 0) + 1
            size += self.size(recording.id)
            if (
                recording.time < oldest
                or counts[recording.kind] > settings.count
                or size > settings.megabytes * MB
            ):
                self.delete(recording.id)
        self._sweep()

    def size(self, name: str) -> int:
        """Return the bytes of a recording's files."""
        total = 0
        for file in (self.sound(name), self._text(name)):
            with suppress(FileNotFoundError):
                total += file.stat().st_size
        return total

    def _text(self, name: str) -> Path:
        return self.path / f"{name}.json"

    def _read(self, file: Path) -> Recording | None:
        try:
            with file.open("rb") as content:
                recording = from_json(content.read(LARGEST), Recording)
        except FileNotFoundError:
            return None
        except (OSError, Undecodable) as error:
            _LOGGER.debug("ignoring %s, which is not a recording: %s", file, error)
            return None
        # the id becomes the name of a file: it must be that of this file
        return recording if recording.id == file.stem else None

    def _sweep(self) -> None:
        """Delete sound whose description was never written, as in a power cut."""
        for file in self._without_description():
            _LOGGER.debug("deleting unfinished %s", file)
            file.unlink(missing_ok=True)

    def _without_description(self) -> Iterator[Path]:
        for kind in ("turn", "near-miss"):
            for file in self.path.glob(f"????????-??????-{kind}-*.wav"):
                if not file.with_suffix(".json").exists():
                    yield file


def _age(recording: Recording) -> tuple[float, str]:
    return -recording.time, recording.id
