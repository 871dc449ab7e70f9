"""Engines that use the best server there is, and another one, or the built-in engine, when it
fails before it has answered.

There is none for wake words: sound leaves the device only after one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from satellite.deadline import too_slow
from satellite.events import Event
from satellite.net.choice import Candidate, Choice
from satellite.net.discovery import Discovery
from satellite.net.recording import Recording, recording
from satellite.values import (
    AudioChunk,
    Declined,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)


class FailoverAsr(Choice):
    """Speech-to-text; the utterance so far is kept and said again to the next engine."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async with recording(audio) as record:

            def ask(candidate: Candidate) -> AsyncGenerator[Transcript, None]:
                return self._transcribe(candidate, record, request)

            async with aclosing(
                self.ask(request.language, ask, lambda transcript: transcript.final)
            ) as transcripts:
                async for transcript in transcripts:
                    yield transcript

    async def _transcribe(
        self, candidate: Candidate, record: Recording, request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Ask one engine; a server's deadline begins when the utterance has ended."""
        began = asyncio.get_running_loop().time()
        async with (
            aclosing(record.play()) as audio,
            aclosing(candidate.engine.transcribe(audio, request)) as results,
        ):
            while True:
                if candidate.uri is None:
                    result = await anext(results, None)
                else:
                    result = await self._next(results, record, began, candidate.label)
                if result is None:
                    return
                yield result
                if result.final:
                    return

    async def _next(
        self,
        results: AsyncGenerator[Transcript, None],
        record: Recording,
        began: float,
        who: str,
    ) -> Transcript | None:
        try:
            async with asyncio.timeout(None) as deadline:

                def start(ended: float) -> None:
                    deadline.reschedule(max(ended, began) + self.deadline)

                with record.when_ended(start):
                    return await anext(results, None)
        except TimeoutError:
            raise too_slow(who, self.deadline) from None


class FailoverLlm(Choice):
    """A brain."""

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self.ask(
            request.language,
            lambda candidate: self.timed(candidate, candidate.engine.reply(request)),
            declines=lambda part: isinstance(part, Declined),
        )


class FailoverTts(Choice):
    """Text-to-speech."""

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        return self.ask(
            request.language,
            lambda candidate: self.timed(candidate, candidate.engine.synthesize(request)),
        )


_KINDS: dict[str, type[Choice]] = {
    "asr": FailoverAsr,
    "llm": FailoverLlm,
    "tts": FailoverTts,
}


def failover(
    role: str,
    built_in: Any,
    discovery: Discovery,
    publish: Callable[[Event], None] = lambda event: None,
    deadline: float | None = None,
) -> Any:
    """Make an engine of a role (asr, llm, tts) that uses discovered servers, else `built_in`.

    `deadline`: seconds a server has for its first answer, and from one piece to the next.
    """
    return _KINDS[role](role, built_in, discovery, publish, deadline)
