"""Compressed sound files, read and written by PyAV, which comes with faster-whisper."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import msgspec

from satellite.audio.wavfile import parse_wav
from satellite.errors import PackageMissing, UsageError
from satellite.requirements import Package
from satellite.text.reason_of import reason_of
from satellite.values import SPEECH, AudioFormat

PYAV = Package("av", "server")

CODECS = (
    "aac,alac,flac,mp3,mp3float,opus,libopus,pcm_f32le,pcm_s16be,pcm_s16le,pcm_s24le,pcm_u8,vorbis"
)
"""Decoders that a file of a client may use: FFmpeg has hundreds."""


class _Container(msgspec.Struct, frozen=True):
    """How a kind of file is written."""

    format: str
    codec: str
    rate: int | None
    """Hz; None for that of the voice."""
    media: str
    options: dict[str, str] = {}


WRITTEN = {
    "mp3": _Container("mp3", "libmp3lame", None, "audio/mpeg", {"write_xing": "0"}),
    "opus": _Container("ogg", "libopus", 48_000, "audio/ogg"),
    "aac": _Container("adts", "aac", None, "audio/aac"),
    "flac": _Container("flac", "flac", None, "audio/flac"),
}
"""By OpenAI's names."""


def read_sound(
    content: bytes, longest: float, stopped: Callable[[], bool] = lambda: False
) -> tuple[AudioFormat, bytes]:
    """Return the sound of a file of at most `longest` seconds. Blocks, until `stopped` at most.

    Raises `UsageError` for a file that cannot be read, and `PackageMissing` where that takes PyAV.
    """
    kind = _kind_of(content)
    if kind == "wav":
        return parse_wav(content, "the file", longest)
    if kind is None:
        raise UsageError("the file is none of wav, mp3, ogg, webm, mp4, m4a, flac and aac")
    av = _pyav("mp3, ogg, webm, mp4, flac and aac files")
    try:
        sound = _decoded(av, content, kind, longest, stopped)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UsageError(f"the file cannot be read: {reason_of(error)}") from error
    if not sound:
        raise UsageError("the file has no sound")
    return SPEECH, sound


def _decoded(
    av: Any, content: bytes, kind: str, longest: float, stopped: Callable[[], bool]
) -> bytes:
    sound = bytearray()
    with av.open(io.BytesIO(content), format=kind, options={"codec_whitelist": CODECS}) as file:
        stream = next(iter(file.streams.audio), None)
        if stream is None:
            raise UsageError("the file has no sound")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SPEECH.rate)
        for frame in file.decode(stream):
            for part in resampler.resample(frame):
                sound += _samples(part)
            if len(sound) > SPEECH.bytes_of(longest):
                raise UsageError(f"the file lasts longer than {longest:g} s")
            if stopped():
                break
        for part in resampler.resample(None):
            sound += _samples(part)
    return bytes(sound)


class SoundWriter:
    """Writes a compressed file of 16-bit mono samples, piece by piece. Blocks for milliseconds."""

    def __init__(self, kind: str, form: AudioFormat) -> None:
        """Raises `PackageMissing` where PyAV is not installed."""
        av = _pyav(f"{kind} files")
        container = WRITTEN[kind]
        self._av, self._form = av, form
        self._sink = _Sink()
        self._file = av.open(
            self._sink, mode="w", format=container.format, options=container.options
        )
        rate = container.rate or form.rate
        self._stream: Any = self._file.add_stream(container.codec, rate=rate, layout="mono")
        self._stream.codec_context.open()
        codec = self._stream.codec_context
        self._resampler = av.AudioResampler(
            format=codec.format.name, layout="mono", rate=rate, frame_size=codec.frame_size or 4096
        )
        self._place = 0

    def write(self, audio: bytes) -> bytes:
        """Take samples; return what is written of the file by now."""
        frame = self._av.AudioFrame(format="s16", layout="mono", samples=len(audio) // 2)
        frame.planes[0].update(audio)
        frame.rate, frame.pts = self._form.rate, self._place
        self._place += frame.samples
        self._encode(frame)
        return self._sink.taken()

    def close(self) -> bytes:
        """End the file; return the rest of it."""
        self._encode(None)
        for packet in self._stream.encode(None):
            self._file.mux(packet)
        self._file.close()
        return self._sink.taken()

    def _encode(self, frame: Any) -> None:
        for part in self._resampler.resample(frame):
            for packet in self._stream.encode(part):
                self._file.mux(packet)


class _Sink:
    """A file that cannot seek, from which what was written is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _kind_of(content: bytes) -> str | None:
    """Return FFmpeg's name of a file's container by its first bytes.

    FFmpeg must not guess: some of its formats are lists of other files to open.
    """
    head = content[:12]
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return "wav"
    for magic, name in (
        (b"OggS", "ogg"),
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"fLaC", "flac"),
        (b"ID3", "mp3"),
    ):
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "mp4"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "mp3"
    return None


def _samples(frame: Any) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * 2]


def _pyav(purpose: str) -> Any:
    if missing := PYAV.missing():
        raise PackageMissing(f"{purpose} cannot be used here: {missing}; use wav or pcm")
    import av  # 40 MB, and only for these files

    return av
