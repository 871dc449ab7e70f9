"""A typical request of each role, to an engine or to a service."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from wyoming.event import Event

from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.values import DetectRequest, ReplyRequest, SpeechRequest, TranscribeRequest
from tests.support.peers import stranger

SILENCE = bytes(3200)
FIRST = {"asr": "transcribe", "llm": "transcript", "tts": "synthesize", "wake": "detect"}
"""The event that starts a request of each role."""


async def sound(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks or (SILENCE,):
        yield chunk


def ask(
    role: str, engine: Any, audio: AsyncIterator[bytes] | None = None
) -> AsyncGenerator[Any, None]:
    """Send a typical request of a role."""
    calls: dict[str, Any] = {
        "asr": lambda: engine.transcribe(audio or sound(), TranscribeRequest(language="en")),
        "llm": lambda: engine.reply(ReplyRequest(text="hello", conversation="7")),
        "tts": lambda: engine.synthesize(SpeechRequest(text="hello")),
        "wake": lambda: engine.detect(audio or sound(), DetectRequest(words=("w",))),
    }
    generator: AsyncGenerator[Any, None] = calls[role]()
    return generator


async def answers(role: str, script: dict[str, Sequence[Event | None]]) -> list[Any]:
    async with (
        stranger(script) as service,
        aclosing(ask(role, remote(service.uri, role, pairing=Pairing()))) as items,
    ):
        return [item async for item in items]
