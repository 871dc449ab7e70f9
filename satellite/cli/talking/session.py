"""A conversation at this machine: the satellite's own turns, without wake words and network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from satellite.announcements.announcer import Announcer
from satellite.announcements.broadcasts import Broadcasts
from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.builtin.audio import devices
from satellite.cli.talking.held_engines import SwitchedLlm, SwitchedTts
from satellite.cli.talking.silent_speaker import SilentSpeaker
from satellite.cli.talking.voice_watch import VoiceWatch
from satellite.components import spec
from satellite.components.spec import AUTO
from satellite.engines import assembly
from satellite.engines.assembly import create
from satellite.errors import DeviceMissing
from satellite.events import Event
from satellite.lib.containment import Containment
from satellite.listening.contained_vad import ContainedVad
from satellite.listening.listener import Listener
from satellite.listening.microphone import Microphone
from satellite.listening.mute import Mute
from satellite.listening.utterance import Utterance
from satellite.ports import Asr, EngineContext, Vad
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.turns.actions import ActionRunner
from satellite.turns.activity import Activity
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.delayed_commands import DelayedCommands, DueCommands
from satellite.turns.follow_up import FollowUp
from satellite.turns.manager import TurnManager
from satellite.turns.own_sentences import own_sentences
from satellite.turns.satellite_context import SatelliteContext
from satellite.turns.sounds import Sounds
from satellite.turns.speech_output import SpeechOutput
from satellite.values import EngineInfo, TranscribeRequest, Transcript

PATIENCE = 120.0
"""Seconds for each piece of an answer, at least: a person sees that it takes long, and can
interrupt it."""

PREROLL = 0.6
"""Seconds of sound before a voice was noticed that belong to the request: a soft beginning."""


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
        microphone: Microphone | None,
        vads: tuple[Vad, Vad] | None,
    ) -> None:
        """`vads`: one for requests, and one for the open microphone. Without `microphone`, requests
        are typed only."""
        self.open_microphone = False
        """Whether a voice begins a request."""
        self._utterance: Utterance | None = None
        self._activity = activity = Activity(publish, mute)
        sounds = Sounds(settings, engines.tts, playback, activity)
        due = DueCommands()
        self._timers = timers = TimerManager(
            publish,
            sounds.ring,
            settings.cues.timer,
            lambda: own_sentences(settings.language).ring_words(),
            carry_out=due.put,
        )
        self._output = SpeechOutput(activity, sounds, timers)
        announcer = Announcer(self._output, settings, engines.tts)
        broadcasts = Broadcasts(settings, announcer)
        follow_up = FollowUp("never")
        actions = ActionRunner(timers, playback, mute, follow_up.request, broadcasts.submit)
        context = SatelliteContext(settings, publish, activity, playback, sounds, timers, actions)
        self._conversation = Conversation(forgotten=float("inf"), read=True)
        assistants = Assistants(
            Assistant(settings, engines, local=True, conversation=self._conversation)
        )
        self._listener = (
            self._listen(settings, publish, microphone, vads)
            if microphone is not None and vads is not None
            else None
        )
        self._turns = TurnManager(
            settings,
            assistants,
            context,
            activity,
            sounds,
            timers,
            mute,
            follow_up,
            listen_now=lambda: False,
            driver=lambda utterance: None,
        )
        self._parts = {
            "turns": self._turns.run,
            "sounds": sounds.run,
            "timers": timers.run,
            "announcements": announcer.run,
            "delayed commands": DelayedCommands(due, assistants, context, announcer).run,
            "broadcasts": broadcasts.run,
        }

    def _listen(
        self,
        settings: Settings,
        publish: Callable[[Event], None],
        microphone: Microphone,
        vads: tuple[Vad, Vad],
    ) -> Listener:
        return Listener(
            microphone,
            VoiceWatch(vads[1], settings.listen.threshold, self._on_voice),
            vads[0],
            settings.listen,
            publish,
            attentive=lambda: self.open_microphone and not self.busy,
        )

    @property
    def hears(self) -> bool:
        """Whether there is a microphone."""
        return self._listener is not None

    @property
    def phase(self) -> str:
        """What the satellite does now."""
        return self._activity.phase

    @property
    def busy(self) -> bool:
        """Whether a turn runs, or something is said or rung."""
        return self._turns.busy

    async def run(self) -> None:
        """Run the conversation until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, run in self._parts.items():
                tasks.create_task(Containment(f"the part for {name}").run(run), name=name)
            if self._listener is not None:
                listening = self._listener.run(self._accept, idle=lambda: not self.busy)
                tasks.create_task(listening, name="listening")

    def ask(self, text: str) -> None:
        """Answer a text, in place of what is answered now."""
        self._timers.dismiss()
        self._turns.start(Utterance(None, 1.0, text=text))

    def listen(self) -> bool:
        """Listen to a request; return whether that was possible."""
        return self._listener is not None and self._listener.listen_now()

    def end_listening(self) -> None:
        """End the request that is being said, which is then answered."""
        if self._utterance is not None:
            self._utterance.close()

    def interrupt(self) -> None:
        """End the turn that runs, or what is said or rung."""
        self._timers.dismiss()
        self._output.interrupt()

    async def wait_until_idle(self) -> None:
        """Wait until no turn is running."""
        await self._activity.wait_until_idle()

    def clear(self) -> None:
        """Begin a new conversation."""
        self.interrupt()
        self._conversation.clear()

    def _accept(self, utterance: Utterance) -> bool:
        accepted = self._turns.start(utterance)
        if accepted:
            self._utterance = utterance
        return accepted

    def _on_voice(self) -> None:
        if self._listener is not None and self.open_microphone and not self.busy:
            self._listener.listen_now(preroll=PREROLL)


class Talk(msgspec.Struct, frozen=True):
    """A conversation with the engines that may be switched."""

    session: Session
    llm: SwitchedLlm
    tts: SwitchedTts
    has_speaker: bool


@asynccontextmanager
async def opened_talk(
    settings: Settings,
    publish: Callable[[Event], None],
    *,
    voice: bool,
    note: Callable[[str], None],
) -> AsyncGenerator[Talk, None]:
    """Load engines, open microphone and speaker, and run a conversation during the block.

    `note` reports what this machine lacks. Raises `SatelliteError`s for what was named and cannot
    be used.
    """
    settings = _settings(settings)
    mic, speaker = _found("mic", settings, note), _found("speaker", settings, note)
    voice = voice and speaker is not None
    roles = ["llm", *(["asr"] if mic is not None else []), *(["tts"] if voice else [])]
    async with AsyncExitStack() as stack:
        vads = await _voice_detectors(settings) if mic is not None else None
        loads = [vad.load for vad in vads or ()]
        made = assembly.conversing(settings, publish, roles, *loads)
        engines = await stack.enter_async_context(made)
        playback = Playback(
            speaker or SilentSpeaker(), publish, settings.deadlines.speaker, volume=settings.volume
        )
        stack.push_async_callback(playback.close)
        if voice:
            await playback.open()
        mute, microphone = Mute(publish), None
        if mic is not None:
            capture = Capture(mic, publish, settings.sound.mic_channel)
            stack.push_async_callback(capture.close)
            await capture.open()
            microphone = Microphone(capture, mute, publish)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        llm = SwitchedLlm(engines["llm"], settings, tasks)
        tts = SwitchedTts(engines.get("tts"), settings, tasks)
        asr: Asr = engines.get("asr") or Deaf()
        patient = msgspec.structs.replace(
            settings,
            deadlines=msgspec.structs.replace(
                settings.deadlines, llm=max(PATIENCE, settings.deadlines.llm)
            ),
        )
        session = Session(
            patient, publish, Engines(asr, llm, tts), playback, mute, microphone, vads
        )
        running = tasks.create_task(session.run(), name="conversation")
        try:
            yield Talk(session, llm, tts, speaker is not None)
        finally:
            running.cancel()
            llm.release()
            tts.release()


def _settings(settings: Settings) -> Settings:
    """Return the settings of a conversation: the screen signals what cues would."""
    silent = dict.fromkeys(("awake", "done", "error", "follow_up", "mute"), False)
    cues = msgspec.structs.replace(settings.cues, **silent)
    return msgspec.structs.replace(settings, brain="local", assistants={}, cues=cues)


def _found(role: str, settings: Settings, note: Callable[[str], None]) -> Any:
    """Return the microphone or the speaker of the settings; None where `auto` finds none."""
    chosen = getattr(settings, role)
    if chosen == AUTO:
        default = devices.default_mic if role == "mic" else devices.default_speaker
        try:
            chosen = default()
        except DeviceMissing as error:
            note(str(error))
            return None
    return spec.create(role, chosen)


async def _voice_detectors(settings: Settings) -> tuple[ContainedVad, ContainedVad]:
    context = EngineContext.for_settings(settings)
    first, second = [await create("vad", settings.vad, context) for _ in range(2)]
    return ContainedVad(first), ContainedVad(second)
