"""The reply: written by the brain, spoken sentence by sentence while it is still being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing

from satellite import events
from satellite.audio.lead import Lead
from satellite.deadline import within
from satellite.groups import ungrouped
from satellite.plain.text import PlainText
from satellite.sentences import SentenceSplitter
from satellite.settings import Settings
from satellite.stage import Engines, Stage, StageFailure, failing_as, label
from satellite.values import Action, AudioChunk, Declined, ReplyRequest, Resumed, SpeechRequest

SENTENCES_AHEAD = 4
"""Sentences that may wait for the voice, so that a quick writer cannot fill the memory."""

CHUNKS_AHEAD = 64
"""Pieces of speech that may wait for the speaker: the sentence after the one that is playing."""


class Reply:
    """One reply on its way from the brain to the speaker."""

    def __init__(self, stage: Stage, engines: Engines, settings: Settings, turn: str) -> None:
        self.text = ""
        """All of it."""
        self.spoken: list[str] = []
        """The sentences that were handed to the speaker whole."""
        self._stage = stage
        self._engines = engines
        self._settings = settings
        self._turn = turn
        self._sentences: asyncio.Queue[str | None] = asyncio.Queue(SENTENCES_AHEAD)
        self._speech: asyncio.Queue[tuple[str, AudioChunk] | None] = asyncio.Queue(CHUNKS_AHEAD)

    async def give(self, request: ReplyRequest) -> None:
        """Answer the request. Raises `StageFailure` (llm, tts or speaker)."""
        await self._aloud(self._write(request))

    async def say(self, text: str) -> None:
        """Speak an answer that is known already. Raises `StageFailure` (tts or speaker)."""
        await self._aloud(self._recite(text))

    async def _aloud(self, writing: Coroutine[None, None, None]) -> None:
        with ungrouped(StageFailure):
            async with asyncio.TaskGroup() as tasks:
                working = (
                    tasks.create_task(writing, name="llm"),
                    tasks.create_task(self._voice(), name="tts"),
                )
                await self._speak()
                for task in working:  # done, unless the speaker was silenced in the middle
                    task.cancel()

    async def _write(self, request: ReplyRequest) -> None:
        splitter = SentenceSplitter()
        with failing_as("llm"):
            limit = self._settings.deadlines.llm
            parts = within(self._engines.llm.reply(request), limit, "the language model")
            async with aclosing(parts):
                async for part in parts:
                    if isinstance(part, Action):
                        self._stage.act(part)
                        continue
                    if isinstance(part, Resumed):
                        splitter, self.text = SentenceSplitter(), part.text
                        continue
                    text = part.text if isinstance(part, Declined) else part
                    self.text += text
                    self._publish(text, final=False)
                    for sentence in splitter.push(text):
                        await self._sentences.put(sentence)
        self._publish(self.text, final=True)
        for sentence in splitter.flush():
            await self._sentences.put(sentence)
        await self._sentences.put(None)

    async def _recite(self, text: str) -> None:
        self.text = text
        splitter = SentenceSplitter()
        for sentence in (*splitter.push(text), *splitter.flush()):
            await self._sentences.put(sentence)
        await self._sentences.put(None)

    async def _voice(self) -> None:
        with failing_as("tts"):
            limit = self._settings.deadlines.tts
            plain, lead = PlainText(), Lead()
            while (sentence := await self._sentences.get()) is not None:
                if not (text := plain.of(sentence)):
                    continue
                language, ahead = self._settings.language, lead.seconds
                request = SpeechRequest(text=text, language=language, ahead=ahead)
                chunks = within(self._engines.tts.synthesize(request), limit, "text-to-speech")
                async with aclosing(chunks):
                    async for chunk in chunks:
                        await self._speech.put((sentence, chunk))
                        lead.add(chunk.format.seconds(chunk.audio))
        await self._speech.put(None)

    async def _speak(self) -> None:
        first = await self._speech.get()
        if first is not None:
            with failing_as("speaker"):
                async with aclosing(self._chunks(first)) as chunks:
                    await self._stage.play(chunks, self._begin)

    async def _chunks(self, first: tuple[str, AudioChunk]) -> AsyncGenerator[AudioChunk, None]:
        speaking, chunk = first
        while True:
            yield chunk
            following = await self._speech.get()
            if following is None:
                break
            sentence, chunk = following
            if sentence is not speaking:
                self.spoken.append(speaking)
                speaking = sentence
        self.spoken.append(speaking)
        self._stage.publish(events.AudioEnd(turn=self._turn))

    def _begin(self) -> None:
        self._stage.enter("speaking")
        self._stage.publish(events.AudioStart(turn=self._turn))

    def _publish(self, text: str, final: bool) -> None:
        engine = label(self._engines.llm)
        self._stage.publish(events.Reply(text=text, final=final, engine=engine, turn=self._turn))
