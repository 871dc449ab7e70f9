"""Text-to-speech somewhere else."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec
from wyoming import audio as wy
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeStopped

from satellite.net.formats import format_of
from satellite.net.messages import read
from satellite.net.remotes.base import CONTEXT, Remote
from satellite.values import AudioChunk, SpeechRequest

VOICE = {"voice": "name", "language": "language", "speaker": "speaker"}
"""Fields of a request, and what Wyoming calls them in its `voice`."""


class RemoteTts(Remote):
    """A Wyoming text-to-speech service as an engine."""

    role = "tts"

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        async with self._call() as connection:
            await connection.write(_synthesize(request))
            while True:
                event = await self._answer(connection)
                if wy.AudioChunk.is_type(event.type):
                    chunk = read(wy.AudioChunk, event)
                    if chunk.audio:
                        yield AudioChunk(audio=chunk.audio, format=format_of(chunk))
                elif wy.AudioStop.is_type(event.type) or SynthesizeStopped.is_type(event.type):
                    return


def _synthesize(request: SpeechRequest) -> Event:
    """The request as an event: language and speaker stand side by side, which Wyoming's own class
    does not allow; what Wyoming has no word for goes into the context."""
    facts = msgspec.to_builtins(request)
    event = Synthesize(text=facts.pop("text")).event()
    voice = {theirs: facts.pop(ours) for ours, theirs in VOICE.items()}
    if voice := {key: value for key, value in voice.items() if value}:
        event.data["voice"] = voice
    if facts:
        event.data["context"] = {CONTEXT: facts}
    return event
