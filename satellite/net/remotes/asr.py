"""Speech-to-text somewhere else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from wyoming import asr as wy
from wyoming.event import Event

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
                heard = ""
                while True:
                    event = await self._answer(connection)
                    if wy.Transcript.is_type(event.type):
                        final = read(wy.Transcript, event)
                        yield Transcript(text=final.text, final=True, language=final.language)
                        return
                    if wy.TranscriptChunk.is_type(event.type):
                        heard += read(wy.TranscriptChunk, event).text
                        whole, language = event.data.get("so_far"), event.data.get("language")
                        yield Transcript(
                            text=whole if isinstance(whole, str) else heard,
                            final=False,
                            language=language if isinstance(language, str) else None,
                        )


def _transcribe(request: TranscribeRequest) -> Event:
    return wy.Transcribe(
        name=request.model,
        language=request.language,
        transcript_names=list(request.names) or None,
        transcript_terms=list(request.terms) or None,
    ).event()
