"""The state of one run of Home Assistant's pipeline, from its events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import Synthesize
from wyoming.vad import VoiceStopped

from satellite.errors import SatelliteError
from satellite.homeassistant.driver.dialect import CONTINUE
from satellite.net.incoming_speech import IncomingSpeech
from satellite.net.memory_budget import Budget
from satellite.net.messages import error_of, read


class PipelineRun:
    """The results of a run so far; `wait_for` waits for more of them."""

    def __init__(self, memory: Budget | None = None) -> None:
        """`memory` counts the speech that waits to be played."""
        self._memory = memory
        self.speech_ended = False
        """Home Assistant has detected the end of the speech."""
        self.transcript: str | None = None
        self.answer: str | None = None
        self.speech: IncomingSpeech | None = None
        self.failure: SatelliteError | None = None
        self.code: str | None = None
        """Home Assistant's own code for the failure."""
        self.asks = False
        """It asks for an answer to its own."""
        self.discard_speech = False
        """The speech that still arrives is not to be played."""
        self._changed = asyncio.Event()

    @property
    def understood(self) -> bool:
        """Whether the transcript has arrived, or never will."""
        return self.transcript is not None or self.failure is not None

    @property
    def needs_no_audio(self) -> bool:
        """Whether it needs no more audio of the microphone."""
        return self.speech_ended or self.understood

    def handle(self, event: Event) -> None:
        """Apply an event; a malformed one ends the run."""
        try:
            self._apply(event)
        except SatelliteError as error:
            self.fail(error)
        self._changed.set()

    def _apply(self, event: Event) -> None:
        if VoiceStopped.is_type(event.type):
            self.speech_ended = True
        elif Transcript.is_type(event.type):
            self.transcript = read(Transcript, event).text.strip()
        elif Synthesize.is_type(event.type):
            self.answer = read(Synthesize, event).text.strip()
        elif event.type == CONTINUE:
            self.asks = True
        elif AudioStart.is_type(event.type):
            self.speech = self.speech or IncomingSpeech(self._memory)
        elif AudioChunk.is_type(event.type) and self.speech is not None:
            self.speech.take(event)
        elif AudioStop.is_type(event.type) and self.speech is not None:
            self.speech.end()
        elif Error.is_type(event.type):
            self.fail(error_of(event), event.data.get("code"))

    def fail(self, failure: SatelliteError, code: str | None = None) -> None:
        """End the run with an error; only the first one counts."""
        if self.failure is None:
            self.failure, self.code = failure, code
        if self.speech is not None:
            self.speech.end(cut_off=True)
        self._changed.set()

    def notify(self) -> None:
        """Let `wait_for` check its condition again."""
        self._changed.set()

    @property
    def awaits_audio(self) -> bool:
        """Whether the next sound belongs to its answer."""
        ended = self.speech is not None and self.speech.ended
        over = ended or self.failure is not None or (self.answer == "" and self.speech is None)
        return self.transcript is not None and not over

    @property
    def owes_audio(self) -> bool:
        """Whether sound of its answer is still to arrive."""
        begun = self.discard_speech or self.speech is not None or self.answer is not None
        ended = self.failure is not None or (self.speech is not None and self.speech.ended)
        return begun and not ended

    async def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds; return whether it did within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True
