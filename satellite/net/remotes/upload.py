"""Sending audio to a service while its answers are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from wyoming.audio import AudioChunk, AudioStart, AudioStop

from satellite.errors import PeerClosed
from satellite.net.wire import Connection
from satellite.values import SPEECH

_LONGEST = SPEECH.bytes_of(1)
"""Most bytes in one event: a second, so that no peer has to accept a large piece."""


class Upload:
    """Audio (16 kHz mono) on its way to a service."""

    def __init__(self) -> None:
        self.samples = 0
        """Samples sent so far."""
        self.ended = asyncio.Event()
        """Set when all audio, and its end, were sent."""

    @property
    def milliseconds(self) -> int:
        return self.samples * 1000 // SPEECH.rate

    async def send(self, connection: Connection, audio: AsyncIterator[bytes]) -> None:
        """Send audio as it arrives, and its end."""
        shape = {"rate": SPEECH.rate, "width": 2, "channels": 1}
        await connection.write(AudioStart(**shape, timestamp=0).event())
        odd = b""
        async for piece in audio:
            piece = odd + piece
            whole = len(piece) - len(piece) % SPEECH.frame_bytes
            odd = piece[whole:]
            for start in range(0, whole, _LONGEST):
                part = piece[start : min(start + _LONGEST, whole)]
                chunk = AudioChunk(**shape, audio=part, timestamp=self.milliseconds)
                await connection.write(chunk.event())
                self.samples += len(part) // SPEECH.frame_bytes
        await connection.write(AudioStop(timestamp=self.milliseconds).event())
        self.ended.set()


@asynccontextmanager
async def uploading(
    connection: Connection, audio: AsyncIterator[bytes]
) -> AsyncGenerator[Upload, None]:
    """Send `audio` during this block, and stop at its end.

    An error of the audio source ends the connection, and is raised instead of `PeerClosed`. No task
    group: that must not span the yields of an engine's generator, whose caller it would cancel.
    """
    upload = Upload()
    task = asyncio.create_task(_send(upload, connection, audio))
    try:
        yield upload
    except PeerClosed:
        if task.done() and not task.cancelled() and (error := task.exception()):
            raise error from None
        raise
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # raised above, or irrelevant after a complete answer


async def _send(upload: Upload, connection: Connection, audio: AsyncIterator[bytes]) -> None:
    try:
        await upload.send(connection, audio)
    except PeerClosed:
        pass  # the reading side meets the same end, after the answers that arrived before it
    except BaseException:
        connection.abort()
        raise
