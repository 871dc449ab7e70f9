"""Recordings of speech that a user names, as the satellite listens to them."""

from __future__ import annotations

from pathlib import Path

from satellite.audio.resample import Resampler
from satellite.audio.wavfile import parse_wav
from satellite.errors import AudioFileError
from satellite.text.reason_of import reason_of
from satellite.values import SPEECH, AudioFormat

LARGEST = 64 << 20
"""Bytes of a WAV file that is read."""


def read_speech(path: Path) -> bytes:
    """Return a WAV file as 16 kHz mono. Raises `AudioFileError`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise AudioFileError(f"{path}: {reason_of(error)}") from error
    if len(content) > LARGEST:
        raise AudioFileError(f"{path} is larger than {LARGEST >> 20} MB: use a shorter recording")
    form, audio = parse_wav(content, str(path))
    return converted(audio, form)


def converted(audio: bytes, form: AudioFormat) -> bytes:
    """Return recorded sound as 16 kHz mono."""
    resampler = Resampler(form, SPEECH)
    return resampler.convert(audio) + resampler.flush()
