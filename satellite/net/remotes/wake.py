"""Remote wake word detection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from wyoming import wake as wy
from wyoming.event import Event

from satellite.net.messages import read
from satellite.net.remotes.base import Remote
from satellite.net.remotes.upload import Upload, uploading
from satellite.net.wire import Connection
from satellite.values import SPEECH, Detection, DetectRequest

STOPPED = "detect-stopped"
"""Our own event: all audio was processed, and there were detections."""
_SILENT = 5.0
"""Seconds to wait after the end of the audio for the `not-detected` of a foreign service."""
_TAIL = 1.0
"""Seconds to wait after the end for another detection of a foreign service that has sent one:
unlike ours, it sends nothing at the end."""


class RemoteWake(Remote):
    """A Wyoming wake word service as an engine."""

    role = "wake"

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        async with self._call() as connection:
            await connection.write(wy.Detect(names=list(request.words) or None).event())
            async with uploading(connection, audio) as upload:
                detected = False
                while event := await self._next(connection, upload, _TAIL if detected else _SILENT):
                    if wy.Detection.is_type(event.type):
                        detected = True
                        yield _detection(event, upload)
                    elif event.type == STOPPED or wy.NotDetected.is_type(event.type):
                        return

    async def _next(self, connection: Connection, upload: Upload, patience: float) -> Event | None:
        """Return the next event; None if none arrives within `patience` after the end of the
        audio."""
        answer = asyncio.ensure_future(self._next_event(connection))
        ended = asyncio.ensure_future(upload.ended.wait())
        try:
            await asyncio.wait([answer, ended], return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                await asyncio.wait([answer], timeout=patience)
            return answer.result() if answer.done() else None
        finally:
            for task in (answer, ended):
                task.cancel()
            await asyncio.wait([answer, ended])
            if not answer.cancelled():
                answer.exception()  # raised above, unless the caller was cancelled


def _detection(event: Event, upload: Upload) -> Detection:
    """Read a detection; fields of our own servers are estimated for foreign ones."""
    detection = read(wy.Detection, event)
    fields: dict[str, Any] = event.data
    sample, score, phrase = fields.get("sample"), fields.get("score"), fields.get("phrase")
    if not isinstance(sample, int):
        timed = detection.timestamp is not None
        sample = (detection.timestamp or 0) * SPEECH.rate // 1000 if timed else upload.samples
    return Detection(
        word=detection.name or "",
        score=float(min(1, max(0, score))) if isinstance(score, int | float) else 1.0,
        sample=min(upload.samples, max(0, sample)),  # within the sound that was sent
        phrase=phrase if isinstance(phrase, str) else None,
    )
