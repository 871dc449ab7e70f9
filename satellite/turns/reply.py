"""The reply: spoken sentence by sentence while the language model is still writing it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing

from satellite import events
from satellite.audio.lead import Lead
from satellite.audio.playback import check_playable
from satellite.errors import SatelliteError
from satellite.languages import codes
from satellite.languages.text_rules import text_rules
from satellite.lib.deadline import fallback_seconds, within
from satellite.lib.taskgroups import first_error
from satellite.ports import AnswersAhead
from satellite.settings import Settings
from satellite.text.sentence_splitter import SentenceSplitter
from satellite.text.speakable import MarkupFilter
from satellite.turns.actions import in_language
from satellite.turns.context import Engines, StageFailure, TurnContext, failing_as, label
from satellite.turns.openings import Openings
from satellite.turns.own_sentences import own_sentences
from satellite.values import (
    Action,
    AudioChunk,
    Declined,
    ReplyPart,
    ReplyRequest,
    Resumed,
    SpeechRequest,
)

_LOGGER = logging.getLogger(__name__)

SENTENCES_AHEAD = 4
"""Sentences that may wait for the voice, so that a fast language model cannot fill the memory."""

CHUNKS_AHEAD = 64
"""Pieces of speech that may wait for the speaker: the sentence after the one that is playing."""

PAUSE = 0.2
"""Seconds at a sentence's end that need not be heard: a voice is silent there for about as long."""


class Reply:
    """One reply on its way from the language model to the speaker."""

    def __init__(
        self,
        context: TurnContext,
        engines: Engines,
        settings: Settings,
        turn: str,
        on_speech: Callable[[], None] = lambda: None,
        *,
        on_sound: Callable[[], None],
        execute: Callable[[Action], Awaitable[None]],
        certain: Callable[[], Awaitable[None]],
        openings: Openings,
        ahead: bool = False,
    ) -> None:
        """`turn` is the id of the turn; `on_speech` is called before each sentence is spoken,
        `on_sound` when the first sound begins; `execute` executes actions; `certain` waits
        until a person has certainly finished; `openings` synthesizes the first sentence. `ahead`:
        it is prepared, up to its first sentence, and nothing is published, done or heard before
        `release`."""
        self.text = ""
        """The whole text."""
        self._context = context
        self._engines = engines
        self._settings = settings
        self._turn = turn
        self._on_speech = on_speech
        self._on_sound = on_sound
        self._execute = execute
        self._certain = certain
        self._openings = openings
        self._ahead = ahead
        self._released = asyncio.Event()
        self._unpublished: list[tuple[str, bool]] = []
        """Texts that wait for `release`, and whether they are final."""
        if not ahead:
            self._released.set()
        self._sentences: asyncio.Queue[str | None] = asyncio.Queue(SENTENCES_AHEAD)
        self._speech: asyncio.Queue[AudioChunk | str | None] = asyncio.Queue(CHUNKS_AHEAD)
        """Chunks of speech; each sentence follows its last chunk."""
        self._played: list[tuple[str, float]] = []
        """Sentences that the speaker received whole, each with its end in the sound (seconds)."""
        self._heard_seconds = 0.0
        self._first_sentence = True
        """None was synthesized yet."""
        self._acted = False
        """Whether the reply did something without words, or is known to have done so."""

    @property
    def spoken(self) -> list[str]:
        """The sentences that were heard to their end, once the reply is over."""
        return [sentence for sentence, end in self._played if end - PAUSE <= self._heard_seconds]

    def release(self) -> None:
        """Let a reply that was prepared ahead be heard, and done."""
        self._released.set()
        waiting, self._unpublished = self._unpublished, []
        for text, final in waiting:
            self._publish(text, final)
        if not self._speech.empty():
            self._on_speech()

    async def answer(self, request: ReplyRequest) -> None:
        """Answer a request. Raises `StageFailure` (llm, tts or speaker)."""
        await self._speak(self._write(request))

    async def say(self, text: str) -> None:
        """Speak an answer that is known already. Raises `StageFailure` (tts or speaker)."""
        await self._speak(self._split(text))

    async def _speak(self, writing: Coroutine[None, None, None]) -> None:
        with first_error(StageFailure):
            async with asyncio.TaskGroup() as tasks:
                working = (
                    tasks.create_task(writing, name="llm"),
                    tasks.create_task(self._synthesize(), name="tts"),
                )
                await self._play()
                for task in working:  # done, unless the speaker was silenced in the middle
                    task.cancel()

    async def _write(self, request: ReplyRequest) -> None:
        rules = text_rules(self._settings.language)
        splitter = SentenceSplitter(rules, early=True)
        with failing_as("llm"):
            limit = self._settings.deadlines.llm + fallback_seconds(self._engines.llm)
            parts = within(self._parts(request), limit, "the language model", "deadlines.llm")
            async with aclosing(parts):
                async for part in parts:
                    if isinstance(part, Action):
                        self._acted = True
                        await self._released.wait()
                        await self._execute(in_language(part, self._settings.language))
                        continue
                    if isinstance(part, Resumed):
                        splitter, self.text = SentenceSplitter(rules), part.text
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

    async def _parts(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart | Resumed, None]:
        """Ask the language model: ahead if possible, or else once the reply is released."""
        llm, begun = self._engines.llm, False
        if self._ahead and isinstance(llm, AnswersAhead):
            try:
                async with aclosing(llm.ahead(request)) as guessed:
                    async for part in guessed:
                        begun = True
                        yield part
                return
            except SatelliteError as error:
                _LOGGER.debug("not answered ahead: %s", error)
        await self._released.wait()
        if self._ahead:
            await self._certain()  # the model itself may do something
        if begun:
            yield Resumed(text="")  # the model calls a tool after all
        async with aclosing(llm.reply(request)) as parts:
            async for part in parts:
                yield part

    async def _split(self, text: str) -> None:
        self.text, self._acted = text, True
        splitter = SentenceSplitter(text_rules(self._settings.language))
        for sentence in (*splitter.push(text), *splitter.flush()):
            await self._sentences.put(sentence)
        await self._sentences.put(None)

    async def _synthesize(self) -> None:
        with failing_as("tts"):
            markup, lead, voiced = MarkupFilter(), Lead(), False
            while (sentence := await self._sentences.get()) is not None:
                if text := markup.clean(sentence):
                    voiced = await self._synthesize_sentence(sentence, text, lead) or voiced
                if voiced:
                    await self._released.wait()
            # an action needs no words; an answer of code alone would be silence
            if not voiced and (self.text.strip() or not self._acted):
                own = own_sentences(self._settings.language)
                text = own.nothing_to_say if self.text.strip() else own.no_answer
                await self._synthesize_sentence(text, text, lead, own.language)
        await self._speech.put(None)

    async def _synthesize_sentence(
        self, sentence: str, text: str, lead: Lead, language: str | None = None
    ) -> bool:
        """Synthesize a sentence's speakable text; return whether there was any sound.

        `language` is that of the settings by default.
        """
        if self._released.is_set():
            self._on_speech()
        language = language or self._settings.language
        same = codes.same(language, self._settings.language)
        request = SpeechRequest(
            text=text,
            voice=(self._settings.voice or None) if same else None,
            language=language,
            ahead=lead.seconds,
        )
        tts = self._engines.tts
        limit = self._settings.deadlines.tts + fallback_seconds(tts)
        first, self._first_sentence = self._first_sentence, False
        speech = self._openings.synthesize(tts, request) if first else tts.synthesize(request)
        chunks = within(speech, limit, "text-to-speech", "deadlines.tts")
        begun = False
        async with aclosing(chunks):
            async for chunk in chunks:
                check_playable(chunk)
                begun = True
                await self._speech.put(chunk)
                lead.add(chunk.format.seconds(chunk.audio))
        if begun:
            await self._speech.put(sentence)
        return begun

    async def _play(self) -> None:
        first = await self._speech.get()
        await self._released.wait()
        if isinstance(first, AudioChunk):
            with failing_as("speaker"):
                try:
                    async with aclosing(self._chunks(first)) as chunks:
                        await self._context.play(chunks, self._begin)
                finally:
                    self._heard_seconds = self._context.heard_seconds

    async def _chunks(self, first: AudioChunk) -> AsyncGenerator[AudioChunk, None]:
        position = 0.0
        part: AudioChunk | str | None = first
        while part is not None:
            if isinstance(part, str):
                self._played.append((part, position))
            else:
                position += part.format.seconds(part.audio)
                yield part
            part = await self._speech.get()
        self._context.publish(events.AudioEnd(turn=self._turn))

    def _begin(self) -> None:
        self._context.enter("speaking")
        self._context.publish(events.AudioStart(turn=self._turn))
        self._on_sound()

    def _publish(self, text: str, final: bool) -> None:
        if not self._released.is_set():
            self._unpublished.append((text, final))
            return
        engine = label(self._engines.llm)
        self._context.publish(events.Reply(text=text, final=final, engine=engine, turn=self._turn))
