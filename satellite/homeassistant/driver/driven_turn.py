"""A turn that Home Assistant takes: sound goes there, what it says is heard here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import Event
from wyoming.pipeline import PipelineStage, RunPipeline
from wyoming.snd import Played
from wyoming.wake import Detection

from satellite import events
from satellite.audio.replay import Recording
from satellite.errors import EngineTimeout, SatelliteError, WireError
from satellite.homeassistant.driver.link import DriverLink
from satellite.homeassistant.driver.pipeline_run import PipelineRun
from satellite.listening.utterance import Utterance
from satellite.net.incoming_speech import IncomingSpeech
from satellite.settings import Settings
from satellite.turns.context import StageFailure, TurnContext
from satellite.turns.driver import Handover
from satellite.turns.outcome import Answered, NothingHeard, Outcome
from satellite.values import SPEECH
from satellite.values import AudioChunk as Sound

NAME = "homeassistant"

LEAD = 0.6
"""Seconds sent from before the voice. A longer pause after the wake word would end the command:
Home Assistant takes the word for the command, and 0.7 s of silence for its end."""

PIECE = SPEECH.bytes_of(0.2)
"""Most bytes of sound in one event, so that a ping never waits long behind them."""

NOTHING_HEARD = ("duplicate_wake_up_detected", "wake_word_detection_aborted", "wake-word-timeout")
"""Home Assistant's codes for runs that end without a word: another satellite is nearer."""

NOT_UNDERSTOOD = "stt-no-text-recognized"

STOP = ("stop", "stop it", "cancel", "quiet", "be quiet", "shut up", "enough", "ok", "okay")
"""What is said to a timer that rings; Home Assistant, which does not ring it, cannot stop it."""


class HomeAssistantLost:
    """Home Assistant shall take the turn, and is not there."""

    name = NAME

    async def drive(
        self, utterance: Utterance, record: Recording, stage: TurnContext
    ) -> Outcome | Handover:
        """Fail at once."""
        raise StageFailure(NAME, WireError("Home Assistant is not connected"))


class HomeAssistantDriver:
    """Takes one turn."""

    name = NAME

    def __init__(
        self, link: DriverLink, settings: Settings, *, running: bool = False, ringing: bool = False
    ) -> None:
        """`running`: its pipeline has heard the wake word itself and is listening; `ringing`: a
        timer rang when the turn began."""
        self._link = link
        self._settings = settings
        self._running = running
        self._ringing = ringing

    async def drive(
        self, utterance: Utterance, record: Recording, stage: TurnContext
    ) -> Outcome | Handover:
        """Take the turn, see `satellite.turns.driver`. With `brain` homeassistant nothing is handed
        over: raises `StageFailure`."""
        with self._link.running() as run:
            if not self._running:
                self._begin(utterance)
            if outcome := await self._listen(run, utterance, record, stage):
                return outcome
            if run.transcript and (outcome := await self._answer(run, utterance, stage)):
                return outcome
        cause = run.failure or EngineTimeout("Home Assistant took too long")
        if self._settings.brain != "auto":
            raise StageFailure(self._stage_of(run, cause), cause)
        return Handover(cause=cause, transcript=run.transcript, reply=run.answer or None)

    def _begin(self, utterance: Utterance) -> None:
        if utterance.detection is not None:
            self._link.send(Detection(name=utterance.detection.word).event())
        self._link.send(RunPipeline(PipelineStage.ASR, PipelineStage.TTS).event())

    async def _listen(
        self, run: PipelineRun, utterance: Utterance, record: Recording, stage: TurnContext
    ) -> Outcome | None:
        """Have the utterance understood; an outcome where there is nothing more to do."""
        listen, deadline = self._settings.listen, self._settings.deadlines.asr
        async with asyncio.TaskGroup() as tasks:
            uploading = tasks.create_task(self._upload(run, utterance, record))
            uploading.add_done_callback(lambda _: run.nudge())
            longest = listen.maximum + listen.preroll + deadline
            await run.until(lambda: run.deaf or uploading.done(), longest)
            if run.deaf and run.failure is None:
                utterance.close()  # it has heard the end of it before we did
                stage.enter("thinking")
            elif run.failure is None and not utterance.has_speech:
                return NothingHeard()
            elif run.failure is None:
                stage.enter("thinking")
            await run.until(lambda: run.understood, deadline)
            uploading.cancel()
        return await self._misheard(run, utterance, stage)

    async def _misheard(
        self, run: PipelineRun, utterance: Utterance, stage: TurnContext
    ) -> Outcome | None:
        if run.transcript:
            self._tell_transcript(run.transcript, utterance, stage)
            return None
        if run.transcript == "" or run.code == NOT_UNDERSTOOD:
            if utterance.has_speech and not utterance.is_answer:
                await stage.apologise("understand")
            return NothingHeard()
        return NothingHeard() if run.code in NOTHING_HEARD else None

    async def _upload(self, run: PipelineRun, utterance: Utterance, record: Recording) -> None:
        """Send the utterance from its first word on, as long as it is listened to."""
        waiting = bytearray()
        begun = False
        async with aclosing(record.play()) as audio:
            async for chunk in audio:
                if run.deaf:
                    return
                waiting += chunk
                if utterance.voice is None:
                    continue
                if not begun:
                    begun = True
                    # what is from before its wake word it has already where it heard that itself
                    known = utterance.before if self._running else 0
                    del waiting[: max(known, utterance.voice - SPEECH.bytes_of(LEAD))]
                for start in range(0, len(waiting), PIECE):
                    self._link.send(microphone(bytes(waiting[start : start + PIECE])))
                waiting.clear()
        if not run.deaf:
            self._link.send(AudioStop().event())

    async def _answer(
        self, run: PipelineRun, utterance: Utterance, stage: TurnContext
    ) -> Outcome | None:
        """Have the answer heard; None when there is none, or nobody could hear it."""
        asked = run.transcript or ""
        if self._ringing and asked.lower().strip(" .!?") in STOP:
            run.unwanted = True
            return Answered(asked, "")
        came = await run.until(
            lambda: bool(run.speech or run.answer is not None or run.failure),
            self._settings.homeassistant.answer,
        )
        if not came:
            # a command may be carried out without a word, which nobody tells us
            return Answered(asked, "")
        told = self._tell_answer(run, utterance, stage)
        if run.answer == "" and run.speech is None:
            return Answered(asked, "")
        await run.until(lambda: bool(run.speech or run.failure), self._settings.deadlines.tts)
        if run.speech is None:
            return None
        heard = await self._play(run.speech, utterance, stage)
        if run.answer is not None and not told:
            self._tell_answer(run, utterance, stage)
        if not heard and (run.failure is not None or run.speech.cut_off):
            return None
        return Answered(asked, run.answer or "")

    async def _play(self, speech: IncomingSpeech, utterance: Utterance, stage: TurnContext) -> bool:
        """Play the answer to its end and say when the speaker is silent; whether it had sound."""
        begun = False

        def begin() -> None:
            nonlocal begun
            begun = True
            stage.enter("speaking")
            stage.publish(events.AudioStart(turn=utterance.id))

        async def chunks() -> AsyncGenerator[Sound, None]:
            async with aclosing(speech.chunks(self._settings.deadlines.tts)) as parts:
                async for part in parts:
                    yield part
            if begun:
                stage.publish(events.AudioEnd(turn=utterance.id))

        try:
            async with aclosing(chunks()) as audio:
                await stage.play(audio, begin)
        except SatelliteError as error:
            raise StageFailure("speaker", error) from error
        finally:
            self._link.send(Played().event())
        return begun

    def _tell_transcript(self, text: str, utterance: Utterance, stage: TurnContext) -> None:
        stage.publish(events.Transcript(text=text, final=True, engine=NAME, turn=utterance.id))

    def _tell_answer(self, run: PipelineRun, utterance: Utterance, stage: TurnContext) -> bool:
        if run.answer is None:
            return False
        stage.publish(events.Reply(text=run.answer, final=True, engine=NAME, turn=utterance.id))
        return True

    def _stage_of(self, run: PipelineRun, cause: SatelliteError) -> str:
        """Where the turn failed: Home Assistant itself, or what it reports of a stage."""
        if run.code is None:
            return NAME
        if run.transcript is None:
            return "asr"
        return "llm" if run.answer is None else "tts"


def microphone(audio: bytes) -> Event:
    """Microphone sound as an event."""
    return AudioChunk(rate=SPEECH.rate, width=2, channels=1, audio=audio).event()
