"""Engines that use the best server, and another server or the built-in engine if it fails before
the end of its answer: a person hears one whole answer.

There is none for wake words, as sound leaves the device only after one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from satellite.audio.replay import Recording, recording
from satellite.engines.resume_reply import Repeats, SpokenSoFar
from satellite.engines.resume_speech import PlayedSpeech, SpeechRates, skipping
from satellite.engines.selection import Candidate, ServerSelection, ServerUnsuitable
from satellite.errors import AnswerBroken, EngineFailed
from satellite.events import Event
from satellite.languages.text_rules import text_rules
from satellite.net.discovery.browser import Discovery
from satellite.net.remotes.llm import RemoteLlm
from satellite.ports import AnswersAhead, JudgesTexts
from satellite.turns.context import label
from satellite.values import (
    Action,
    AudioChunk,
    Declined,
    Extent,
    ReplyPart,
    ReplyRequest,
    Resumed,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)


class FailoverAsr(ServerSelection):
    """Speech-to-text; the utterance is stored and replayed to the next engine."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async with recording(audio) as record:

            def ask(candidate: Candidate) -> AsyncGenerator[Transcript, None]:
                return self._transcribe(candidate, record, request)

            async with aclosing(self.ask(request.language, ask)) as transcripts:
                async for transcript in transcripts:
                    yield transcript

    async def _transcribe(
        self, candidate: Candidate, record: Recording, request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Ask one engine; the deadline of a server starts at the end of the utterance."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with (
            aclosing(record.play()) as audio,
            aclosing(candidate.engine.transcribe(audio, request)) as results,
        ):
            while True:
                result = await self._next(results, record, began, candidate)
                if result is None:
                    raise AnswerBroken(f"{candidate.label} ended without a final transcript")
                if result.final:
                    self.took(candidate, loop.time() - max(began, record.ended_at or began))
                yield result
                if result.final:
                    return

    async def _next(
        self,
        results: AsyncGenerator[Transcript, None],
        record: Recording,
        began: float,
        candidate: Candidate,
    ) -> Transcript | None:
        seconds = candidate.deadline
        if seconds is None:
            return await anext(results, None)
        async with self.waiting(candidate, None) as deadline:

            def start(ended: float) -> None:
                deadline.reschedule(max(ended, began) + seconds)

            with record.when_ended(start):
                return await anext(results, None)


class FailoverLlm(ServerSelection):
    """An llm; another one continues a broken answer after its last whole sentence."""

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart | Resumed, None]:
        spoken = SpokenSoFar(text_rules(request.language))

        def ask(candidate: Candidate) -> AsyncGenerator[ReplyPart | Resumed, None]:
            if spoken.anything:
                return self._go_on(candidate, request, spoken)
            return self._begin(candidate, request, spoken)

        parts = self.ask(
            request.language,
            ask,
            lambda part: isinstance(part, Declined),
            acted=lambda: spoken.used_tools,
        )
        async with aclosing(parts):
            async for part in parts:
                yield part

    async def _begin(
        self, candidate: Candidate, request: ReplyRequest, spoken: SpokenSoFar
    ) -> AsyncGenerator[ReplyPart | Resumed, None]:
        async with aclosing(self.timed(candidate, candidate.engine.reply(request))) as parts:
            async for part in parts:
                spoken.add(part)
                yield part

    async def _go_on(
        self, candidate: Candidate, request: ReplyRequest, spoken: SpokenSoFar
    ) -> AsyncGenerator[ReplyPart | Resumed, None]:
        """Complete an answer: ask for its rest, or for all of it without the spoken sentences."""
        yield Resumed(text=spoken.cut())
        questions = [request]
        if spoken.sentences and candidate.remembers:
            questions.insert(0, spoken.continuation(request))
        for question in questions:
            declined = False
            async with aclosing(self._rest(candidate, question, spoken)) as parts:
                async for part in parts:
                    declined = isinstance(part, Declined)
                    if declined:
                        break
                    yield part
            if not declined:
                return
        if spoken.anything:
            raise ServerUnsuitable
        yield part

    async def _rest(
        self, candidate: Candidate, question: ReplyRequest, spoken: SpokenSoFar
    ) -> AsyncGenerator[ReplyPart, None]:
        """Yield an llm's answer without the sentences and actions from before."""
        repeats = Repeats(spoken.sentences, spoken.rules)
        async with aclosing(self.timed(candidate, candidate.engine.reply(question))) as parts:
            async for part in parts:
                if isinstance(part, str):
                    part = repeats.push(part)
                elif isinstance(part, Action) and spoken.did(part):
                    continue
                if part:
                    spoken.add(part)
                    yield part
        if text := repeats.flush():
            spoken.add(text)
            yield text

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the engine knows that would be asked first. No other one is asked instead:
        its sentences may be different."""
        extents = self.first_judge(request)
        if extents is None:
            yield Extent.UNKNOWN
            return
        async with aclosing(extents):
            async for extent in extents:
                yield extent

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply ahead of the engine that would be asked first, and of no other.

        Raises `EngineError`s, which say nothing about its health.
        """
        places = self.ranking(request.language)
        engine: Any = self._built_in
        if places and places[0].unfit is None:
            server = places[0].server
            engine = RemoteLlm(server.uri, self._discovery.pairing, ahead=server.ahead)
        if not isinstance(engine, AnswersAhead):
            raise EngineFailed(f"{label(engine)} does not answer ahead")
        async with aclosing(engine.ahead(request)) as parts:
            async for part in parts:
                yield part

    def first_judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None] | None:
        """Return the answer of the first candidate; None if it does not judge texts."""
        places = self.ranking(request.language)
        if not places or places[0].unfit is not None:
            engine = self._built_in
            return engine.judge(request) if isinstance(engine, JudgesTexts) else None
        server = places[0].server
        if not server.judges:
            return None
        return RemoteLlm(server.uri, self._discovery.pairing, judges=True).judge(request)


class FailoverTts(ServerSelection):
    """Text-to-speech; another voice completes a broken sentence."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._rates = SpeechRates()

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        played = PlayedSpeech(request.text, self._rates)
        speech = self.ask(request.language, lambda candidate: self._say(candidate, request, played))
        async with aclosing(speech):
            async for chunk in speech:
                yield chunk

    async def _say(
        self, candidate: Candidate, request: SpeechRequest, played: PlayedSpeech
    ) -> AsyncGenerator[AudioChunk, None]:
        if played.whole:
            return
        skip, seconds = played.begin(candidate.label), 0.0
        speech = self.timed(candidate, candidate.engine.synthesize(request))
        async with aclosing(skipping(speech, skip)) as chunks:
            async for chunk in chunks:
                lasts = chunk.format.seconds(chunk.audio)
                seconds += lasts
                played.add(lasts)
                yield chunk
        if not skip:
            self._rates.learn(candidate.label, request.text, seconds)


_KINDS: dict[str, type[ServerSelection]] = {
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
    """Create an engine of a role (asr, llm, tts) that uses discovered servers, or `built_in`.

    `deadline` is the seconds of the first of several servers for its first answer, and between two
    pieces; the last one has the rest of the stage's deadline.
    """
    return _KINDS[role](role, built_in, discovery, publish, deadline)
