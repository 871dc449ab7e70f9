"""Reference clips of cloned voices: checked, converted, and stored with their words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from satellite.audio.resample import Resampler
from satellite.audio.wavfile import parse_wav, wav_bytes
from satellite.errors import AudioFileError, SatelliteError, UsageError
from satellite.lib import paths
from satellite.lib.persistence import StoredValue, atomic_write
from satellite.settings import VoiceSettings
from satellite.settings.speaking import ClipLanguage
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of

SHORTEST, LONGEST = 3.0, 10.0
"""Seconds of a clip: the limits of GPT-SoVITS, which refuses others."""
LOWEST_RATE = 16000
"""Hz: with less, a voice has no consonants to learn."""
HIGHEST_RATE = 48000
"""Hz of a stored clip, and of the best version of GPT-SoVITS; higher ones are converted."""
LARGEST = 64 << 20
"""Bytes of a file that is read: ten seconds of eight channels in studio quality are less."""
_SILENT = 0.01
"""Peak of a silent clip; full scale is 1."""
_QUIET = 0.0056
"""Loudness (root of the mean square) of a pause: -45 dB of full scale, a quiet room's noise."""
_FRAME = 0.02
"""Seconds over which loudness is measured."""
_LEAST_SPEECH = 1.0
"""Seconds of a clip that are louder than a pause."""
MOST = 100
"""Voices that are stored."""
LONGEST_TEXT = 500
"""Characters that are said in ten seconds, five times over."""

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]+\Z", max_length=64)]


def is_name(text: str) -> bool:
    """Return whether a text may be a voice's name, and that of a file."""
    try:
        msgspec.convert(text, Name)
    except msgspec.ValidationError:
        return False
    return True


class StoredClip(msgspec.Struct, frozen=True):
    """The facts about a stored clip; its sound is the file of its name."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
    """Its words."""
    language: ClipLanguage = "auto"
    remote_path: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    """Where the server has it, if that is another machine."""


class Measured(msgspec.Struct, frozen=True):
    """A clip that was added."""

    path: Path
    seconds: float
    rate: int
    """Hz, as stored."""


Clips = Annotated[dict[Name, StoredClip], msgspec.Meta(max_length=MOST)]


class ClipStore:
    """The clips of this user, in a folder of the data folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.data_folder() / "voices"
        self._stored: StoredValue[dict[str, StoredClip]] = StoredValue(
            "voices",
            Clips,
            {},
            self.folder,
        )

    @property
    def version(self) -> tuple[int, int]:
        """A value that changes with the clips."""
        try:
            found = self._stored.file.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)

    def clips(self) -> dict[str, StoredClip]:
        """Return the stored clips by the names of their voices."""
        return self._stored.read()

    def voices(self) -> dict[str, VoiceSettings]:
        """Return the voices of the stored clips, as the settings would describe them."""
        return {
            name: VoiceSettings(
                ref_audio_path=clip.remote_path or str(self.path_of(name)),
                prompt_text=clip.text,
                prompt_lang=clip.language,
            )
            for name, clip in self.clips().items()
        }

    def path_of(self, name: str) -> Path:
        """Return the file of a voice's clip."""
        return self.folder / f"{name}.wav"

    def add(self, name: str, file: Path, clip: StoredClip) -> Measured:
        """Check, convert and store a clip. Raises `UsageError`, `AudioFileError`."""
        if not is_name(name):
            raise UsageError(f"{quoted(name)} is no name of a voice: use a to z, 0 to 9, - and _")
        _check_new(name, self.clips())
        measured, content = self._converted(name, file)

        def added(clips: dict[str, StoredClip]) -> dict[str, StoredClip]:
            _check_new(name, clips)
            try:
                atomic_write(measured.path, content)
            except OSError as error:
                raise SatelliteError(
                    f"{measured.path}: cannot be written: {reason_of(error)}"
                ) from error
            return {**clips, name: clip}

        self._stored.change(added)
        if self.clips().get(name) != clip:
            measured.path.unlink(missing_ok=True)
            raise self._unwritable()
        return measured

    def remove(self, name: str) -> None:
        """Delete a voice and its clip. Raises `UsageError` for an unknown one."""

        def removed(clips: dict[str, StoredClip]) -> dict[str, StoredClip]:
            if name not in clips:
                known = ", ".join(clips) or "none"
                raise UsageError(f"no voice {name} is stored here (known: {known})")
            return {other: clip for other, clip in clips.items() if other != name}

        self._stored.change(removed)
        if name in self.clips():
            raise self._unwritable()
        try:
            self.path_of(name).unlink(missing_ok=True)
        except OSError as error:
            raise SatelliteError(
                f"{self.path_of(name)}: cannot be deleted: {reason_of(error)}"
            ) from error

    def _converted(self, name: str, file: Path) -> tuple[Measured, bytes]:
        """Return a clip as the content of a WAV file with one channel."""
        source, audio = parse_wav(_content(file), file, longest=60)
        _check(file, source.channels, source.rate, source.seconds(audio))
        target = msgspec.structs.replace(source, rate=min(source.rate, HIGHEST_RATE), channels=1)
        resampler = Resampler(source, target)
        audio = resampler.convert(audio) + resampler.flush()
        _check_sound(file, audio, target.bytes_of(_FRAME))
        measured = Measured(self.path_of(name), target.seconds(audio), target.rate)
        return measured, wav_bytes(target, audio)

    def _unwritable(self) -> SatelliteError:
        return SatelliteError(f"{self._stored.file}: cannot be written; the log says why")


def _check_new(name: str, clips: dict[str, StoredClip]) -> None:
    if name in clips:
        raise UsageError(f"there is a voice {name} already: satellite voices remove {name}")
    if len(clips) >= MOST:
        raise UsageError(f"{MOST} voices are stored already: remove one first")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise AudioFileError(f"cannot read the WAV file {file}: {reason_of(error)}") from error
    if len(content) > LARGEST:
        raise AudioFileError(f"{file} is larger than {LARGEST >> 20} MB: cut it to {LONGEST:g} s")
    return content


def _check(file: Path, channels: int, rate: int, seconds: float) -> None:
    if channels > 2:
        raise AudioFileError(f"{file} has {channels} channels: save it with one or two")
    if rate < LOWEST_RATE:
        raise AudioFileError(f"{file} has {rate} Hz: record the voice at {LOWEST_RATE} Hz or more")
    if not SHORTEST <= seconds <= LONGEST:
        raise AudioFileError(
            f"{file} lasts {seconds:.1f} s: cut it to {SHORTEST:g} to {LONGEST:g} s of speech"
        )


def _check_sound(file: Path, audio: bytes, frame: int) -> None:
    import numpy as np  # 0.1 s on a small computer, for this command only

    samples = np.frombuffer(audio, "<i2").astype(np.float64) / 32768
    if not samples.size or np.abs(samples).max() < _SILENT:
        raise AudioFileError(f"{file} is silent: record the voice louder")
    size = frame // 2
    frames = samples[: samples.size // size * size].reshape(-1, size)
    loud = int((np.sqrt((frames**2).mean(axis=1)) > _QUIET).sum())
    if loud * _FRAME < _LEAST_SPEECH:
        raise AudioFileError(
            f"{file} has {loud * _FRAME:.1f} s of sound and is silent otherwise: use a clip that "
            "is speech from end to end"
        )
