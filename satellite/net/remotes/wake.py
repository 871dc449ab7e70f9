"""Wake words detected somewhere else."""

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
"""Our own event: the audio has been heard to its end, and there were detections."""
_SILENT = 5.0
"""Seconds to wait for a stranger's `not-detected` after the end of the audio."""
_TAIL = 1.0
"""Seconds to wait, after the end, for another detection of a stranger that has made one: unlike
ours it says nothing at the end."""


class RemoteWake(Remote):
    """A Wyoming wake word service as an engine."""

    role = "wake"

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        async with self._call() as connection:
            await connection.write(wy.Detect(names=list(request.words) or None).event())
            async with uploading(connection, audio) as upload:
                heard = False
                while event := await self._next(connection, upload, _TAIL if heard else _SILENT):
                    if wy.Detection.is_type(event.type):
                        heard = True
                        yield _detection(event, upload)
                    elif event.type == STOPPED or wy.NotDetected.is_type(event.type):
                        return

    async def _next(self, connection: Connection, upload: Upload, patience: float) -> Event | None:
        """The next event; None when none comes within `patience` after the end of the audio."""
        answer = asyncio.ensure_future(self._answer(connection))
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
                answer.exception()  # raised above, unless the caller has stopped


def _detection(event: Event, upload: Upload) -> Detection:
    """Read a detection; what only our own servers say is worked out for the others."""
    facts = read(wy.Detection, event)
    own: dict[str, Any] = event.data
    sample, score, phrase = own.get("sample"), own.get("score"), own.get("phrase")
    if not isinstance(sample, int):
        known = facts.timestamp is not None
        sample = (facts.timestamp or 0) * SPEECH.rate // 1000 if known else upload.samples
    return Detection(
        word=facts.name or "",
        score=float(score) if isinstance(score, int | float) else 1.0,
        sample=sample,
        phrase=phrase if isinstance(phrase, str) else None,
    )
