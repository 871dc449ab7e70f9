"""A turn: from an utterance to its spoken answer, with exactly one outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import msgspec

from satellite import events
from satellite.audio.replay import recording
from satellite.errors import SatelliteError
from satellite.lib.deadline import too_slow
from satellite.listening.utterance import Utterance
from satellite.settings import Settings
from satellite.turns import outcome
from satellite.turns.context import Engines, StageFailure, TurnContext, failing_as, label
from satellite.turns.conversation import Conversation
from satellite.turns.driver import Driver, Handover
from satellite.turns.outcome import Answered, Cancelled, Failed, NothingHeard, Outcome
from satellite.turns.reply import Reply
from satellite.values import ReplyRequest, TranscribeRequest

_LOGGER = logging.getLogger(__name__)


class _NoSpeech(Exception):
    """Ends the work on an utterance in which nobody spoke."""


class Turn:
    """One turn, run once. Its id is its utterance's."""

    def __init__(
        self,
        utterance: Utterance,
        engines: Engines,
        conversation: Conversation,
        settings: Settings,
        stage: TurnContext,
        driver: Driver | None = None,
    ) -> None:
        """`driver`: who takes the turn as long as it is not lost."""
        self.id = utterance.id
        self.outcome: Outcome | None = None
        """How it ended, when it has."""
        self.driver = driver
        self.wakened = utterance.detection is not None
        """A wake word began it."""
        self.answers = utterance.answers
        """It answers what the satellite has asked."""
        self._utterance = utterance
        self._engines = engines
        self._conversation = conversation
        self._settings = settings
        self._stage = stage
        self._said: AsyncIterator[bytes] = utterance.audio

    async def run(self) -> Outcome:
        """Run the turn to its end and announce its outcome."""
        result: Outcome = Cancelled()
        try:
            result = await self._run()
        except StageFailure as failure:
            _LOGGER.warning("turn %s failed in %s", self.id, failure)
            result = Failed(failure.stage, str(failure.error))
            await self._apologise(failure.stage, failure.error)
        except Exception as error:
            _LOGGER.exception("turn %s: unexpected error", self.id)
            result = Failed("turn", f"{type(error).__name__}: {error}")
        finally:
            self.end(result)
        return result

    def end(self, result: Outcome) -> None:
        """Announce the outcome; only the first one counts."""
        if self.outcome is not None:
            return
        self.outcome = result
        self._utterance.close()
        failed = result if isinstance(result, Failed) else None
        self._stage.publish(
            events.TurnEnd(
                outcome=outcome.NAMES[type(result)],
                stage=failed.stage if failed else None,
                error=failed.error if failed else None,
                turn=self.id,
            )
        )

    async def _run(self) -> Outcome:
        if self.driver is None:
            return await self._finish()
        async with recording(self._utterance.audio) as record:
            result = await self.driver.drive(self._utterance, record, self._stage)
            if isinstance(result, Answered):
                self._conversation.add(result.text, result.reply)
            if not isinstance(result, Handover):
                return result
            self._tell_handover(self.driver.name, result.cause)
            async with aclosing(record.play()) as self._said:
                return await self._finish(result.transcript, result.reply)

    async def _finish(self, text: str | None = None, answer: str | None = None) -> Outcome:
        """Do what is left of the turn, from its beginning or from what is known already."""
        if text is None:
            text = await self._transcribe()
        if text is None:
            return NothingHeard()
        if not text:
            if not self.answers:  # who is asked need not answer, and others talk meanwhile
                await self._apologise("understand")
            return NothingHeard()
        return await self._answer(text, answer)

    def _tell_handover(self, origin: str, cause: SatelliteError) -> None:
        _LOGGER.warning("turn %s goes on without %s: %s", self.id, origin, cause)
        self._stage.publish(
            events.Failover(role="brain", origin=origin, to="local", error=str(cause), turn=self.id)
        )

    async def _transcribe(self) -> str | None:
        """Have the utterance written down while it is being said; None when nobody spoke."""
        listen, deadline = self._settings.listen, self._settings.deadlines.asr
        # an engine that never reads to the end is caught by the longest an utterance can take
        limit = asyncio.timeout(listen.maximum + listen.preroll + deadline)
        text = ""
        with failing_as("asr"):
            try:
                async with limit:
                    request = TranscribeRequest(
                        language=self._settings.language,
                        names=self._settings.home.names,
                        terms=self._settings.home.areas,
                    )
                    transcripts = self._engines.asr.transcribe(self._audio(limit), request)
                    async with aclosing(transcripts):
                        async for transcript in transcripts:
                            text = transcript.text.strip()
                            self._publish(text, transcript.final)
            except TimeoutError:
                raise too_slow("speech-to-text", deadline) from None
            except _NoSpeech:
                return None
        return text

    async def _audio(self, limit: asyncio.Timeout) -> AsyncGenerator[bytes, None]:
        async for audio in self._said:
            yield audio
        if not self._utterance.heard:
            raise _NoSpeech
        self._stage.enter("thinking")
        limit.reschedule(asyncio.get_running_loop().time() + self._settings.deadlines.asr)

    async def _answer(self, text: str, answer: str | None) -> Outcome:
        reply = Reply(self._stage, self._engines, self._settings, self.id)
        request = ReplyRequest(
            text=text,
            language=self._settings.language,
            history=self._conversation.history(),
            conversation=self._conversation.id,
            situation=msgspec.structs.replace(
                self._stage.situation(), persona=self._settings.persona or None
            ),
        )
        try:
            await (reply.give(request) if answer is None else reply.say(answer))
        finally:
            self._conversation.add(text, " ".join(reply.spoken))
        return Answered(text, reply.text)

    async def _apologise(self, reason: str, cause: SatelliteError | None = None) -> None:
        try:
            await self._stage.apologise(reason, cause)
        except SatelliteError as error:
            _LOGGER.warning("turn %s: its failure could not be made heard: %s", self.id, error)
        except Exception:
            _LOGGER.exception("turn %s: unexpected error while saying that it failed", self.id)

    def _publish(self, text: str, final: bool) -> None:
        engine = label(self._engines.asr)
        self._stage.publish(events.Transcript(text=text, final=final, engine=engine, turn=self.id))
