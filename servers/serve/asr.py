"""Speech-to-text as a Wyoming service."""

from __future__ import annotations

from contextlib import aclosing

from wyoming import asr as wy
from wyoming.event import Event

from satellite.net.messages import read
from satellite.values import TranscribeRequest, Transcript
from servers.serve.incoming_audio import IncomingAudio, is_audio
from servers.serve.work import Service, Work, Write

LONGEST = 900.0
"""Seconds of one request, which engines hold in memory: 29 MB. A satellite's last 15."""

PATIENCE = 15.0
"""Seconds without any sound after which an utterance is given up, as it takes another one's place:
a microphone sends all the time, and a Wi-Fi that was away for longer has lost the words."""
NAMES = 1000
"""Names and terms taken of a request, and as many of each: PocketSphinx's grammar of that many
takes over a second to make, once for a home."""


class AsrService(Service):
    """Transcribes one utterance a request; `transcribe` may be left out."""

    role = "asr"

    def begin(self, event: Event, current: Work | None, model: str | None) -> Work | None:
        if wy.Transcribe.is_type(event.type):
            return _Transcription(self, _request(event, model))
        if current is None and is_audio(event):
            return _Transcription(self, TranscribeRequest(model=model))
        return None


class _Transcription(Work):
    def __init__(self, service: Service, request: TranscribeRequest) -> None:
        self._pool = service.pool
        self._request = request
        self._sound = IncomingAudio(service.held, LONGEST, PATIENCE)

    @property
    def size(self) -> tuple[float, str]:
        return self._sound.seconds, "s"

    async def feed(self, event: Event) -> None:
        self.open = await self._sound.feed(event)

    async def run(self, write: Write) -> None:
        sent: str | None = None
        async with (
            aclosing(self._sound.samples()) as audio,
            aclosing(self._pool.submit("transcribe", audio, self._request)) as results,
        ):
            async for result in results:
                if result.final:
                    await write(wy.Transcript(result.text, language=result.language).event())
                    break
                if sent is None:
                    await write(wy.TranscriptStart(language=result.language).event())
                await write(_partial(result, sent or ""))
                sent = result.text
        if sent is not None:
            await write(wy.TranscriptStop().event())

    def discard(self) -> None:
        self._sound.discard()


def _partial(result: Transcript, sent: str) -> Event:
    """What is new as Wyoming's chunk, which can only append; what is so far as a field of ours."""
    event = wy.TranscriptChunk(result.text.removeprefix(sent)).event()
    if not result.text.startswith(sent):
        event.data["text"] = ""
    event.data["so_far"] = result.text
    event.data["language"] = result.language
    return event


def _request(event: Event, model: str | None) -> TranscribeRequest:
    asked = read(wy.Transcribe, event)
    return TranscribeRequest(
        language=asked.language,
        model=asked.name or model,
        names=tuple(asked.transcript_names or ())[:NAMES],
        terms=tuple(asked.transcript_terms or ())[:NAMES],
    )
