"""A browser that has the page open: a satellite of its own, whose sound goes over the network."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from satellite import events
from satellite.audio.playback import Playback
from satellite.engines.assembly import create
from satellite.errors import UsageError
from satellite.events import Event
from satellite.http.page import messages
from satellite.http.page.engines import ChosenLlm, ChosenVoice, SharedEngines, choices
from satellite.http.page.messages import Hello, Message
from satellite.http.page.microphone import BrowserMicrophone
from satellite.http.page.outgoing import Outgoing
from satellite.http.page.speaker import FORMAT, BrowserSpeaker
from satellite.lib.persistence import StoredValue
from satellite.listening.contained_vad import ContainedVad
from satellite.listening.mute import Mute
from satellite.settings import Settings
from satellite.timers.schedule import Schedule
from satellite.turns.context import Engines, label
from satellite.turns.session import Attention, Deaf, Session, new_conversation, settings_of

_LOGGER = logging.getLogger(__name__)

SHOWN: tuple[type[Event], ...] = (
    events.Phase,
    events.Wake,
    events.SpeechStart,
    events.SpeechEnd,
    events.Transcript,
    events.Reply,
    events.Waiting,
    events.AudioStart,
    events.AudioEnd,
    events.TurnEnd,
    events.Joined,
    events.Announce,
    events.Mute,
    events.Error,
)
"""Events that a browser is sent as they are."""

TIMED: tuple[type[Event], ...] = (events.Timer, events.Alarm)
"""Events after which a browser is sent all timers, too."""

EARLY = 16
"""Messages that wait for a session; more than a person causes while one begins."""

FIRST = "browser"
"""Name of a browser that has none."""


class Chosen(msgspec.Struct):
    """The choices of a person."""

    name: str = ""
    area: str = ""
    language: str = ""
    model: str = ""
    voice: str = ""
    speed: float = 1.0
    volume: float = 1.0
    attention: Attention = "asked"
    speaks: bool = True

    def take(self, changes: messages.Set) -> bool:
        """Take what a message has; return whether a new conversation session is needed."""
        before = (self.name, self.area, self.language, self.model, self.voice)
        for field in self.__struct_fields__:
            if (value := getattr(changes, field)) is not None:
                setattr(self, field, value)
        return before != (self.name, self.area, self.language, self.model, self.voice)


class Browser:
    """The satellite of one browser."""

    def __init__(
        self,
        settings: Settings,
        engines: SharedEngines,
        hello: Hello,
        outgoing: Outgoing,
        store: StoredValue[Schedule] | None,
    ) -> None:
        self._settings = settings
        self._engines = engines
        self._outgoing = outgoing
        self._store = store
        self._chosen = Chosen(language=settings.language, area=settings.area, voice=settings.voice)
        self._chosen.take(hello)
        self._mute: Mute | None = None
        self._microphone = BrowserMicrophone()
        self._speaker = BrowserSpeaker(outgoing)
        self._playback = Playback(
            self._speaker, self._publish, settings.deadlines.speaker, volume=self._chosen.volume
        )
        self._conversation = new_conversation()
        self._recall(hello.history)
        self._vads: tuple[ContainedVad, ContainedVad] | None = None
        self._session: Session | None = None
        self._early: deque[Message] = deque(maxlen=EARLY)
        """Messages that wait for the next session."""
        self._changed = asyncio.Event()
        self._attending: asyncio.Event = asyncio.Event()
        self._handlers: Mapping[type[Any], Callable[[Session, Any], None]] = {
            messages.Ask: self._on_ask,
            messages.Listen: self._on_listen,
            messages.End: self._on_end,
            messages.Stop: self._on_stop,
            messages.Clear: self._on_clear,
            messages.Unmute: self._on_unmute,
            messages.Timer: self._on_timer,
        }

    async def run(self) -> None:
        """Run until cancelled."""
        if self._engines.asr is not None:
            self._vads = await self._voice_detectors()
        self._welcome()
        try:
            while True:
                self._changed.clear()
                await self._converse()
        finally:
            await self._playback.close()

    def hear(self, audio: bytes) -> None:
        """Take sound of the browser's microphone."""
        self._microphone.push(audio)

    def take(self, message: Message) -> None:
        """Do what a message asks for. Raises `UsageError`."""
        if isinstance(message, Hello):
            raise UsageError("say hello only once")
        if isinstance(message, messages.Set):
            self._on_set(message)
        elif isinstance(message, messages.Played):
            self._speaker.report(message.epoch, message.samples, message.gaps)
        elif self._session is None:
            self._early.append(message)
        else:
            self._handlers[type(message)](self._session, message)

    async def _converse(self) -> None:
        """Run a session until the choices change what it is made of."""
        session = self._made()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(session.run(), name="browser's conversation")
            attending = tasks.create_task(self._attend(session), name="browser's attention")
            try:
                await session.wait_until_running()
                self._session = session
                self._send_timers()
                while self._early and self._session is session:
                    self.take(self._early.popleft())
                await self._changed.wait()
            finally:
                self._session = None
                self._conversation = session.conversation
                session.interrupt()
                running.cancel()
                attending.cancel()

    async def _attend(self, session: Session) -> None:
        while True:
            await self._attending.wait()
            self._attending.clear()
            await session.attend(self._chosen.attention)

    def _made(self) -> Session:
        chosen, engines = self._chosen, self._engines
        settings = msgspec.structs.replace(
            settings_of(self._settings),
            name=chosen.name or FIRST,
            area=chosen.area,
            language=chosen.language or self._settings.language,
            voice=chosen.voice,
        )
        llm = ChosenLlm(engines.llm, chosen.model) if chosen.model else engines.llm
        tts = ChosenVoice(engines.tts, lambda: chosen.speaks, lambda: chosen.speed)
        self._speaker.plays = chosen.speaks
        muted, self._mute = self._muted, Mute(self._publish)
        self._mute.set(muted)
        return Session(
            settings,
            self._publish,
            Engines(engines.asr or Deaf(), llm, tts),
            self._playback,
            self._mute,
            self._microphone if self._vads is not None else None,
            self._vads,
            wake=engines.wake,
            attention=chosen.attention,
            interruptible=True,
            conversation=self._conversation,
            store=self._store,
        )

    @property
    def _muted(self) -> bool:
        return self._mute is not None and self._mute.muted

    async def _voice_detectors(self) -> tuple[ContainedVad, ContainedVad]:
        context = self._engines.context
        first, second = [
            ContainedVad(await create("vad", self._settings.vad, context)) for _ in range(2)
        ]
        for vad in (first, second):
            await asyncio.to_thread(vad.load)
        return first, second

    def _recall(self, history: tuple[messages.Remark, ...]) -> None:
        """Take the conversation before from the browser, which alone stores it."""
        asked = ""
        for remark in history:
            if remark.role == "user":
                asked = remark.text
            elif asked:
                self._conversation.add(asked, remark.text, remark.text)
                asked = ""

    def _welcome(self) -> None:
        engines = self._engines
        self._outgoing.put(
            {
                "event": "welcome",
                "rate": FORMAT.rate,
                "satellite": self._settings.name,
                "language": self._chosen.language,
                "hears": engines.asr is not None,
                "speaks": engines.tts is not None,
                "wakes": engines.wake is not None,
                "engines": {
                    "asr": label(engines.asr) if engines.asr is not None else None,
                    "llm": label(engines.llm),
                    "tts": label(engines.tts) if engines.tts is not None else None,
                },
                "choices": choices(engines),
            }
        )

    def _publish(self, event: Event) -> None:
        if isinstance(event, (*SHOWN, *TIMED)):
            self._outgoing.put(event)
        if isinstance(event, TIMED):
            self._send_timers()

    def _send_timers(self) -> None:
        if self._session is not None:
            now = self._session.situation
            self._outgoing.put(
                {
                    "event": "timers",
                    "timers": now.timers,
                    "alarms": now.alarms,
                    "ringing": now.ringing,
                }
            )

    def _on_set(self, changes: messages.Set) -> None:
        if self._chosen.take(changes):
            self._session = None  # messages that follow are for the next one
            self._changed.set()
        self._playback.volume = self._chosen.volume
        self._speaker.plays = self._chosen.speaks
        if changes.attention is not None:
            self._attending.set()

    def _on_ask(self, session: Session, message: messages.Ask) -> None:
        if message.text.strip():
            session.ask(message.text)

    def _on_listen(self, session: Session, _: messages.Listen) -> None:
        session.listen(held=True)

    def _on_end(self, session: Session, _: messages.End) -> None:
        self._microphone.after(session.end_listening)

    def _on_stop(self, session: Session, _: messages.Stop) -> None:
        session.interrupt()
        self._send_timers()

    def _on_clear(self, session: Session, _: messages.Clear) -> None:
        session.clear()

    def _on_unmute(self, _: Session, message: messages.Unmute) -> None:
        if self._mute is not None:
            self._mute.set(False)

    def _on_timer(self, session: Session, message: messages.Timer) -> None:
        timers, id_ = session.timers, message.id
        match message.action:
            case "cancel":
                timers.cancel(id_)
                timers.cancel_alarm(id_)
            case "pause":
                timers.pause(id_)
            case "resume":
                timers.pause(id_, paused=False)
            case "add":
                timers.add(id_, message.seconds)
