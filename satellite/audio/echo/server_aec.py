"""Whether the sound server takes our own speaker out of the microphone's sound already."""

from __future__ import annotations

import asyncio
import logging
import re

_LOGGER = logging.getLogger(__name__)

_CANCELS = re.compile(r"echo[-_ ]?cancel", re.IGNORECASE)
"""In what a source says of itself: PulseAudio's module-echo-cancel is its driver, and PipeWire's
libpipewire-module-echo-cancel calls its group of nodes so, whatever a user calls the source."""

ANSWER = 3.0
"""Seconds for the sound server to say who records what; each of its answers takes 1 s at most."""


async def canceller() -> str | None:
    """The echo-cancelling source that we, or programs of ours, record from; None where there is
    none, or no sound server that tells."""
    try:
        async with asyncio.timeout(ANSWER):
            return await asyncio.to_thread(_canceller)
    except TimeoutError:
        _LOGGER.debug("the sound server does not say whether it cancels echoes")
        return None


def _canceller() -> str | None:
    from satellite.audio.ducking.own_streams import is_ours
    from satellite.audio.pulse_server import PulseServer
    from satellite.audio.sound_server import SoundServerError

    try:
        server = PulseServer()
        try:
            recorded = [source for stream, source in server.recordings() if is_ours(stream)]
        finally:
            server.close()
    except SoundServerError as error:
        _LOGGER.debug("no sound server says whether it cancels echoes: %s", error)
        return None
    found = (source.name for source in recorded if _CANCELS.search(source.says))
    return next(found, None)
