"""The sound of one request, sent from the gateway to its replica."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from uuid import uuid4

from satellite.audio.replay import Recording
from satellite.values import SPEECH
from servers.ray_serve.deployed import Deployed
from servers.ray_serve.failure import ReplicaLost

_LOGGER = logging.getLogger(__name__)

JOINED = SPEECH.bytes_of(2)
"""Bytes that are sent at once where they have come already: each call takes a millisecond of two
processes."""
FULL = 0.05
"""Seconds until sound is sent again for which there was no room."""


class Upload:
    """Sends the sound of a request; does nothing for a request without."""

    def __init__(self, deployed: Deployed, record: Recording | None) -> None:
        self._deployed = deployed
        self._record = record
        self._sending: asyncio.Task[None] | None = None
        self.number = uuid4().hex if record is not None else ""
        """Names the sound to the replica."""

    async def open(self) -> None:
        """Announce the sound, before the replica asks for it. Raises `ReplicaLost`."""
        if self._record is not None:
            await self._deployed.open_sound(self.number)

    def start(self, cancel: Callable[[], object]) -> None:
        """Begin to send. No task group, for the reason that `uploading` gives.

        What the sound's source raises cancels the request, and is in `error` then.
        """
        if self._record is not None:
            self._sending = asyncio.create_task(self._send(self._record, cancel), name="ray: send")

    @property
    def error(self) -> BaseException | None:
        """What the sound's source raised."""
        if self._sending is None or not self._sending.done() or self._sending.cancelled():
            return None
        return self._sending.exception()

    async def close(self) -> None:
        """Forget the sound."""
        if self._record is not None:  # also if `open` was cancelled: the call may have arrived
            self._deployed.drop_sound(self.number)
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
            _ = self.error  # raised already, or irrelevant by now

    async def _send(self, record: Recording, cancel: Callable[[], object]) -> None:
        try:
            async with aclosing(record.play(JOINED)) as pieces:
                async for piece in pieces:
                    while not await self._deployed.put_sound(self.number, piece, ended=False):
                        await asyncio.sleep(FULL)
            await self._deployed.put_sound(self.number, b"", ended=True)
        except ReplicaLost as error:
            cancel()
            _LOGGER.debug("sound cannot be sent: %s", error)
        except Exception:
            cancel()
            raise
