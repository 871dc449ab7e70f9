"""A simulated microphone as a program: quiet room noise in real time, until speech is supplied.

    python -m tests.support.microphone FOLDER

writes 16 kHz mono 16-bit samples. `say` puts speech into the folder, to be played at once. Uses
only the standard library, so that it starts at once.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

RATE = 16000
_PIECE = 512
"""Samples written at once: 32 ms."""
_NOISE = 8
"""Loudest sample of the room's noise; a real microphone never delivers only zeros."""
_LATE = 1.0
"""Seconds of delay beyond which the microphone does not catch up, as it was suspended."""


def say(folder: Path, pcm: bytes) -> None:
    """Play samples to the microphone of a folder at once."""
    file = folder / "saying"
    file.write_bytes(pcm)
    os.replace(file, folder / "say")


def main(folder: Path) -> None:
    """Write sound until the reader is gone."""
    chance = random.Random(0)
    room = [
        b"".join(
            chance.randint(-_NOISE, _NOISE).to_bytes(2, "little", signed=True)
            for _ in range(_PIECE)
        )
        for _ in range(32)
    ]
    pending, supplied = b"", folder / "say"
    began, given = time.monotonic(), 0
    while True:
        if supplied.exists():
            pending += supplied.read_bytes()
            supplied.unlink()
        piece, pending = pending[: 2 * _PIECE], pending[2 * _PIECE :]
        given += _PIECE
        early = began + given / RATE - time.monotonic()
        if early > 0:
            time.sleep(early)
        elif early < -_LATE:
            began -= early
        sys.stdout.buffer.write(piece + chance.choice(room)[len(piece) :])
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # the reader is gone
