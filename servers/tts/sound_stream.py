"""The sound with which a server answers, in the form that was asked for or in another one.

Servers send WAV files whose lengths are false, one file for each sentence, samples where a WAV file
was asked for and the other way around, events with the sound in base64 (OpenAI's `stream_format:
sse`), and errors with the status of a success. MP3 and the like are refused by name.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from satellite.errors import EngineFailed
from satellite.lib.decoding import Undecodable, from_json
from satellite.values import AudioChunk, AudioFormat
from servers.http_api import problem_text
from servers.tts.wav_stream import WavStream

_LEAST = 12
"""Bytes that show what an answer is."""

_LONGEST_LINE = 8 << 20
"""Bytes of one event: four minutes of sound at 16 kHz in base64."""

_LONGEST_DOCUMENT = 64 << 10
"""Bytes of an error in place of the sound."""

_DOCUMENTS = (b"{", b"<", b"[")
_EVENTS = (b"data:", b"event:", b"id:", b"retry:", b": ", b":\n", b":\r")
_NAMES = {
    b"ID3": "MP3",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"\x1aE\xdf\xa3": "WebM",
    b"caff": "CAF",
    b"FORM": "AIFF",
    b".snd": "AU",
}
"""Files of other kinds by their first bytes."""


class SoundStream:
    """Takes the bytes of an answer, and returns its sound."""

    def __init__(self, server: str, form: AudioFormat | None, remedy: str = "") -> None:
        """Wait for the first bytes.

        Args:
            server: What failures begin with: the engine and the address.
            form: Form of samples without a header; None if a WAV file was asked for.
            remedy: What to do about samples in place of a WAV file.
        """
        self._server = server
        self._form = form
        self._remedy = remedy
        self._head = bytearray()
        self._events: _Events | None = None
        self._document: bytearray | None = None
        self._samples: _Samples | WavStream | None = None

    def push(self, data: bytes) -> AudioChunk | None:
        """Return the whole frames that came with `data`. Raises `EngineFailed` for other sound."""
        try:
            return self._push(data)
        except EngineFailed as error:
            raise EngineFailed(f"{self._server}: {error}") from error

    def _push(self, data: bytes) -> AudioChunk | None:
        if self._document is not None:
            self._document += data[: _LONGEST_DOCUMENT - len(self._document)]
            return None
        if self._events is not None:
            data = self._events.push(data)
        if self._samples is None:
            self._head += data
            if len(self._head) < _LEAST:
                return None
            data = bytes(self._head)
            self._head.clear()
            if self._events is None and data.lstrip().startswith(_EVENTS):
                self._events = _Events()
                return self._push(data)
            if data.lstrip().startswith(_DOCUMENTS) and _is_text(data):
                self._document = bytearray(data[:_LONGEST_DOCUMENT])
                return None
            self._samples = self._begin(data)
        audio = self._samples.push(data)
        form = self._samples.format
        return AudioChunk(audio=audio, format=form) if audio and form is not None else None

    def end(self) -> None:
        """Raise `EngineFailed` if a document came in place of the sound."""
        text = bytes(self._head if self._document is None else self._document)
        if text.lstrip().startswith(_DOCUMENTS):
            raise EngineFailed(f"{self._server}: {problem_text(text) or 'the answer is no sound'}")

    def _begin(self, data: bytes) -> _Samples | WavStream:
        """Return what reads sound that begins so."""
        if data.startswith(b"RIFF"):
            return WavStream()
        if kind := kind_of(data):
            raise EngineFailed(f"the sound is {kind}, not WAV or PCM: see the server's settings")
        if self._form is None:
            raise EngineFailed(f"the sound is no WAV file{self._remedy and f': {self._remedy}'}")
        return _Samples(self._form)


def _is_text(data: bytes) -> bool:
    """Return whether bytes are a text, whose last character may be cut."""
    text = data.decode("utf-8", "ignore")
    whole = len(data) - len(text.encode()) < 4
    return whole and all(sign.isprintable() or sign.isspace() for sign in text)


def kind_of(data: bytes) -> str:
    """Return the name of a kind of file that is no WAV; empty for an unknown one."""
    if data[4:8] == b"ftyp":
        return "MP4 or AAC"
    found = next((name for sign, name in _NAMES.items() if data.startswith(sign)), "")
    return found or ("MP3 or AAC" if _has_frames(data) else "")


def _has_frames(data: bytes) -> bool:
    """Return whether MPEG frames follow each other; one header alone may be a sample."""
    size = _frame_bytes(data)
    return bool(size) and bool(_frame_bytes(data[size:]) or len(data) == size)


def _frame_bytes(head: bytes) -> int:
    """Return the length of a frame of MPEG audio layer 3 or of AAC (ADTS); 0 for anything else."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    if head[1] & 0xF6 == 0xF0:  # ADTS
        return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate, speed = head[2] >> 4, head[2] >> 2 & 3
    if layer != 1 or version == 1 or rate in (0, 15) or speed == 3:
        return 0
    first = version == 3  # MPEG 1
    hertz = (44100, 48000, 32000)[speed] >> (0 if first else 1 if version == 2 else 2)
    rates = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    low_rates = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    bits = (rates if first else low_rates)[rate - 1] * 1000
    return (144 if first else 72) * bits // hertz + (head[2] >> 1 & 1)


class _Samples:
    """16-bit samples without a header."""

    def __init__(self, form: AudioFormat) -> None:
        self.format = form
        self._rest = bytearray()

    def push(self, data: bytes) -> bytes:
        self._rest += data
        whole = len(self._rest) // self.format.frame_bytes * self.format.frame_bytes
        frames = bytes(self._rest[:whole])
        del self._rest[:whole]
        return frames


class _Events:
    """Server-sent events with sound in base64."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._kind = b""

    def push(self, data: bytes) -> bytes:
        """Return the sound of the whole events that came with `data`."""
        *lines, rest = bytes(self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise EngineFailed(f"an event of the sound has more than {_LONGEST_LINE >> 20} MiB")
        self._rest = bytearray(rest)
        return b"".join(map(self._sound, lines))

    def _sound(self, line: bytes) -> bytes:
        if line.startswith(b"event:"):
            self._kind = line.removeprefix(b"event:").strip()
        if not line.startswith(b"data:"):
            return b""
        text = line.removeprefix(b"data:").strip()
        try:
            event: Any = from_json(text)
        except Undecodable:
            return b""  # [DONE], or a comment
        if not isinstance(event, dict):
            return b""
        if event.get("error") or self._kind == b"error":
            raise EngineFailed(problem_text(text))
        written = next((event[key] for key in ("audio", "delta", "data") if event.get(key)), "")
        try:
            return base64.b64decode(written if isinstance(written, str) else "", validate=True)
        except (binascii.Error, ValueError) as error:
            raise EngineFailed("an event of the sound is not in base64") from error
