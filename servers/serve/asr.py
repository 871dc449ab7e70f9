"""Speech-to-text as a Wyoming service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import aclosing

import msgspec
from wyoming import asr as wy
from wyoming.event import Event

from satellite.errors import SatelliteError
from satellite.lib.taskgroups import first_error
from satellite.net import alternatives
from satellite.net.memory_budget import Budget
from satellite.net.messages import read
from satellite.values import EngineInfo, TranscribeRequest, Transcript
from servers.pool import Pool
from servers.serve.early_end import EarlyEnd, RequestJudge
from servers.serve.incoming_audio import IncomingAudio, is_audio
from servers.serve.observer import Observer
from servers.serve.service import RequestHandler, Service, Write

LONGEST = 900.0
"""Seconds of audio in one request, which engines hold in memory: 29 MB. A satellite sends 15 at
most."""

PATIENCE = 15.0
"""Seconds without an audio event after which an utterance is abandoned, as it occupies a worker. A
microphone sends all the time, and a Wi-Fi that was down for longer has lost the words."""
NAMES = 300
"""Most names, and most terms, used of a request. PocketSphinx builds a grammar of them in over a
second, once for a home, and its recognizer takes 75 MB."""
NAME = 100
"""Characters of the longest name that is used."""
CHARACTERS = 6000
"""Characters of all names, and of all terms, that are used: 300 names of three words each."""
LANGUAGE = 35
"""Characters of the longest language code that is used (RFC 5646, 4.4.1)."""

_PAUSES = "transcript_pauses"
"""Our field of a request: whether the client wants the text up to a pause."""


class AsrService(Service):
    """Transcribes one utterance per request; the event `transcribe` is optional."""

    role = "asr"

    def __init__(
        self,
        pool: Pool,
        describe: Callable[[], EngineInfo],
        observer: Observer | None = None,
        judge: RequestJudge | None = None,
    ) -> None:
        """`judge` ends the requests of clients that cannot judge texts themselves."""
        super().__init__(pool, describe, observer)
        self._judge = judge

    def begin(
        self,
        event: Event,
        current: RequestHandler | None,
        model: str | None,
        memory: Budget,
    ) -> RequestHandler | None:
        if wy.Transcribe.is_type(event.type):
            # our own satellites say whether they judge texts, and join what they cut
            judge = None if _PAUSES in event.data else self._judge
            return _TranscriptionHandler(self, _request(event, model), memory, judge)
        if current is None and is_audio(event):
            return _TranscriptionHandler(self, TranscribeRequest(model=model), memory, self._judge)
        return None


class _TranscriptionHandler(RequestHandler):
    def __init__(
        self,
        service: Service,
        request: TranscribeRequest,
        memory: Budget,
        judge: RequestJudge | None,
    ) -> None:
        self._pool = service.pool
        self._promises_chunks = service.describe().streaming
        self._judge = judge
        if judge is not None:
            request = msgspec.structs.replace(request, pauses=True, lasting=True)
        self._request = request
        self._audio = IncomingAudio(memory, LONGEST, PATIENCE)

    @property
    def size(self) -> tuple[float, str]:
        return self._audio.seconds, "s"

    def slowness(self, now: float) -> str:
        return self._audio.slowness(now)

    def sending(self, now: float) -> float:
        return self._audio.sending(now)

    async def feed(self, event: Event) -> None:
        self.expects_more = await self._audio.feed(event)

    async def run(self, write: Write) -> None:
        if self._judge is None:
            await self._run(write)
            return
        # the judge's task group must not hide from the client that the server is busy
        with first_error(SatelliteError):
            async with self._judge.preparing(self._request.language):
                await self._run(write, EarlyEnd(self._judge, self._request.language))

    async def _run(self, write: Write, ending: EarlyEnd | None = None) -> None:
        sent: str | None = None
        async with (
            aclosing(self._audio.samples()) as audio,
            aclosing(self._pool.submit("transcribe", audio, self._request)) as results,
        ):
            async for result in results:
                if result.final:
                    if sent is None and self._promises_chunks and result.text:
                        # the audio came faster than real time, so that no partial result was due
                        sent = result.text
                        await write(wy.TranscriptStart(language=result.language).event())
                        await write(_partial(result, ""))
                    final = wy.Transcript(result.text, language=result.language).event()
                    await write(alternatives.add(final, result.alternatives))
                    break
                if ending is not None and result.pause_text is not None:
                    if await ending.reached(result, lambda: self._audio.received):
                        self._audio.discard()
                    if result.text == (sent or ""):
                        continue
                if sent is None:
                    await write(wy.TranscriptStart(language=result.language).event())
                await write(_partial(result, sent or "", pauses=ending is None))
                sent = result.text
        if sent is not None:
            await write(wy.TranscriptStop().event())

    def discard(self) -> None:
        self._audio.discard()


def _partial(result: Transcript, sent: str, *, pauses: bool = False) -> Event:
    """Return a partial result: Wyoming's text can only append, our field `so_far` is complete.

    `pauses`: with the text up to a pause, for clients that asked for it.
    """
    event = wy.TranscriptChunk(result.text.removeprefix(sent)).event()
    if not result.text.startswith(sent):
        event.data["text"] = ""
    event.data["so_far"] = result.text
    event.data["language"] = result.language
    if pauses and result.pause_text is not None:
        event.data["pause_text"], event.data["until"] = result.pause_text, result.until
        alternatives.add(event, result.alternatives)
    return event


def _request(event: Event, model: str | None) -> TranscribeRequest:
    asked = read(wy.Transcribe, event)
    answers = event.data.get("transcript_answers")
    return TranscribeRequest(
        language=asked.language[:LANGUAGE] if asked.language else None,
        model=asked.name or model,
        names=_bounded(asked.transcript_names or ()),
        terms=_bounded(asked.transcript_terms or ()),
        answers=_bounded(filter(_is_text, answers)) if isinstance(answers, list) else (),
        pauses=event.data.get(_PAUSES) is True,
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _bounded(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are used: the first ones, without those that are too long."""
    used: list[str] = []
    left = CHARACTERS
    for name in names:
        if len(name) > NAME:
            continue
        left -= len(name)
        if left < 0 or len(used) == NAMES:
            break
        used.append(name)
    return tuple(used)
