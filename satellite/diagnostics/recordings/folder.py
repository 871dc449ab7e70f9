"""A bounded folder of recordings: each a WAV file and what is known of it, as JSON beside it."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
import platformdirs

from satellite.audio.wavfile import write_wav
from satellite.settings import RecordingSettings
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

MB = 1_000_000
DAY = 86400

LARGEST = 1_000_000
"""Bytes read of what is known of a recording: what is longer was not written here."""

Kind = Literal["turn", "near_miss"]


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a recording, beside its sound (16 kHz mono)."""

    id: str
    """Also its files' name: when it was, what it is, and a number."""
    kind: Kind
    time: float
    """When it ended, Unix seconds."""
    seconds: float
    """Its length."""
    word: str | None = None
    """The wake word that was heard, or nearly."""
    score: float | None = None
    """How sure it was, 0 to 1."""
    outcome: str | None = None
    """How the turn ended."""
    transcript: str | None = None
    reply: str | None = None
    events: tuple[dict[str, Any], ...] = ()
    """The turn's events as in the event log, without pieces of texts."""


def name_of(kind: Kind, when: float, number: str) -> str:
    """The id of a recording: those of one satellite sort by time."""
    moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(when))
    return f"{moment}-{kind.replace('_', '-')}-{number}"


class RecordingFolder:
    """The recordings of this user. Every method blocks as long as files take."""

    def __init__(self, settings: RecordingSettings) -> None:
        self._settings = settings
        given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
        usual = Path(given) if given else Path(platformdirs.user_data_dir("satellite"))
        chosen = settings.folder
        self.path = Path(chosen).expanduser() if chosen else usual / "recordings"

    def add(self, recording: Recording, audio: bytes) -> None:
        """Write a recording, which is there as a whole or not at all, and delete what is too much.

        Raises `OSError`, `AudioFileError`.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.path, prefix=".new-") as part:
            sound, text = Path(part) / "wav", Path(part) / "json"
            write_wav(sound, SPEECH, audio)
            text.write_bytes(msgspec.json.format(msgspec.json.encode(recording)))
            for file in (sound, text):
                file.chmod(0o600)
            # a recording is what has a .json: without it the sound is nothing, and swept away
            sound.replace(self.sound(recording.id))
            text.replace(self._text(recording.id))
        self.trim()

    def recordings(self) -> list[Recording]:
        """All of them, the newest first; files that are no recordings are passed over."""
        found = [self._read(file) for file in self.path.glob("*.json")]
        return sorted((one for one in found if one is not None), key=_age)

    def sound(self, name: str) -> Path:
        """Its WAV file."""
        return self.path / f"{name}.wav"

    def delete(self, name: str) -> None:
        """Delete a recording. Twice is once."""
        self._text(name).unlink(missing_ok=True)
        self.sound(name).unlink(missing_ok=True)

    def trim(self) -> None:
        """Delete what is too old, too many of a kind, or too large, the oldest first."""
        settings = self._settings
        counts: dict[Kind, int] = {}
        size = 0
        oldest = time.time() - settings.days * DAY
        for one in self.recordings():
            counts[one.kind] = counts.get(one.kind, 0) + 1
            size += self.size(one.id)
            if (
                one.time < oldest
                or counts[one.kind] > settings.count
                or size > settings.megabytes * MB
            ):
                self.delete(one.id)
        self._sweep()

    def size(self, name: str) -> int:
        """Bytes of its files."""
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
                one = msgspec.json.decode(content.read(LARGEST), type=Recording)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            _LOGGER.debug("%s is no recording: %s", file, error)
            return None
        # the name is used as a file's: nothing else than the file's own is believed
        return one if one.id == file.stem else None

    def _sweep(self) -> None:
        """Delete sound whose description was never written, as in a power cut."""
        for file in self._without_description():
            _LOGGER.debug("%s was never finished: deleted", file)
            file.unlink(missing_ok=True)

    def _without_description(self) -> Iterator[Path]:
        for kind in ("turn", "near-miss"):
            for file in self.path.glob(f"????????-??????-{kind}-*.wav"):
                if not file.with_suffix(".json").exists():
                    yield file


def _age(recording: Recording) -> tuple[float, str]:
    return -recording.time, recording.id
