"""A microphone that is a program: quiet, in real time, until something is said to it.

    python -m tests.support.microphone FOLDER

gives 16 kHz mono 16-bit samples. `say` puts speech into the folder, which is then heard. Needs the
standard library alone, so that it starts at once.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

RATE = 16000
_PIECE = 512
"""Samples at once: 32 ms."""
_NOISE = 8
"""Loudest sample of the room itself; a microphone never gives zeros alone."""
_LATE = 1.0
"""Seconds after which it does not catch up: it was stopped, and nobody spoke meanwhile."""


def say(folder: Path, pcm: bytes) -> None:
    """Have samples heard by the microphone of a folder, at once."""
    file = folder / "saying"
    file.write_bytes(pcm)
    os.replace(file, folder / "say")


def main(folder: Path) -> None:
    """Record until nobody takes it any more."""
    chance = random.Random(0)
    room = [
        b"".join(
            chance.randint(-_NOISE, _NOISE).to_bytes(2, "little", signed=True)
            for _ in range(_PIECE)
        )
        for _ in range(32)
    ]
    pending, said = b"", folder / "say"
    began, given = time.monotonic(), 0
    while True:
        if said.exists():
            pending += said.read_bytes()
            said.unlink()
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
        os._exit(0)  # whoever listened has gone
