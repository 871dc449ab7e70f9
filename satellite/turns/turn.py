"""A turn: from an utterance to its spoken answer, with exactly one outcome."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import msgspec

from satellite import events
from satellite.audio.replay import recording
from satellite.errors import PluginBroken, SatelliteError
from satellite.languages.hearing import hearing
from satellite.languages.names import areas_for, names_for
from satellite.lib.containment import describe, is_foreign
from satellite.lib.deadline import fallback_seconds, too_slow
from satellite.listening.melody.melody import Melody
from satellite.listening.people.recognition import Match
from satellite.listening.stop_phrases import plain
from satellite.listening.utterance import Utterance
from satellite.settings import Settings
from satellite.turns import outcome
from satellite.turns.actions import is_reversible
from satellite.turns.ahead import Ahead
from satellite.turns.context import Engines, StageFailure, TurnContext, failing_as, label
from satellite.turns.conversation import Conversation
from satellite.turns.driver import Driver, Handover
from satellite.turns.end_of_turn import EndOfTurn
from satellite.turns.openings import Openings
from satellite.turns.outcome import Answered, Cancelled, Failed, NothingHeard, Outcome
from satellite.turns.reply import Reply
from satellite.turns.wait_notice import WaitNotice
from satellite.values import Action, Message, ReplyRequest, TranscribeRequest

_LOGGER = logging.getLogger(__name__)

WRITTEN = "keyboard"
"""The engine of a request that was written, in the event log."""


class _NoSpeech(Exception):
    """Ends the work on an utterance without speech."""


class Turn:
    """One turn, run once. Its id is its utterance's."""

    def __init__(
        self,
        utterance: Utterance,
        engines: Engines,
        conversation: Conversation,
        settings: Settings,
        context: TurnContext,
        driver: Driver | None = None,
        first: Turn | None = None,
        openings: Openings | None = None,
        melody: Melody | None = None,
    ) -> None:
        """`driver` takes the turn until it is lost; `first` is the turn that this one continues,
        which is withdrawn once the whole request is known; `openings` are those of the turns
        before; `melody` hears the end of the utterance."""
        self.id = utterance.id
        self.outcome: Outcome | None = None
        """None until the turn has ended."""
        self.driver = driver
        self.by_wake_word = utterance.detection is not None and utterance.continues is None
        """A wake word began it."""
        self.asked: str | None = None
        """The text that the brain was asked."""
        self.answered_mono: float | None = None
        """When its answer began to be heard, in monotonic seconds."""
        self.is_answer = utterance.is_answer
        """It answers a question of the satellite."""
        self.answers = utterance.answers
        """Expected answers to that question."""
        self.is_written = utterance.text is not None
        """Nothing is listened to."""
        self._utterance = utterance
        self._engines = engines
        self._conversation = conversation
        self._settings = settings
        self._context = context
        self._notice = WaitNotice(context, engines.tts, settings, self.id)
        self._ahead = Ahead(engines.llm, lambda: self._reply(ahead=True), self._request)
        self._ending = EndOfTurn(
            utterance, engines.llm, settings.listen, self._request, self._ahead.guess, melody
        )
        self._first = first
        self._openings = openings or Openings()
        self._withdrawn = False
        self._exchange: tuple[Message, ...] = ()
        self._undo: list[Callable[[], None]] = []
        self._alternatives: tuple[str, ...] = ()
        """Other texts that may have been said instead of the newest one."""

    async def run(self) -> Outcome:
        """Run the turn to its end and announce its outcome."""
        result: Outcome = Cancelled()
        try:
            result = await self._run()
        except StageFailure as failure:
            _LOGGER.warning("turn %s failed in %s", self.id, failure)
            result = Failed(failure.stage, str(failure.error))
            await self._apologise(failure.stage, failure.error)
        except BaseException as error:
            if not is_foreign(error):
                raise
            _LOGGER.exception("turn %s: unexpected error", self.id)
            result = Failed("turn", describe(error))
        finally:
            self.end(result)
        return result

    def withdraw(self) -> None:
        """Forget what was asked and answered, and put right what was done: the person goes on, and
        all of it is asked again."""
        self._withdrawn = True
        self._conversation.withdraw(self._exchange)
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        self._withdraw_first()

    @property
    def exchange(self) -> tuple[Message, ...]:
        """The messages that were remembered of it, and of the turns that it continues."""
        return self._exchange + (self._first.exchange if self._first is not None else ())

    @property
    def last_asked(self) -> str | None:
        """The text that the brain was asked last, in this turn or those that it continues."""
        if self.asked is None and self._first is not None:
            return self._first.last_asked
        return self.asked

    def _withdraw_first(self) -> None:
        if self._first is not None:
            first, self._first = self._first, None
            first.withdraw()

    def end(self, result: Outcome) -> None:
        """Announce the outcome; only the first one counts."""
        if self.outcome is not None:
            return
        self.outcome = result
        self._utterance.close()
        failed = result if isinstance(result, Failed) else None
        self._context.publish(
            events.TurnEnd(
                outcome=outcome.NAMES[type(result)],
                stage=failed.stage if failed else None,
                error=failed.error if failed else None,
                turn=self.id,
            )
        )

    async def _run(self) -> Outcome:
        if self._utterance.text is not None:
            return await self._finish_written(self._utterance.text)
        if self.driver is None:
            return await self._finish(self._utterance.audio)
        async with recording(self._utterance.audio) as record:
            result = await self.driver.drive(self._utterance, record, self._context)
            if isinstance(result, Answered):
                self._conversation.add(result.text, result.reply)
            if not isinstance(result, Handover):
                return result
            self._report_handover(self.driver.name, result.cause)
            async with aclosing(record.play()) as audio:
                return await self._finish(audio, result.transcript, result.reply)

    async def _finish_written(self, text: str) -> Outcome:
        self._context.enter("thinking")
        written = events.Transcript(text=text, final=True, engine=WRITTEN, turn=self.id)
        self._context.publish(written)
        return await self._finish(self._utterance.audio, text)

    async def _finish(
        self, audio: AsyncIterator[bytes], text: str | None = None, answer: str | None = None
    ) -> Outcome:
        """Run the rest of the turn: all of it, or from a known transcript or reply on."""
        async with self._notice.watching(), self._ahead.working():
            if text is None:
                text = await self._transcribe(audio)
            if text is None:
                return NothingHeard()
            if not text:
                if not self.is_answer:  # a question needs no answer, and people talk meanwhile
                    await self._apologise("understand")
                return NothingHeard()
            if self._first is not None and await asyncio.to_thread(self._only_stops, text):
                return Cancelled()
            self._notice.begin()
            return await self._answer(text, answer)

    def _only_stops(self, text: str) -> bool:
        """Return whether the person went on with a stop word alone: that is no part of a request,
        and what was asked before it stays done."""
        before = self._first.last_asked if self._first is not None else None
        if before is None or not self._settings.listen.stop_words:
            return False
        try:
            words = hearing(self.language).stop_words
        except PluginBroken as error:
            _LOGGER.debug("no stop words: %s", error)
            return False
        return plain(text).removeprefix(plain(before)).strip() in map(plain, words)

    def _report_handover(self, origin: str, cause: SatelliteError) -> None:
        _LOGGER.warning("turn %s continues without %s: %s", self.id, origin, cause)
        self._context.publish(
            events.Failover(role="brain", origin=origin, to="local", error=str(cause), turn=self.id)
        )

    async def _transcribe(self, audio: AsyncIterator[bytes]) -> str | None:
        """Transcribe the utterance while it is being spoken; None if it has no speech."""
        listen, deadline = self._settings.listen, self._asr_deadline
        # an engine that never reads to the end is caught by the longest an utterance can take
        limit = asyncio.timeout(listen.maximum + listen.preroll + deadline)
        text = ""
        with failing_as("asr"):
            try:
                async with limit:
                    request = TranscribeRequest(
                        language=self._settings.language,
                        names=self._settings.home.own_names,
                        terms=self._settings.home.own_areas,
                        answers=self._utterance.answers,
                        pauses=self._ending.wanted,
                    )
                    transcripts = self._engines.asr.transcribe(self._speech(audio, limit), request)
                    async with self._ending.judging(), aclosing(transcripts):
                        async for transcript in transcripts:
                            if transcript.pause_text is not None or transcript.final:
                                self._alternatives = transcript.alternatives
                            if transcript.pause_text is not None:
                                self._ending.hear(transcript)
                            if transcript.final or transcript.text.strip() != text:
                                text = transcript.text.strip()
                                self._publish(text, transcript.final)
            except TimeoutError:
                raise too_slow("speech-to-text", deadline, "deadlines.asr") from None
            except _NoSpeech:
                return None
        self._report_person()
        await self._ending.settle(text)
        return text

    @property
    def _person(self) -> Match | None:
        """The person who speaks, as far as it is known by now."""
        check = self._utterance.voice_check
        return None if check is None else check.match

    def _report_person(self) -> None:
        if (person := self._person) is not None:
            found = events.Person(name=person.name, score=person.score, turn=self.id)
            self._context.publish(found)

    async def _speech(
        self, audio: AsyncIterator[bytes], limit: asyncio.Timeout
    ) -> AsyncGenerator[bytes, None]:
        check = self._utterance.voice_check
        async for chunk in audio:
            if check is not None:
                check.hear(chunk)
            yield chunk
        if not self._utterance.has_speech:
            raise _NoSpeech
        if check is not None:
            check.finish()
        self._context.enter("thinking")
        self._notice.begin()
        limit.reschedule(asyncio.get_running_loop().time() + self._asr_deadline)

    @property
    def language(self) -> str:
        """The language of the turn's assistant."""
        return self._settings.language

    @property
    def _asr_deadline(self) -> float:
        """Seconds from the end of the utterance to its text."""
        return self._settings.deadlines.asr + fallback_seconds(self._engines.asr)

    async def _answer(self, text: str, answer: str | None) -> Outcome:
        prepared = await self._ahead.take(text) if answer is None else None
        request = self._request(text)
        self._withdraw_first()
        self.asked = text
        reply = self._reply() if prepared is None else prepared[0]
        try:
            if prepared is not None:
                _LOGGER.debug("turn %s was answered ahead", self.id)
                reply.release()
                await prepared[1]
            elif answer is None:
                if self._ending.by_melody:
                    await self._ending.certain()  # the brain itself may do something
                await reply.answer(request)
            else:
                await reply.say(answer)
        finally:
            if not self._withdrawn:
                spoken = " ".join(reply.spoken)
                self._exchange = self._conversation.add(text, spoken, written=reply.text)
        return Answered(text, reply.text)

    def _reply(self, ahead: bool = False) -> Reply:
        return Reply(
            self._context,
            self._engines,
            self._settings,
            self.id,
            self._notice.withdraw,
            on_sound=self._note_sound,
            execute=self._execute,
            certain=self._ending.certain,
            openings=self._openings,
            ahead=ahead,
        )

    def _note_sound(self) -> None:
        self.answered_mono = time.monotonic()

    async def _execute(self, action: Action) -> None:
        """Execute an action; one that cannot be undone not before it is certain that the person
        has finished."""
        if not is_reversible(action):
            await self._ending.certain()
        if self._withdrawn:
            return
        if (undo := self._context.execute(action)) is not None:
            self._undo.append(undo)

    def _request(self, text: str) -> ReplyRequest:
        return ReplyRequest(
            text=text,
            language=self._settings.language,
            history=self._conversation.history(self._first.exchange if self._first else ()),
            conversation=self._conversation.id,
            replaces=self._first.last_asked if self._first is not None else None,
            alternatives=self._alternatives,
            situation=msgspec.structs.replace(
                self._context.situation(),
                speaker=None if self._person is None else self._person.name,
                persona=self._settings.persona or None,
                names=names_for(self._settings.home, self._settings.language),
                areas=areas_for(self._settings.home, self._settings.language),
            ),
        )

    async def _apologise(self, reason: str, cause: SatelliteError | None = None) -> None:
        self._notice.withdraw()
        try:
            await self._context.apologise(reason, cause, self.language)
        except SatelliteError as error:
            _LOGGER.warning("turn %s: cannot report its failure aloud: %s", self.id, error)
        except BaseException as unexpected:
            if not is_foreign(unexpected):
                raise
            _LOGGER.exception(
                "turn %s: unexpected error while reporting its failure aloud", self.id
            )

    def _publish(self, text: str, final: bool) -> None:
        engine = label(self._engines.asr)
        self._context.publish(
            events.Transcript(text=text, final=final, engine=engine, turn=self.id)
        )
