"""A microphone program: raw 16 kHz mono of a WAV file, looped in real time."""

from __future__ import annotations

import sys
import time

from satellite.audio.wavfile import read_wav

CHUNK = 2048
"""Bytes written at once, 64 ms: as many as wyoming-satellite reads at once from a microphone
program; arecord's own periods are longer."""


def main() -> None:
    _, audio = read_wav(sys.argv[1])
    began, sent = time.monotonic(), 0
    while True:
        for start in range(0, len(audio), CHUNK):
            sys.stdout.buffer.write(audio[start : start + CHUNK])
            sys.stdout.buffer.flush()
            sent += len(audio[start : start + CHUNK])
            time.sleep(max(0.0, began + sent / 32000 - time.monotonic()))


if __name__ == "__main__":
    main()
