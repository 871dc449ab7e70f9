"""WAV files: read whole, written whole, or grown while a program runs.

The RIFF layout is that of Microsoft's "Multimedia Programming Interface and Data Specifications
1.0", for WAVE_FORMAT_EXTENSIBLE of `WAVEFORMATEXTENSIBLE` in mmreg.h, and for RF64 and BW64 of
EBU Tech 3306 and ITU-R BS.2088.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from satellite.errors import AudioFileError
from satellite.lib.samples import CHANNELS, RATES, WIDTHS, Encoding, to_s16
from satellite.values import AudioFormat

_PCM = 1
_ENCODINGS = {
    _PCM: Encoding.INTEGER,
    3: Encoding.FLOAT,
    6: Encoding.A_LAW,
    7: Encoding.MU_LAW,
}
"""By WAV's format tag (mmreg.h)."""
CHUNKS = 64
"""Chunks of a file that are read: editors write under ten. Millions of empty ones take hours."""
_EXTENSIBLE = 0xFFFE
_IDS = (b"RIFF", b"RF64", b"BW64")
_ELSEWHERE = 0xFFFFFFFF
"""A size that the `ds64` chunk of RF64 has in 64 bits, or that a stream does not know."""
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9 ]{3}")
"""The name of a chunk."""
_UNSIGNED_TO_SIGNED = bytes((value - 128) & 0xFF for value in range(256))


def read_wav(path: Path | str) -> tuple[AudioFormat, bytes]:
    """Read a WAV file of integers, floating point numbers, A-law or mu-law as s16le.

    The data of a stream, whose length was unknown when its header was written, ends with the file.
    Raises `AudioFileError` if it is missing, not a WAV file, compressed, or empty.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise AudioFileError(f"cannot read the WAV file {path}: {error.strerror}") from error
    return parse_wav(content, path)


def parse_wav(
    content: bytes, path: Path | str, longest: float | None = None
) -> tuple[AudioFormat, bytes]:
    """Read the content of a WAV file, which is called `path`; see `read_wav`.

    `longest` limits its length in seconds.
    """
    content = content[_tagged(content) :]
    if len(content) < 12 or content[:4] not in _IDS or content[8:12] != b"WAVE":
        raise AudioFileError(f"{path} is not a WAV file")
    shape: _Shape | None = None
    for name, chunk in _chunks(content):
        if name == b"fmt ":
            shape = _shape(path, chunk)
        elif name == b"data" and shape is not None:
            _check_length(path, len(chunk) / shape.bytes_per_second, longest)
            if not (samples := shape.samples(chunk)):
                continue
            return AudioFormat(shape.rate, shape.channels), samples
    raise AudioFileError(f"the WAV file {path} contains no sound")


def write_wav(path: Path | str, form: AudioFormat, audio: bytes) -> None:
    """Write samples as a WAV file. Raises `AudioFileError` when that is not possible."""
    writer = WavWriter(path, form)
    try:
        writer.append(audio)
    finally:
        writer.close()


def wav_bytes(form: AudioFormat, audio: bytes) -> bytes:
    """Return samples as the content of a WAV file."""
    return _header(form, len(audio)) + audio


def stream_header(form: AudioFormat) -> bytes:
    """Return the header of a WAV file whose length is unknown: that of its stream."""
    return _packed(form, _ELSEWHERE, _ELSEWHERE)


class WavWriter:
    """A WAV file that grows, and is a valid one after every call."""

    def __init__(self, path: Path | str, form: AudioFormat, keep: int = 0) -> None:
        """Create the file, or go on after its first `keep` bytes of sound.

        Raises `AudioFileError`, also where there is no folder.
        """
        self._path = Path(path)
        self._form = form
        self._size = keep if self._path.is_file() else 0
        if not self._path.parent.is_dir():
            raise AudioFileError(f"cannot write {path}: the folder {self._path.parent} is missing")
        try:
            self._file: BinaryIO = self._path.open("r+b" if self._size else "wb")
        except OSError as error:
            raise AudioFileError(f"cannot write {path}: {error.strerror}") from error
        self._write_header()

    @property
    def size(self) -> int:
        """Bytes of sound in the file."""
        return self._size

    def append(self, audio: bytes) -> None:
        """Add samples at the end. Raises `AudioFileError`, as on a full disk."""
        self._file.seek(_HEADER.size + self._size)
        try:
            self._file.write(audio)
            self._size += len(audio)
            self._write_header()
        except OSError as error:
            raise AudioFileError(f"cannot write {self._path}: {error.strerror}") from error

    def cut(self, size: int) -> None:
        """Keep only the first `size` bytes of sound."""
        self._size = min(size, self._size)
        self._file.truncate(_HEADER.size + self._size)
        self._write_header()

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._file.close()

    def _write_header(self) -> None:
        self._file.seek(0)
        self._file.write(_header(self._form, self._size))
        self._file.flush()


def _header(form: AudioFormat, size: int) -> bytes:
    """Return what stands before `size` bytes of samples."""
    return _packed(form, _HEADER.size - 8 + size, size)


def _packed(form: AudioFormat, whole: int, size: int) -> bytes:
    """Return a header that states the sizes of the file, less 8, and of its samples."""
    return _HEADER.pack(
        b"RIFF",
        whole,
        b"WAVE",
        b"fmt ",
        16,
        _PCM,
        form.channels,
        form.rate,
        form.rate * form.frame_bytes,
        form.frame_bytes,
        16,
        b"data",
        size,
    )


class _Shape(msgspec.Struct, frozen=True):
    """How the samples of a file are stored."""

    rate: int
    """Hz."""
    channels: int
    width: int
    """Bytes of a sample."""
    encoding: Encoding

    @property
    def bytes_per_second(self) -> int:
        return self.rate * self.channels * self.width

    def samples(self, chunk: memoryview) -> bytes:
        """Return the whole frames of a data chunk as s16le."""
        whole = bytes(chunk[: len(chunk) - len(chunk) % (self.width * self.channels)])
        if self.encoding is Encoding.INTEGER and self.width == 1:
            whole = whole.translate(_UNSIGNED_TO_SIGNED)  # 8-bit samples are unsigned in WAV files
        return to_s16(whole, self.width, self.encoding)


def _check_length(path: Path | str, seconds: float, longest: float | None) -> None:
    if longest is not None and seconds > longest:
        raise AudioFileError(f"{path} lasts {seconds:.0f} s, longer than {longest:g} s")


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield name and body of the first chunks; a body may be shorter than the file claims."""
    view, position, large = memoryview(content), 12, 0
    for _ in range(CHUNKS):
        if position + 8 > len(content):
            return
        name, size = struct.unpack_from("<4sI", content, position)
        if name == b"ds64" and position + 24 <= len(content):
            large = struct.unpack_from("<Q", content, position + 16)[0]
        elif name == b"data" and size == _ELSEWHERE:
            size = large or size
        if name == b"data" and not size and not _is_whole(content, position + 8):
            size = len(content)  # written before the length was known
        yield name, view[position + 8 : position + 8 + size]
        position += 8 + size
        if size % 2 and not _NAME.match(content, position):
            position += 1  # some programs leave out the byte that makes the length even


def _is_whole(content: bytes, position: int) -> bool:
    """Return whether nothing but whole chunks follows."""
    for _ in range(CHUNKS):
        if position + 8 > len(content):
            break
        size = struct.unpack_from("<I", content, position + 4)[0]
        position += 8 + size + size % 2
    return position in (len(content), len(content) + 1)


def _tagged(content: bytes) -> int:
    """Return the length of an ID3 tag before a WAV file, as music programs write it."""
    if content[:3] != b"ID3" or len(content) < 10:
        return 0
    size = 0
    for byte in content[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _shape(path: Path | str, chunk: memoryview) -> _Shape:
    """Read a format chunk. Raises `AudioFileError` for one that cannot be read."""
    if len(chunk) < 16:
        raise AudioFileError(f"{path} is not a WAV file: its fmt chunk is too short")
    kind, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE:
        kind = struct.unpack_from("<H", chunk, 24)[0] if len(chunk) >= 26 else _PCM
    encoding = _ENCODINGS.get(kind)
    # a sample of 20 or 24 bits may be stored in 3 or 4 bytes, of which these are the upper bits
    width = (bits + 7) // 8
    if channels and frame == 4 * channels and width == 3:
        width = 4
    if encoding is None or width not in WIDTHS[encoding]:
        raise AudioFileError(
            f"{path} has an unknown encoding (WAV format {kind}, {bits} bits): convert it to "
            "16-bit PCM"
        )
    if channels not in CHANNELS or rate not in RATES:
        raise AudioFileError(
            f"{path}: sound of {channels} channels at {rate} Hz is not supported: use 1 to "
            f"{CHANNELS[-1]} channels at {RATES[0]} to {RATES[-1]} Hz"
        )
    return _Shape(rate, channels, width, encoding)
