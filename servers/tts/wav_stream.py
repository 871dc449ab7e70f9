"""The beginning of a WAV file that is still being sent, whose lengths are therefore false."""

from __future__ import annotations

import struct

from satellite.errors import EngineFailed
from satellite.values import AudioFormat

LONGEST = 1 << 16
"""Bytes in which the samples have to begin."""

LEAST, A_CHARACTER = 60.0, 2.0
"""Most seconds of sound: for any text, and for each of its characters. Said slowly, a figure of a
long number takes one."""

CHUNKS = 64
"""Parts before the samples, as in `satellite.audio.wavfile`."""

_PCM, _EXTENSIBLE = 1, 0xFFFE


def longest_sound(text: str) -> float:
    """Return the most seconds of sound that a server may answer a text with."""
    return LEAST + A_CHARACTER * len(text)


class WavStream:
    """Takes the bytes of a WAV file, and returns its samples."""

    def __init__(self) -> None:
        self.format: AudioFormat | None = None
        """Known once the header has come."""
        self._head = bytearray()
        self._rest = bytearray()

    def push(self, data: bytes) -> bytes:
        """Return the whole frames that came with `data`. Raises `EngineFailed` for other sound."""
        if self.format is None:
            self._head += data
            if (start := self._read_header()) is None:
                if len(self._head) > LONGEST:
                    raise EngineFailed("the sound has no samples in its first 64 kB")
                return b""
            data = bytes(self._head[start:])
        assert self.format is not None
        self._rest += data
        whole = len(self._rest) // self.format.frame_bytes * self.format.frame_bytes
        frames = bytes(self._rest[:whole])
        del self._rest[:whole]
        return frames

    def _read_header(self) -> int | None:
        """Return where the samples begin; None while more bytes are needed."""
        head, position = bytes(self._head[: LONGEST + 8]), 12
        if len(head) >= 12 and (head[:4] != b"RIFF" or head[8:12] != b"WAVE"):
            raise EngineFailed("the sound is no WAV file")
        form: AudioFormat | None = None
        for _ in range(CHUNKS):
            if len(head) < position + 8:
                return None
            name, size = head[position : position + 4], _length(head, position + 4)
            position += 8
            if name == b"data":
                if form is None:
                    raise EngineFailed("the WAV file does not name its format")
                self.format = form
                return position
            if len(head) < position + size:
                return None
            if name == b"fmt ":
                form = _format(head[position : position + size])
            position += size + size % 2
        raise EngineFailed(f"the sound has no samples in its first {CHUNKS} parts")


def _length(head: bytes, position: int) -> int:
    return int(struct.unpack_from("<I", head, position)[0])


def _format(chunk: bytes) -> AudioFormat:
    if len(chunk) < 16:
        raise EngineFailed("the WAV file's format is cut off")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind not in (_PCM, _EXTENSIBLE) or bits != 16 or not 1 <= channels <= 2:
        raise EngineFailed(f"the WAV file has {bits} bits in {channels} channels, not 16 in 1 or 2")
    if not 4000 <= rate <= 192_000:
        raise EngineFailed(f"the WAV file has {rate} Hz")
    return AudioFormat(rate=rate, channels=channels)
