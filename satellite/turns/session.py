"""A conversation: a satellite's own turns around one microphone and one speaker.

It is what `satellite talk` and each browser of the page run, without Home Assistant and without
other satellites.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Literal

import msgspec

from satellite.audio.playback import Playback
from satellite.audio.tap import Source
from satellite.events import Event
from satellite.lib.containment import Containment
from satellite.lib.persistence import StoredValue
from satellite.listening.listener import Listener
from satellite.listening.mute import Mute
from satellite.listening.people.recognition import SpeakerRecognition
from satellite.listening.utterance import Utterance
from satellite.listening.voice_watch import FRAMES, VoiceWatch
from satellite.ports import Vad, Wake
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.timers.schedule import Schedule
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.follow_up import FollowUp
from satellite.turns.parts import SpeechParts, TurnParts
from satellite.values import EngineInfo, Situation, TranscribeRequest, Transcript

PATIENCE = 120.0
"""Seconds for each piece of an answer, at least: a person sees that it takes long, and can
interrupt it."""

PREROLL = 0.6
"""Seconds of sound before a voice was noticed that belong to the request: a soft beginning."""

INTERRUPTING = 8
"""Frames of voice in a row that interrupt an answer: 0.26 s, more than a cough or an echo has."""

LONGEST = 60.0
"""Seconds of a request that the person ends, as by releasing a button."""

Attention = Literal["asked", "voice", "wake"]
"""What begins a request: the person by hand, any voice, or the wake word."""


class Deaf:
    """Speech-to-text of a conversation that is typed alone: nothing is heard."""

    async def load(self) -> None:
        """Do nothing."""

    def describe(self) -> EngineInfo:
        return EngineInfo(name="deaf", description="No microphone")

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield an empty transcript."""
        yield Transcript(text="", final=True)

    async def close(self) -> None:
        """Do nothing."""


class Session:
    """One conversation, spoken or typed."""

    def __init__(
        self,
        settings: Settings,
        publish: Callable[[Event], None],
        engines: Engines,
        playback: Playback,
        mute: Mute,
        source: Source | None,
        vads: tuple[Vad, Vad] | None,
        *,
        wake: Wake | None = None,
        attention: Attention = "asked",
        interruptible: bool = False,
        conversation: Conversation | None = None,
        store: StoredValue[Schedule] | None = None,
        people: SpeakerRecognition | None = None,
    ) -> None:
        """`source`: the microphone; without it, requests are typed only.

        `vads`: one for requests, and one for the open microphone. `interruptible`: whether a voice
        ends an answer, as where the echo of the speaker is removed from the microphone. `store`
        preserves timers; `people` recognizes the speaker.
        """
        self._attention: Attention = attention
        self._interruptible = interruptible
        self._utterance: Utterance | None = None
        self._settings = settings
        self._wake = wake
        self._speech = SpeechParts(settings, engines.tts, playback, publish, mute, store)
        self._assistant = Assistant(
            settings, engines, local=True, conversation=conversation or new_conversation()
        )
        self._voice_watch: VoiceWatch | None = None
        self._listener = (
            self._listen(settings, publish, source, vads)
            if source is not None and vads is not None
            else None
        )
        self._parts = TurnParts(
            self._speech,
            Assistants(self._assistant),
            FollowUp(settings.listen.follow_up if wake is not None else "never"),
            listen_now=self._listen_on,
            people=people,
        )
        self._turns = self._parts.manager

    def _listen(
        self,
        settings: Settings,
        publish: Callable[[Event], None],
        source: Source,
        vads: tuple[Vad, Vad],
    ) -> Listener:
        self._voice_watch = VoiceWatch(
            vads[1],
            settings.listen.threshold,
            self._on_voice,
            lambda: INTERRUPTING if self.busy else FRAMES,
        )
        return Listener(
            source,
            self._engine_of(self._attention) or self._voice_watch,
            vads[0],
            settings.listen,
            publish,
            attentive=self._attentive,
        )

    @property
    def hears(self) -> bool:
        """Whether there is a microphone."""
        return self._listener is not None

    @property
    def open_microphone(self) -> bool:
        """Whether any voice begins a request."""
        return self._attention == "voice"

    @open_microphone.setter
    def open_microphone(self, wanted: bool) -> None:
        self._attention = "voice" if wanted else "asked"

    @property
    def phase(self) -> str:
        """What the satellite does now."""
        return self._speech.activity.phase

    @property
    def busy(self) -> bool:
        """Whether a turn runs, or something is said or rung."""
        return self._turns.busy

    @property
    def conversation(self) -> Conversation:
        """What was said so far."""
        return self._assistant.conversation

    @property
    def timers(self) -> TimerManager:
        """Timers and alarms."""
        return self._speech.timers

    @property
    def situation(self) -> Situation:
        """The state that requests are sent with."""
        return self._parts.context.situation()

    async def run(self) -> None:
        """Run the conversation until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, run in self._parts.tasks.items():
                tasks.create_task(Containment(f"the part for {name}").run(run), name=name)
            if self._listener is not None:
                listening = self._listener.run(self._accept, idle=lambda: not self.busy)
                tasks.create_task(listening, name="listening")

    async def wait_until_running(self) -> None:
        """Wait until requests are accepted."""
        await self._turns.wait_until_running()

    async def attend(self, attention: Attention) -> None:
        """Begin requests by other means from now on; without a wake engine, any voice does what
        the wake word would."""
        self._attention = attention
        engine = self._engine_of(attention)
        listener = self._listener
        if listener is not None and engine is not None and engine is not listener.wake:
            await listener.use_engine(engine)

    def ask(self, text: str) -> None:
        """Answer a text, in place of what is answered now."""
        self._speech.timers.dismiss()
        self._turns.start(Utterance(None, 1.0, text=text))

    def listen(self, *, held: bool = False) -> bool:
        """Listen to a request; return whether that was possible.

        A `held` one ends when `end_listening` is called, and not at a pause. It takes the place of
        what is answered now.
        """
        if self._listener is None:
            return False
        if not held:
            return self._listener.listen_now()
        self._speech.timers.dismiss()
        by_hand = msgspec.structs.replace(
            self._settings.listen,
            silence=LONGEST,
            nothing_said=LONGEST,
            maximum=LONGEST,
            by_meaning=False,
        )
        return self._listener.listen_now(settings=by_hand)

    def end_listening(self) -> None:
        """End the request that is being said, which is then answered."""
        if self._utterance is not None:
            self._utterance.close()

    def interrupt(self) -> None:
        """End the turn that runs, or what is said or rung."""
        self._speech.timers.dismiss()
        self._speech.output.interrupt()

    async def wait_until_idle(self) -> None:
        """Wait until no turn is running."""
        await self._speech.activity.wait_until_idle()

    def clear(self) -> None:
        """Begin a new conversation."""
        self.interrupt()
        # a new one: the turn that ends now adds to its own
        self._assistant.conversation = new_conversation()

    def _engine_of(self, attention: Attention) -> Wake | None:
        """Return what detects the beginning of requests; None where nothing needs to."""
        if attention == "wake" and self._wake is not None:
            return self._wake
        return None if attention == "asked" else self._voice_watch

    def _attentive(self) -> bool:
        if self._attention == "asked":
            return False
        if self._attention == "wake" and self._wake is not None:
            return True
        talking = self.phase == "speaking" or self._speech.timers.ringing
        return not self.busy or (self._interruptible and talking)

    def _listen_on(self) -> bool:
        """Listen to an answer without a wake word, where the microphone is open."""
        if self._listener is None or self._attention == "asked":
            return False
        return self._listener.listen_now()

    def _accept(self, utterance: Utterance) -> bool:
        accepted = self._turns.start(utterance)
        if accepted:
            self._utterance = utterance
        return accepted

    def _on_voice(self) -> None:
        if self._listener is None or self._attention == "asked" or not self._attentive():
            return
        self._speech.timers.dismiss()
        self._listener.listen_now(preroll=PREROLL)


def new_conversation() -> Conversation:
    """Return a conversation that is read, and ends when the person wants it."""
    return Conversation(forgotten=float("inf"), read=True)


def settings_of(settings: Settings) -> Settings:
    """Return the settings of a conversation: what shows it signals what most cues would, and the
    answer may take as long as the person lets it."""
    silent = dict.fromkeys(("done", "error", "follow_up", "mute"), False)
    return msgspec.structs.replace(
        settings,
        brain="local",
        assistants={},
        cues=msgspec.structs.replace(settings.cues, **silent),
        deadlines=msgspec.structs.replace(
            settings.deadlines, llm=max(PATIENCE, settings.deadlines.llm)
        ),
    )
