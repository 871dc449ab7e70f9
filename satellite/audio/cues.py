"""The short sounds of the satellite, a few bell-like notes each, which a user can replace."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from satellite.audio.wavfile import read_wav
from satellite.errors import AudioFileError, ConfigError
from satellite.options import unknown_name
from satellite.values import AudioChunk, AudioFormat

CueName = Literal["announce", "awake", "done", "error", "follow_up", "mute", "timer", "unmute"]

FORMAT = AudioFormat(22050)

LONGEST = 10.0
"""Longest sound of a user, in seconds: people would talk over a longer one."""

_PEAK = 0.35
"""Peak as a part of full scale: as loud as speech, whose peaks are higher but short."""

_FADE = 0.006
"""Seconds of fade at both ends of a note; a shorter fade is audible as a click."""

_PARTIALS = ((1.0, 1.0), (2.0, 0.22), (3.01, 0.07))
"""Frequency factor and strength of a note's partials; the third, slightly high, makes it a bell."""

_NOTES: dict[CueName, tuple[tuple[float, float, float], ...]] = {
    # start in s, length in s, frequency in Hz (equal temperament, A4 = 440 Hz)
    # Home Assistant waits half a second longer than its announcement lasts, and not for the chime
    "announce": ((0.0, 0.12, 783.99), (0.08, 0.16, 1046.5)),
    "awake": ((0.0, 0.14, 659.26), (0.09, 0.2, 987.77)),
    "done": ((0.0, 0.16, 783.99),),
    "error": ((0.0, 0.16, 392.0), (0.13, 0.24, 293.66)),
    # short: the person answers at once, and must not be talked over
    "follow_up": ((0.0, 0.1, 987.77),),
    "mute": ((0.0, 0.14, 523.25), (0.09, 0.2, 349.23)),
    "unmute": ((0.0, 0.14, 349.23), (0.09, 0.2, 523.25)),
    "timer": tuple(
        (begin + beat, 0.22, tone)
        for begin in (0.0, 0.75)
        for beat, tone in ((0.0, 880.0), (0.13, 1108.73), (0.26, 1318.51))
    ),
}


class Cues:
    """The sounds by name: from a folder with files such as `awake.wav`, otherwise built in."""

    def __init__(self, folder: str = "") -> None:
        """Read the folder, if any. Raises `ConfigError`, which names each bad file."""
        self._own: dict[str, AudioChunk] = {}
        if problems := list(self._read(folder)):
            raise ConfigError(problems)

    def sound(self, name: CueName) -> AudioChunk:
        """Return the sound of a name."""
        return self._own.get(name) or cue(name)

    def _read(self, folder: str) -> Iterator[str]:
        """Read every file; yield the problems."""
        if not folder:
            return
        try:
            files = sorted(Path(folder).expanduser().iterdir())
        except OSError as error:
            yield f"the folder {folder} cannot be read: {error.strerror}"
            return
        names = dict.fromkeys(get_args(CueName))
        for file in files:
            if file.suffix.lower() != ".wav":
                continue
            if file.stem not in names:
                yield f"{file}: the sound {unknown_name(file.stem, names)}"
                continue
            try:
                form, audio = read_wav(file)
            except AudioFileError as error:
                yield str(error)
                continue
            if form.seconds(audio) > LONGEST:
                yield f"{file} is longer than {LONGEST:g} s"
            else:
                self._own[file.stem] = AudioChunk(audio=audio, format=form)


@cache
def cue(name: CueName) -> AudioChunk:
    """Return the built-in sound of a name: 22050 Hz mono, under 0.4 s; `timer` lasts 1.5 s."""
    import numpy as np

    notes = _NOTES[name]
    seconds = 1.5 if name == "timer" else max(start + length for start, length, _ in notes)
    mix = np.zeros(int(seconds * FORMAT.rate), np.float64)
    for start, length, frequency in notes:
        first = int(start * FORMAT.rate)
        note = _note(frequency, length)
        mix[first : first + len(note)] += note
    mix *= _PEAK * 32767 / np.abs(mix).max()
    return AudioChunk(audio=np.rint(mix).astype("<i2").tobytes(), format=FORMAT)


def _note(frequency: float, length: float) -> Any:
    """Return a struck note that decays, faded in and out."""
    import numpy as np

    time = np.arange(int(length * FORMAT.rate)) / FORMAT.rate
    wave = sum(
        strength * np.sin(2 * np.pi * factor * frequency * time) for factor, strength in _PARTIALS
    )
    fade = np.minimum(1, np.minimum(time, time[::-1]) / _FADE)
    return wave * np.exp(-4 * time / length) * fade
