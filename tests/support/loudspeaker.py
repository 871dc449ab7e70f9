"""A simulated loudspeaker as a program: plays samples in real time and records them.

    python -m tests.support.loudspeaker FOLDER

takes 22.05 kHz mono 16-bit samples. Each sound becomes a file, named by the time of its beginning.
Sound not yet played when the program is killed is left out. Uses only the standard library, so that
it starts at once.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

RATE = 22050
_BUFFER = 0.1
"""Seconds of the buffer, like that of a sound card."""


def main(folder: Path) -> None:
    """Play standard input to its end."""
    began, heard = 0.0, 0
    first = sys.stdin.buffer.read1(2048)  # may block: programs open speakers early
    with (folder / f"{time.monotonic_ns():020}.raw").open("wb", buffering=0) as file:
        for data in itertools.chain([first], iter(lambda: sys.stdin.buffer.read1(2048), b"")):
            now = time.monotonic()
            if now > began + heard / (2 * RATE):  # the buffer had run dry
                began = now - heard / (2 * RATE)
            file.write(data)
            heard += len(data)
            time.sleep(max(0.0, began + heard / (2 * RATE) - _BUFFER - time.monotonic()))
        time.sleep(max(0.0, began + heard / (2 * RATE) - time.monotonic()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
