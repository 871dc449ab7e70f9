"""A room at PulseAudio's null sink: the microphone picks up the speaker and voices in the room.

As a program, it simulates the air: sound of the speaker passes through the room's response into a
pipe that is the sound server's microphone, with voices that begin on command. All positions are
samples of played sound, and nothing is dropped in case of a delay, so that the echo and the voices
keep their positions however busy the machine is.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.support.acoustics import Samples, pcm, response, room_noise, samples
from tests.support.pulse import HEARD

RATE = 16000
BLOCK = 320
"""Samples processed at once: 20 ms."""

MICROPHONE = "air"
"""The source that records the room."""

NOISE = -62.0
"""Level of the room's noise in dBFS."""

_QUIET = 20.0
"""Root mean square below which a block of the speaker is silence."""

_SHAPE = ("--raw", "--format=s16le", f"--rate={RATE}", "--channels=1")


class LeakyRoom:
    """Controls the voices in the room; times are in seconds."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._count = 0

    def say(self, sound: bytes) -> None:
        """Play a voice now."""
        self._order("now", 0.0, sound)

    def say_over(self, seconds: float, sound: bytes) -> None:
        """Play a voice once the speaker has played for `seconds`, after a second of silence."""
        self._order("over", seconds, sound)

    def _order(self, when: str, seconds: float, sound: bytes) -> None:
        self._count += 1
        file = self._folder / f"voice-{self._count}.raw"
        file.write_bytes(sound)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{when} {seconds} {file}\n")
        self._process.stdin.flush()


@contextmanager
def leaking(folder: Path, level: float) -> Iterator[LeakyRoom]:
    """Let the speaker leak into the microphone inside the block, louder by `level` decibels."""
    pipe = folder / "air"
    shape = f"format=s16le rate={RATE} channels=1"
    _pactl("load-module", "module-pipe-source", f"source_name={MICROPHONE} file={pipe} {shape}")
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(level), str(pipe)], stdin=subprocess.PIPE, text=True
    )
    try:
        yield LeakyRoom(process, folder)
    finally:
        process.kill()
        process.wait(10)
        assert process.stdin is not None
        process.stdin.close()


def _pactl(*arguments: str) -> None:
    subprocess.run(["pactl", *arguments], check=True, capture_output=True, timeout=10)


class Air:
    """The sound in the air, block by block."""

    def __init__(self, level: float) -> None:
        self._path = 10 ** (level / 20) * response(0.3, 0.25, 5)
        self._echo = np.zeros(BLOCK + len(self._path))
        self._noise = room_noise(2.0, NOISE)
        self._voices: list[tuple[float, Samples]] = []
        self._voice = np.zeros(0)
        self._sounding, self._silent = 0, RATE
        self._lock = threading.Lock()

    def order(self, line: str) -> None:
        """Accept an order: `now 0.0 FILE` or `over SECONDS FILE`."""
        when, seconds, name = line.split(maxsplit=2)
        voice = samples(Path(name).read_bytes())
        with self._lock:
            if when == "now":
                self._speak(voice)
            else:
                self._voices.append((float(seconds) * RATE, voice))

    def carry(self, played: bytes) -> bytes:
        """Return the microphone's sound while a block is played."""
        sound = samples(played)
        size = 2 * (BLOCK + len(self._path))
        spectrum = np.fft.rfft(sound, size) * np.fft.rfft(self._path, size)
        self._echo += np.fft.irfft(spectrum, size)[: len(self._echo)]
        with self._lock:
            self._listen(sound)
            voice, self._voice = self._voice[:BLOCK], self._voice[BLOCK:]
        heard = self._echo[:BLOCK] + np.pad(voice, (0, BLOCK - len(voice))) + self._noise[:BLOCK]
        self._noise = np.roll(self._noise, -BLOCK)
        self._echo = np.concatenate((self._echo[BLOCK:], np.zeros(BLOCK)))
        return pcm(heard)

    def _listen(self, sound: Samples) -> None:
        """Start the voices that wait for a reply of a certain length."""
        if np.sqrt(np.mean(sound**2)) < _QUIET:
            self._silent += BLOCK
        else:
            self._sounding = 0 if self._silent >= RATE else self._sounding + self._silent
            self._sounding += BLOCK
            self._silent = 0
        if self._voices and not self._silent and self._sounding >= self._voices[0][0]:
            self._speak(self._voices.pop(0)[1])

    def _speak(self, voice: Samples) -> None:
        self._voice = np.concatenate((self._voice, voice))


def main(level: float, pipe: str) -> None:
    """Simulate the air until killed."""
    air = Air(level)

    def orders() -> None:
        for line in sys.stdin:
            air.order(line.rstrip("\n"))

    threading.Thread(target=orders, daemon=True).start()
    command = ("parec", f"--device={HEARD}", *_SHAPE, "--latency-msec=20")
    with (
        Path(pipe).open("wb", buffering=0) as microphone,
        subprocess.Popen(command, stdout=subprocess.PIPE) as speaker,
    ):
        assert speaker.stdout is not None
        try:
            while played := speaker.stdout.read(2 * BLOCK):
                microphone.write(air.carry(played.ljust(2 * BLOCK, b"\0")))
        finally:
            speaker.kill()


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
