"""The beginning of a WAV file that is still being sent, whose lengths are therefore false."""

from __future__ import annotations

import re
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

_SHAPE = b"RIFF____WAVEfmt "
_HEADER = re.compile(rb"RIFF.{4}WAVEfmt ", re.DOTALL)
"""The beginning of another file between samples."""
_PART = re.compile(rb"[A-Za-z][A-Za-z0-9 ]{3}")
_LONGEST_PART = 1 << 20
"""Bytes of a part that is no sound, such as one with a cover."""
_ENDLESS = 0x7F00_0000
"""From here on, a length stands for an unknown one."""


def longest_sound(text: str) -> float:
    """Return the most seconds of sound that a server may answer a text with."""
    return LEAST + A_CHARACTER * len(text)


class WavStream:
    """Takes the bytes of a WAV file, or of several in a row, and returns their samples.

    A server that makes a file for each sentence sends them one behind the other; what else follows
    the samples, such as the parts `LIST` and `id3 `, is no sound.
    """

    def __init__(self) -> None:
        self.format: AudioFormat | None = None
        """Known once the first header has come."""
        self._pending = bytearray()
        self._in_samples = False
        self._left: int | None = None
        """Bytes of samples that the header promises further; None where it cannot be believed."""
        self._skipped = 0
        """Bytes of a part that is no sound, as far as they have not come."""

    def push(self, data: bytes) -> bytes:
        """Return the whole frames that came with `data`. Raises `EngineFailed` for other sound."""
        self._pending += data
        frames = bytearray()
        while self._step(frames):
            pass
        return bytes(frames)

    def _step(self, frames: bytearray) -> bool:
        """Read on in the pending bytes; return whether there may be more to read."""
        if self._skipped:
            passed = min(self._skipped, len(self._pending))
            del self._pending[:passed]
            self._skipped -= passed
            return self._skipped == 0
        if not self._in_samples:
            return self._begin()
        if self._left == 0:
            return self._read_behind()
        return self._take(frames)

    def _begin(self) -> bool:
        if (start := self._read_header()) is None:
            if len(self._pending) > LONGEST:
                raise EngineFailed("the sound has no samples in its first 64 kB")
            return False
        del self._pending[:start]
        self._in_samples = True
        return True

    def _take(self, frames: bytearray) -> bool:
        """Take samples up to their end, or to the header of the next file."""
        assert self.format is not None
        size = self.format.frame_bytes
        following = _HEADER.search(self._pending)
        if following is not None:
            end = following.start()
        else:
            end = len(self._pending) - _begun_header(self._pending)
        if self._left is not None and self._left <= end:
            end, following = self._left, None
        whole = end // size * size
        frames += self._pending[:whole]
        if following is not None:
            del self._pending[:end]
            self._in_samples = False
            return True
        del self._pending[:whole]
        if self._left is not None:
            self._left = self._left - whole if self._left - whole >= size else 0
            return self._left == 0
        return False

    def _read_behind(self) -> bool:
        """Find out what follows the samples: another file, another part, or more of them."""
        if len(self._pending) < 8:
            return False
        size = _length(self._pending, 4)
        if self._pending.startswith(b"RIFF"):
            self._in_samples = False
        elif _PART.match(self._pending) and size <= _LONGEST_PART:
            self._skipped = 8 + size + size % 2
        else:
            self._left = None
        return True

    def _read_header(self) -> int | None:
        """Return where the samples begin; None while more bytes are needed."""
        head, position = bytes(self._pending[: LONGEST + 8]), 12
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
                if self.format is not None and form != self.format:
                    raise EngineFailed(
                        f"the sound changes from {self.format.rate} to {form.rate} Hz in its middle"
                    )
                self.format = form
                self._left = size if 0 < size < _ENDLESS else None
                return position
            if len(head) < position + size:
                return None
            if name == b"fmt ":
                form = _format(head[position : position + size])
            position += size + size % 2
        raise EngineFailed(f"the sound has no samples in its first {CHUNKS} parts")


def _begun_header(data: bytearray) -> int:
    """Return how many bytes at the end may begin the header of another file."""
    for size in range(min(len(data), 15), 0, -1):
        tail = data[-size:]
        if _SHAPE[:4].startswith(tail[:4]) and (size <= 8 or _SHAPE[8:].startswith(tail[8:])):
            return size
    return 0


def _length(head: bytes | bytearray, position: int) -> int:
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
