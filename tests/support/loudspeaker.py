"""A loudspeaker that is a program: plays samples at their own pace, and keeps what was heard.

    python -m tests.support.loudspeaker FOLDER

takes 22.05 kHz mono 16-bit samples. Each sound is a file of its own, named by the moment when it
began. What had not been heard when the program was killed is not in it. Needs the standard library
alone, so that it starts at once.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

RATE = 22050
_BUFFER = 0.1
"""Seconds it takes ahead of what is heard, as a sound card does."""


def main(folder: Path) -> None:
    """Play standard input until it ends, and until everything was heard."""
    began, heard = 0.0, 0
    first = sys.stdin.buffer.read1(2048)  # it may be waited for: programs open speakers early
    with (folder / f"{time.monotonic_ns():020}.raw").open("wb", buffering=0) as file:
        for data in itertools.chain([first], iter(lambda: sys.stdin.buffer.read1(2048), b"")):
            now = time.monotonic()
            if now > began + heard / (2 * RATE):  # it had run dry
                began = now - heard / (2 * RATE)
            file.write(data)
            heard += len(data)
            time.sleep(max(0.0, began + heard / (2 * RATE) - _BUFFER - time.monotonic()))
        time.sleep(max(0.0, began + heard / (2 * RATE) - time.monotonic()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
