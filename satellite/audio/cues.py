"""The project's own short sounds, a few bell-like notes each; and a user's own in their place."""

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
"""Seconds of a user's own sound: what is longer would be talked over."""

_PEAK = 0.35
"""Of full scale: as loud as speech, whose peaks are higher but short."""

_FADE = 0.006
"""Seconds of fade at both ends of a note; shorter ones are heard as clicks."""

_PARTIALS = ((1.0, 1.0), (2.0, 0.22), (3.01, 0.07))
"""Frequency factor and strength of a note's partials; the third, slightly high, makes it a bell."""

_NOTES: dict[CueName, tuple[tuple[float, float, float], ...]] = {
    # start in s, length in s, frequency in Hz (equal temperament, A4 = 440 Hz)
    # Home Assistant waits half a second longer than its announcement lasts, and not for the chime
    "announce": ((0.0, 0.12, 783.99), (0.08, 0.16, 1046.5)),
    "awake": ((0.0, 0.14, 659.26), (0.09, 0.2, 987.77)),
    "done": ((0.0, 0.16, 783.99),),
    "error": ((0.0, 0.16, 392.0), (0.13, 0.24, 293.66)),
    # short: what is waited for is an answer, and nobody shall be talked over
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
    """The sounds by their names: those of a folder with files such as `awake.wav`, and our own."""

    def __init__(self, folder: str = "") -> None:
        """Read the folder, if there is one. Raises `ConfigError`, naming each bad file."""
        self._own: dict[str, AudioChunk] = {}
        if problems := list(self._read(folder)):
            raise ConfigError(problems)

    def of(self, name: CueName) -> AudioChunk:
        """The sound of that name."""
        return self._own.get(name) or cue(name)

    def _read(self, folder: str) -> Iterator[str]:
        """Read every file; say what is wrong with some."""
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
    """The sound of that name: 22050 Hz mono, under 0.4 s; the timer's ring lasts 1.5 s."""
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
    """A struck note that dies away, faded in and out."""
    import numpy as np

    time = np.arange(int(length * FORMAT.rate)) / FORMAT.rate
    wave = sum(
        strength * np.sin(2 * np.pi * factor * frequency * time) for factor, strength in _PARTIALS
    )
    fade = np.minimum(1, np.minimum(time, time[::-1]) / _FADE)
    return wave * np.exp(-4 * time / length) * fade
