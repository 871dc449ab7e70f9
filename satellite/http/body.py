"""The body of a request, whole, within limits that hold while it arrives and is decompressed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from aiohttp import web

from satellite.errors import UsageError

LARGEST = 16 * 1024 * 1024
"""Bytes of a body, decompressed: a minute and a half of sound at 48 kHz in stereo."""

PATIENCE = 30.0
"""Seconds for the whole of a body to arrive."""

_AT_ONCE = 64 * 1024
"""Bytes decompressed at once: less than a millisecond of work."""

_GZIP_OR_ZLIB = 47
"""zlib's window size for either format, as the header of the data says."""


class _Inflater(Protocol):
    def inflate(self, piece: bytes) -> Iterator[bytes]: ...


class _Plain:
    def inflate(self, piece: bytes) -> Iterator[bytes]:
        yield piece


class _Compressed:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def inflate(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            yield self._stream.decompress(piece, _AT_ONCE)
            piece = self._stream.unconsumed_tail


async def read_body(request: web.Request, add: Callable[[int], None]) -> bytes:
    """Return the body of a request, decompressed. `add` counts its bytes as they come.

    Raises:
        web.HTTPRequestEntityTooLarge: it has more than `LARGEST` bytes.
        web.HTTPUnsupportedMediaType: it is compressed with something other than gzip or zlib.
        UsageError: it is not compressed as its header says.
        TimeoutError: it did not arrive within `PATIENCE`.
        EngineBusy: too much is held for all programs.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "deflate"):
        raise web.HTTPUnsupportedMediaType(reason="Content-Encoding: gzip, deflate or none")
    source: _Inflater = _Plain() if encoding == "identity" else _Compressed()
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for piece in request.content.iter_any():
                for part in source.inflate(piece):
                    if len(body) + len(part) > LARGEST:
                        raise web.HTTPRequestEntityTooLarge(LARGEST, len(body) + len(part))
                    add(len(part))
                    body += part
                    await asyncio.sleep(0)
    except zlib.error as error:
        raise UsageError(f"the body is not {encoding} data: {error}") from error
    return bytes(body)
