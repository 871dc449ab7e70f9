"""Detects echo cancellation in the sound server."""

from __future__ import annotations

import asyncio
import logging
import re

from satellite.audio.ducking.own_streams import is_own_stream
from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import SoundServerError

_LOGGER = logging.getLogger(__name__)

_CANCELS = re.compile(r"echo[-_ ]?cancel", re.IGNORECASE)
"""In a source's properties: PulseAudio names its module-echo-cancel as the driver, PipeWire's
libpipewire-module-echo-cancel as the group of nodes, however a user names the source."""

ANSWER = 3.0
"""Seconds for the sound server to list all recordings; each of its answers takes 1 s at most."""


async def cancelling_source() -> str | None:
    """Return the name of the echo-cancelling source from which this process or its children record.

    None without such a source or without a sound server.
    """
    try:
        async with asyncio.timeout(ANSWER):
            return await asyncio.to_thread(_find)
    except TimeoutError:
        _LOGGER.debug("echo cancellation by the sound server: no answer in %g s", ANSWER)
        return None


def _find() -> str | None:
    try:
        server = PulseServer()
        try:
            recorded = [source for stream, source in server.recordings() if is_own_stream(stream)]
        finally:
            server.close()
    except SoundServerError as error:
        _LOGGER.debug("echo cancellation by the sound server: %s", error)
        return None
    names = (source.name for source in recorded if _CANCELS.search(source.properties))
    return next(names, None)
