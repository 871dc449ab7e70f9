"""A turn that Home Assistant takes: it receives the sound, and its answer is played here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
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
"""Seconds of sound sent from before the voice. A longer pause after the wake word would end the
command: Home Assistant takes the word for the command, and 0.7 s of silence for its end."""

PIECE = SPEECH.bytes_of(0.2)
"""Largest number of bytes of sound in one event, so that a ping never waits long behind it."""

NOTHING_HEARD = ("duplicate_wake_up_detected", "wake_word_detection_aborted", "wake-word-timeout")
"""Home Assistant's codes for runs that end without a request: another satellite is nearer."""

NOT_UNDERSTOOD = "stt-no-text-recognized"

STOP = ("stop", "stop it", "cancel", "quiet", "be quiet", "shut up", "enough", "ok", "okay")
"""Requests that stop a timer that rings; Home Assistant, which does not ring it, cannot stop it."""


class HomeAssistantLost:
    """Fails a turn that only Home Assistant may take, while it is not connected."""

    name = NAME

    async def drive(
        self, utterance: Utterance, recording: Recording, context: TurnContext
    ) -> Outcome | Handover:
        """Raise `StageFailure`."""
        raise StageFailure(NAME, WireError("Home Assistant is not connected"))


class HomeAssistantDriver:
    """Takes one turn on a connection."""

    name = NAME

    def __init__(
        self,
        link: DriverLink,
        settings: Settings,
        *,
        running: bool = False,
        ringing: bool = False,
        request_answer: Callable[[], None] = lambda: None,
    ) -> None:
        """`running`: its pipeline has detected the wake word itself and is listening; `ringing`: a
        timer rang when the turn began; `request_answer` has this satellite listen after the reply.
        """
        self._link = link
        self._settings = settings
        self._running = running
        self._ringing = ringing
        self._request_answer = request_answer

    async def drive(
        self, utterance: Utterance, recording: Recording, context: TurnContext
    ) -> Outcome | Handover:
        """Take the turn: see `satellite.turns.driver`.

        With `brain` homeassistant there is no handover: raises `StageFailure`.
        """
        with self._link.running() as run:
            if not self._running:
                self._begin(utterance)
            if outcome := await self._listen(run, utterance, recording, context):
                return outcome
            if run.transcript and (outcome := await self._answer(run, utterance, context)):
                return outcome
        cause = run.failure or EngineTimeout("Home Assistant took too long")
        if self._settings.brain != "auto":
            raise StageFailure(self._failed_stage(run, cause), cause)
        return Handover(cause=cause, transcript=run.transcript, reply=run.answer or None)

    def _begin(self, utterance: Utterance) -> None:
        if utterance.detection is not None:
            self._link.send(Detection(name=utterance.detection.word).event())
        self._link.send(RunPipeline(PipelineStage.ASR, PipelineStage.TTS).event())

    async def _listen(
        self, run: PipelineRun, utterance: Utterance, recording: Recording, context: TurnContext
    ) -> Outcome | None:
        """Have the utterance transcribed; return an outcome if that ends the turn."""
        listen, deadline = self._settings.listen, self._settings.deadlines.asr
        async with asyncio.TaskGroup() as tasks:
            uploading = tasks.create_task(self._upload(run, utterance, recording))
            uploading.add_done_callback(lambda _: run.notify())
            longest = listen.maximum + listen.preroll + deadline
            await run.wait_for(lambda: run.needs_no_audio or uploading.done(), longest)
            if run.needs_no_audio and run.failure is None:
                utterance.close()  # it has detected the end before us
                context.enter("thinking")
            elif run.failure is None and not utterance.has_speech:
                return NothingHeard()
            elif run.failure is None:
                context.enter("thinking")
            await run.wait_for(lambda: run.understood, deadline)
            uploading.cancel()
        return await self._without_transcript(run, utterance, context)

    async def _without_transcript(
        self, run: PipelineRun, utterance: Utterance, context: TurnContext
    ) -> Outcome | None:
        if run.transcript:
            self._publish_transcript(run.transcript, utterance, context)
            return None
        if run.transcript == "" or run.code == NOT_UNDERSTOOD:
            if utterance.has_speech and not utterance.is_answer:
                await context.apologise("understand")
            return NothingHeard()
        return NothingHeard() if run.code in NOTHING_HEARD else None

    async def _upload(self, run: PipelineRun, utterance: Utterance, recording: Recording) -> None:
        """Send the utterance from its first word on, until the run needs no more audio."""
        waiting = bytearray()
        begun = False
        async with aclosing(recording.play()) as audio:
            async for chunk in audio:
                if run.needs_no_audio:
                    return
                waiting += chunk
                if utterance.voice is None:
                    continue
                if not begun:
                    begun = True
                    # it has the sound from before the wake word if it detected that itself
                    known = utterance.before if self._running else 0
                    del waiting[: max(known, utterance.voice - SPEECH.bytes_of(LEAD))]
                for start in range(0, len(waiting), PIECE):
                    self._link.send(audio_event(bytes(waiting[start : start + PIECE])))
                waiting.clear()
        if not run.needs_no_audio:
            self._link.send(AudioStop().event())

    async def _answer(
        self, run: PipelineRun, utterance: Utterance, context: TurnContext
    ) -> Outcome | None:
        """Play the answer; return None if there is none, or none of it was heard."""
        asked = run.transcript or ""
        if self._ringing and asked.lower().strip(" .!?") in STOP:
            run.discard_speech = True
            return Answered(asked, "")
        came = await run.wait_for(
            lambda: bool(run.speech or run.answer is not None or run.failure),
            self._settings.homeassistant.answer,
        )
        if not came:
            # it may carry out a command without an answer, and reports nothing then
            return Answered(asked, "")
        published = self._publish_answer(run, utterance, context)
        if run.answer == "" and run.speech is None:
            return Answered(asked, "")
        await run.wait_for(lambda: bool(run.speech or run.failure), self._settings.deadlines.tts)
        if run.speech is None:
            return None
        had_sound = await self._play(run.speech, utterance, context)
        if run.asks:
            self._request_answer()
        if run.answer is not None and not published:
            self._publish_answer(run, utterance, context)
        if not had_sound and (run.failure is not None or run.speech.cut_off):
            return None
        return Answered(asked, run.answer or "")

    async def _play(
        self, speech: IncomingSpeech, utterance: Utterance, context: TurnContext
    ) -> bool:
        """Play the answer to its end and confirm it; return whether it had sound."""
        begun = False

        def begin() -> None:
            nonlocal begun
            begun = True
            context.enter("speaking")
            context.publish(events.AudioStart(turn=utterance.id))

        async def chunks() -> AsyncGenerator[Sound, None]:
            async with aclosing(speech.chunks(self._settings.deadlines.tts)) as parts:
                async for part in parts:
                    yield part
            if begun:
                context.publish(events.AudioEnd(turn=utterance.id))

        try:
            async with aclosing(chunks()) as audio:
                await context.play(audio, begin)
        except SatelliteError as error:
            raise StageFailure("speaker", error) from error
        finally:
            self._link.send(Played().event())
        return begun

    def _publish_transcript(self, text: str, utterance: Utterance, context: TurnContext) -> None:
        context.publish(events.Transcript(text=text, final=True, engine=NAME, turn=utterance.id))

    def _publish_answer(self, run: PipelineRun, utterance: Utterance, context: TurnContext) -> bool:
        if run.answer is None:
            return False
        context.publish(events.Reply(text=run.answer, final=True, engine=NAME, turn=utterance.id))
        return True

    def _failed_stage(self, run: PipelineRun, cause: SatelliteError) -> str:
        """Return the stage that failed: one that Home Assistant reports, or itself."""
        if run.code is None:
            return NAME
        if run.transcript is None:
            return "asr"
        return "llm" if run.answer is None else "tts"


def audio_event(audio: bytes) -> Event:
    """Return an event with sound of the microphone."""
    return AudioChunk(rate=SPEECH.rate, width=2, channels=1, audio=audio).event()
