"""Remote speech-to-text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from wyoming import asr as wy
from wyoming.event import Event

from satellite.net import alternatives
from satellite.net.messages import read
from satellite.net.remotes.base import Remote
from satellite.net.remotes.upload import uploading
from satellite.values import TranscribeRequest, Transcript


class RemoteAsr(Remote):
    """A Wyoming speech-to-text service as an engine."""

    role = "asr"

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async with self._call() as connection:
            await connection.write(_transcribe(request))
            async with uploading(connection, audio):
                text = ""
                while True:
                    event = await self._next_event(connection)
                    if wy.Transcript.is_type(event.type):
                        final = read(wy.Transcript, event)
                        yield Transcript(
                            text=final.text,
                            final=True,
                            language=final.language,
                            alternatives=alternatives.read(event),
                        )
                        return
                    if wy.TranscriptChunk.is_type(event.type):
                        text += read(wy.TranscriptChunk, event).text
                        so_far, language = event.data.get("so_far"), event.data.get("language")
                        pause_text, until = event.data.get("pause_text"), event.data.get("until")
                        yield Transcript(
                            text=so_far if isinstance(so_far, str) else text,
                            final=False,
                            language=language if isinstance(language, str) else None,
                            pause_text=pause_text if isinstance(pause_text, str) else None,
                            until=until if isinstance(until, float) else 0.0,
                            alternatives=alternatives.read(event),
                        )


def _transcribe(request: TranscribeRequest) -> Event:
    event = wy.Transcribe(
        name=request.model,
        language=request.language,
        transcript_names=list(request.names) or None,
        transcript_terms=list(request.terms) or None,
    ).event()
    if request.answers:
        event.data["transcript_answers"] = list(request.answers)
    event.data["transcript_pauses"] = request.pauses  # a server that ends requests asks for it
    return event
