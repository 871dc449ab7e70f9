"""What the ways to an operating system's voices have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from satellite.audio.wavfile import read_wav
from satellite.errors import AudioFileError, EngineFailed
from satellite.text.quoted import quoted
from satellite.values import AudioFormat


class SystemVoice(msgspec.Struct, frozen=True):
    """One voice."""

    name: str
    identifier: str
    """The operating system's name for it."""
    languages: tuple[str, ...] = ()
    last: bool = False
    """Whether it is chosen for a language only where there is no other, such as a joke's voice."""


class SystemApi(Protocol):
    """A way to the voices; each call is a process of its own, killed when it is cancelled."""

    async def voices(self) -> tuple[SystemVoice, ...]:
        """Return the voices. Raises `EngineError`s."""

    async def speak(self, text: str, voice: SystemVoice | None, rate: int) -> Sound:
        """Return the sound of a short text at `rate` words a minute, in the system's own voice for
        None. Raises `EngineError`s."""


Sound = tuple[AudioFormat, bytes]
"""Samples as signed 16-bit little-endian numbers."""


def sound_of(file: Path, program: str, printed: str) -> Sound:
    """Read the file that a program made. Raises `EngineFailed` with what the program printed."""
    try:
        form, audio = read_wav(file)
    except AudioFileError as error:
        why = quoted(printed.strip() or str(error), 200)
        raise EngineFailed(f"system: {program} made no sound: {why}") from error
    if form.channels > 2 or not any(audio):
        raise EngineFailed(f"system: {program} made a silence of {form.seconds(audio):.1f} s")
    return form, audio
