"""Remote text-to-speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec
from wyoming import audio as wy
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeStopped

from satellite.net.formats import AudioReader
from satellite.net.remotes.base import CONTEXT, Remote
from satellite.values import AudioChunk, SpeechRequest

VOICE = {"voice": "name", "language": "language", "speaker": "speaker"}
"""Fields of a request, and their names in Wyoming's `voice`."""


class RemoteTts(Remote):
    """A Wyoming text-to-speech service as an engine."""

    role = "tts"

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        async with self._call() as connection:
            await connection.write(_synthesize(request))
            reader = AudioReader()
            while True:
                event = await self._next_event(connection)
                if wy.AudioChunk.is_type(event.type):
                    chunk = reader.read(event)
                    if chunk.audio:
                        yield chunk
                elif wy.AudioStop.is_type(event.type) or SynthesizeStopped.is_type(event.type):
                    return


def _synthesize(request: SpeechRequest) -> Event:
    """Return the request as an event.

    It has both language and speaker, which Wyoming's own class does not allow; fields unknown to
    Wyoming go into the context.
    """
    fields = msgspec.to_builtins(request)
    event = Synthesize(text=fields.pop("text")).event()
    voice = {name: fields.pop(field) for field, name in VOICE.items()}
    if voice := {key: value for key, value in voice.items() if value}:
        event.data["voice"] = voice
    if fields:
        event.data["context"] = {CONTEXT: fields}
    return event
