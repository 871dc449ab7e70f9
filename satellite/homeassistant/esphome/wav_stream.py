"""Sound that Home Assistant offers by URL: WAV, played while it arrives.

What is made while it is sent has no length in its header, and may have other chunks before its
sound. Home Assistant converts everything into the format that this satellite lists.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from wyoming.audio import AudioChunk

from satellite.errors import EngineFailed

if TYPE_CHECKING:
    from aiohttp import ClientSession

PIECE = 4096
"""Bytes of sound in one chunk, at most."""

HEADER = 64 * 1024
"""Bytes before the sound: ffmpeg writes under 100."""

AHEAD = 60.0
"""Seconds by which sound is fetched before it is due: music is longer than what is held."""

CONNECT = 5.0
"""Seconds until a host answers."""

SILENT = 60.0
"""Seconds without a byte: Home Assistant offers the URL of a reply before it thinks about it."""

_PCM, _EXTENSIBLE = 1, 0xFFFE
_FORMAT = struct.Struct("<HHIIHH")


class WavReader:
    """Finds the samples in a WAV file that arrives in pieces."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._format: tuple[int, int, int] | None = None
        self._left: int | None = None
        """Bytes of sound that are still to come; None before it begins."""
        self._begun = False

    def feed(self, content: bytes) -> list[AudioChunk]:
        """Take the next bytes; return the whole samples in them. Raises `EngineFailed`."""
        self._waiting += content
        if self._left is None and not self._find_sound():
            if len(self._waiting) > HEADER:
                raise EngineFailed("Home Assistant sent a WAV file without sound at its beginning")
            return []
        assert self._format is not None
        assert self._left is not None
        rate, width, channels = self._format
        frame = width * channels
        chunks: list[AudioChunk] = []
        while True:
            size = min(PIECE, len(self._waiting), self._left)
            size -= size % frame
            if not size:
                return chunks
            audio = bytes(self._waiting[:size])
            del self._waiting[:size]
            self._left -= size
            chunks.append(AudioChunk(rate=rate, width=width, channels=channels, audio=audio))

    def _find_sound(self) -> bool:
        """Read the chunks before the sound; return whether it has begun."""
        if not self._begun:
            if len(self._waiting) < 12:
                return False
            if self._waiting[:4] != b"RIFF" or self._waiting[8:12] != b"WAVE":
                kind = "MP3" if self._waiting[:3] == b"ID3" or self._waiting[0] == 0xFF else "other"
                raise EngineFailed(f"Home Assistant sent {kind} sound instead of WAV")
            del self._waiting[:12]
            self._begun = True
        while len(self._waiting) >= 8:
            name, (size,) = bytes(self._waiting[:4]), struct.unpack_from("<I", self._waiting, 4)
            if name == b"data":
                if self._format is None:
                    raise EngineFailed("Home Assistant sent a WAV file without a format")
                del self._waiting[:8]
                self._left = size or 0xFFFFFFFF
                return True
            whole = 8 + size + size % 2
            if whole > HEADER:
                raise EngineFailed("Home Assistant sent a WAV file with too long a header")
            if len(self._waiting) < whole:
                return False
            if name == b"fmt ":
                self._format = _read_format(bytes(self._waiting[8:whole]))
            del self._waiting[:whole]
        return False


def _read_format(chunk: bytes) -> tuple[int, int, int]:
    if len(chunk) < _FORMAT.size:
        raise EngineFailed("Home Assistant sent a WAV file with a damaged format")
    tag, channels, rate, _, _, bits = _FORMAT.unpack_from(chunk)
    if tag not in (_PCM, _EXTENSIBLE) or not channels or bits not in (16, 24, 32):
        raise EngineFailed(
            f"Home Assistant sent WAV of format {tag}, {bits} bits, {channels} channels"
        )
    return rate, bits // 8, channels


async def fetch(session: ClientSession, url: str, address: str) -> AsyncGenerator[AudioChunk, None]:
    """Yield the sound at a URL while it arrives.

    Where the host of the URL cannot be reached, `address` is tried: that from which Home Assistant
    is connected. Raises `EngineFailed`.
    """
    check(url)
    problem: Exception | None = None
    for candidate in dict.fromkeys((url, at_address(url, address))):
        reader, began = WavReader(), False
        try:
            async for content in _body(session, candidate):
                for chunk in reader.feed(content):
                    began = True
                    yield chunk
            return
        except (OSError, TimeoutError) as error:  # aiohttp's own errors of connecting are OSErrors
            problem = error
            if began:
                break
    raise EngineFailed(
        f"the sound of Home Assistant at {_host(url)} cannot be fetched: "
        f"{problem or 'it ended early'}; check its internal URL (Settings, System, Network)"
    ) from problem


async def _body(session: ClientSession, url: str) -> AsyncIterator[bytes]:
    """Yield the bytes at a URL. Raises `OSError`, and `EngineFailed` for an error of the server."""
    from aiohttp import ClientError, ClientTimeout

    timeout = ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SILENT)
    try:
        async with session.get(url, timeout=timeout) as response:
            if response.status >= 400:
                raise EngineFailed(f"Home Assistant has no sound: its status is {response.status}")
            async for content in response.content.iter_chunked(PIECE * 4):
                yield content
    except asyncio.CancelledError:
        raise
    except ClientError as error:
        if isinstance(error, OSError):
            raise
        raise EngineFailed(f"the sound of Home Assistant ended early: {error}") from error


def check(url: str) -> None:
    """Raise `EngineFailed` for what is no address of a web server."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an end, or a port that is no number
        good = False
    if not good:
        raise EngineFailed("Home Assistant named a file that is no http or https URL")


def at_address(url: str, address: str) -> str:
    """Return a URL with another host; only http, as a certificate is for a name."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not address:
        return url
    host = f"[{address}]" if ":" in address else address
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, host + port, parts.path, parts.query, ""))


def _host(url: str) -> str:
    """The host of a URL: its path is a secret of some minutes."""
    return urlsplit(url).netloc.rpartition("@")[2]
