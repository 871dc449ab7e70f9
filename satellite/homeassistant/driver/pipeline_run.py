"""One run of Home Assistant's pipeline, as far as its events have told of it."""

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
from satellite.net.incoming_speech import IncomingSpeech
from satellite.net.messages import error_of, read


class PipelineRun:
    """What a run has brought so far; who waits for more of it awaits `until`."""

    def __init__(self) -> None:
        self.heard_enough = False
        """Home Assistant listens no further."""
        self.transcript: str | None = None
        self.answer: str | None = None
        self.speech: IncomingSpeech | None = None
        self.failure: SatelliteError | None = None
        self.code: str | None = None
        """Home Assistant's own code for the failure."""
        self.unwanted = False
        """What it still brings shall not be heard."""
        self._changed = asyncio.Event()

    @property
    def understood(self) -> bool:
        """The transcript has come, or never will."""
        return self.transcript is not None or self.failure is not None

    @property
    def deaf(self) -> bool:
        """Microphone audio is of no more use to it."""
        return self.heard_enough or self.understood

    def take(self, event: Event) -> None:
        """Take note of an event; a malformed one ends the run."""
        try:
            self._take(event)
        except SatelliteError as error:
            self.fail(error)
        self._changed.set()

    def _take(self, event: Event) -> None:
        if VoiceStopped.is_type(event.type):
            self.heard_enough = True
        elif Transcript.is_type(event.type):
            self.transcript = read(Transcript, event).text.strip()
        elif Synthesize.is_type(event.type):
            self.answer = read(Synthesize, event).text.strip()
        elif AudioStart.is_type(event.type):
            self.speech = self.speech or IncomingSpeech()
        elif AudioChunk.is_type(event.type) and self.speech is not None:
            self.speech.take(event)
        elif AudioStop.is_type(event.type) and self.speech is not None:
            self.speech.end()
        elif Error.is_type(event.type):
            self.fail(error_of(event), event.data.get("code"))

    def fail(self, failure: SatelliteError, code: str | None = None) -> None:
        """Nothing more will come, and why. Only the first time counts."""
        if self.failure is None:
            self.failure, self.code = failure, code
        if self.speech is not None:
            self.speech.end(cut_off=True)
        self._changed.set()

    def nudge(self) -> None:
        """Have those who wait look again."""
        self._changed.set()

    @property
    def awaits_sound(self) -> bool:
        """Sound that comes is its answer's."""
        ended = self.speech is not None and self.speech.ended
        return self.transcript is not None and not ended

    @property
    def owes_sound(self) -> bool:
        """Sound of it is still to come."""
        begun = self.unwanted or self.speech is not None or self.answer is not None
        ended = self.failure is not None or (self.speech is not None and self.speech.ended)
        return begun and not ended

    async def until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is true; say whether it became so in time."""
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True
