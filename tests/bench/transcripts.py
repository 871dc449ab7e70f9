"""What Whisper writes of an utterance, as it gets it from a satellite."""

from __future__ import annotations

from collections.abc import AsyncIterator

from satellite.values import TranscribeRequest
from servers.asr.whisper.engine import FasterWhisper

PIECE = 6400
"""Bytes of sound at once: 0.2 s."""


async def transcript(engine: FasterWhisper, audio: bytes) -> str:
    """Return the English text of an utterance, 16 kHz mono; empty where nothing is written."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(audio), PIECE):
            yield audio[start : start + PIECE]

    request = TranscribeRequest(language="en")
    texts = [part.text async for part in engine.transcribe(pieces(), request) if part.final]
    return texts[-1]
