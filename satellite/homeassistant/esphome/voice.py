"""Voice by ESPHome's native API, translated to and from the Wyoming events of the driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, aclosing
from typing import Any

from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.ping import Ping, Pong
from wyoming.pipeline import RunPipeline
from wyoming.satellite import RunSatellite
from wyoming.snd import Played
from wyoming.timer import TimerCancelled, TimerFinished, TimerStarted, TimerUpdated
from wyoming.tts import Synthesize
from wyoming.vad import VoiceStopped
from wyoming.wake import Detection

from satellite.errors import EngineFailed, SatelliteError
from satellite.homeassistant.driver.dialect import ANNOUNCED, CONTINUE, LEFT, SILENT
from satellite.homeassistant.esphome.frames import ApiConnection
from satellite.homeassistant.esphome.messages import definitions
from satellite.homeassistant.esphome.sounds import OfferedSounds, start_of

_LOGGER = logging.getLogger(__name__)

EVENTS = 256
"""Events that wait for the driver, which never waits itself."""

INTERCEPTED = "wake_word_detection_aborted"
"""Code of a run that Home Assistant ended at once: it only wanted to hear the wake word."""

NOT_FETCHED = "tts-not-fetched"
"""Code, of our own, for a reply whose sound could not be fetched."""

ENDED = "run-ended"
"""Code, of our own, for a run that ended without a word or an error, as for an announcement."""


class VoiceChannel:
    """The connection of the driver (`EventConnection`), over one connection of the API."""

    def __init__(
        self,
        api: ApiConnection,
        phrase_of: Callable[[str], str],
        playing: Callable[[bool], None] = lambda playing: None,
    ) -> None:
        """`phrase_of` returns what one says for the name of a wake word; `playing` is called when
        the first sound besides replies begins to be fetched, and when the last has been played."""
        self._api = api
        self._phrase_of = phrase_of
        self._pb = definitions()
        self.peer, self.address, self.memory = api.peer, api.address, api.memory
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(EVENTS)
        self._ended = False
        self._tasks: asyncio.TaskGroup | None = None
        self._run = _Run()
        self._unended = 0
        """Runs that were requested and have not ended."""
        self._reply: asyncio.Task[None] | None = None
        self._sounds = OfferedSounds(api, self._events.put, self._put_stop, playing)

    @property
    def closed(self) -> bool:
        return self._ended or self._api.closed

    def working(self) -> AbstractContextManager[None]:
        return self._api.working()

    async def run(self, serve: Callable[[VoiceChannel], Any]) -> None:
        """Let `serve` drive on this channel until it ends, or is cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._sounds.begin(self._tasks)
                try:
                    await self._events.put(RunSatellite().event())
                    await serve(self)
                finally:  # the client may still ask for sounds while the group ends
                    self._tasks = None
                    self._cancel_reply()
                    self._sounds.end()
        finally:
            await self._sounds.close()

    def end(self) -> None:
        """End the channel and leave the connection to other messages. Idempotent."""
        self._ended = True
        try:
            self._events.put_nowait(None)
        except asyncio.QueueFull:
            self._api.abort()

    def abort(self) -> None:
        """Hang up, unless only the channel has ended. Home Assistant then connects again."""
        if not self._ended:
            self._ended = True
            self._api.abort()

    async def read(self) -> Event | None:
        if self._ended and self._events.empty():
            return None
        return await self._events.get()

    async def write(self, event: Event) -> None:
        """Send what an event means. Raises `PeerClosed`."""
        pb = self._pb
        if AudioChunk.is_type(event.type):
            await self._api.send(pb.VoiceAssistantAudio(data=event.payload or b""))
        elif AudioStop.is_type(event.type):
            await self._api.send(pb.VoiceAssistantAudio(end=True))
        elif Detection.is_type(event.type):
            self._run.word = self._phrase_of(str(event.data.get("name") or ""))
        elif RunPipeline.is_type(event.type):
            await self._start()
        elif Played.is_type(event.type):
            await self._finish_reply(self._run)
        elif event.type == ANNOUNCED:
            await self._sounds.finish(bool(event.data.get("success")))
        elif event.type == LEFT:
            await self._leave()
        elif Ping.is_type(event.type):
            await self._api.send(pb.PingRequest())

    async def pong(self) -> None:
        """Take the answer to one of our pings."""
        await self._events.put(Pong().event())

    async def respond(self, message: Any) -> None:
        """Take Home Assistant's answer to the request of a run."""
        if message.error:
            self._run.active, self._unended = False, 0
            await self._fail("Home Assistant refuses to listen", "run-refused")

    async def handle(self, message: Any) -> None:
        """Take an event of a run."""
        kind, run = message.event_type, self._run
        data = {entry.name: entry.value for entry in message.data}
        if not run.active:  # of a run before this connection, or of one that was left
            if kind == self._pb.VOICE_ASSISTANT_RUN_END:
                self._unended = max(0, self._unended - 1)
            return
        if not run.started:
            await self._handle_before_start(kind, data)
        else:
            await self._handle_within_run(kind, data)

    async def _handle_within_run(self, kind: int, data: dict[str, str]) -> None:
        pb, run = self._pb, self._run
        if kind == pb.VOICE_ASSISTANT_STT_VAD_END:
            await self._events.put(VoiceStopped(0).event())
        elif kind == pb.VOICE_ASSISTANT_STT_END:
            run.transcribed = True
            await self._events.put(Transcript(data.get("text", "")).event())
            self._fetch_reply()
        elif kind == pb.VOICE_ASSISTANT_INTENT_END:
            run.speech = data.get("speech", "")
            if data.get("continue_conversation") == "1":
                await self._events.put(Event(CONTINUE))
        elif kind == pb.VOICE_ASSISTANT_TTS_START:
            run.spoken = True
            await self._events.put(Synthesize(data.get("text", "")).event())
        elif kind == pb.VOICE_ASSISTANT_TTS_END:
            run.url = data.get("url") or run.url
            self._fetch_reply()
        elif kind == pb.VOICE_ASSISTANT_ERROR:
            await self._fail(data.get("message", ""), data.get("code", ""))
        elif kind == pb.VOICE_ASSISTANT_RUN_END:
            self._unended = 0
            await self._end_run()

    async def handle_timer(self, message: Any) -> None:
        """Take an event of a timer."""
        pb, timer = self._pb, message.timer_id
        if message.event_type == pb.VOICE_ASSISTANT_TIMER_STARTED:
            event = TimerStarted(timer, message.seconds_left, name=message.name or None).event()
        elif message.event_type == pb.VOICE_ASSISTANT_TIMER_UPDATED:
            event = TimerUpdated(timer, message.is_active, message.seconds_left).event()
        elif message.event_type == pb.VOICE_ASSISTANT_TIMER_CANCELLED:
            event = TimerCancelled(timer).event()
        else:
            event = TimerFinished(timer).event()
        await self._events.put(event)

    async def announce(self, message: Any) -> None:
        """Take an announcement, or the question that begins a conversation."""
        await self._end_run()
        await self._sounds.announce(message)

    async def play(self, url: str) -> None:
        """Play the sound at a URL, as an announcement that no one waits for."""
        await self._sounds.play(url)

    # runs

    async def _start(self) -> None:
        word = self._run.word
        self._cancel_reply()
        self._sounds.end_music()
        self._run = _Run(active=True)
        self._unended += 1
        message = self._pb.VoiceAssistantRequest(start=True, wake_word_phrase=word)
        await self._api.send(message)

    async def _handle_before_start(self, kind: int, data: dict[str, str]) -> None:
        """Take events between the request of a run and its start: they may be of the former one,
        which the request ends; events carry no name of their run."""
        pb, run = self._pb, self._run
        former = self._unended > 1
        if kind == pb.VOICE_ASSISTANT_RUN_START:
            run.started, run.url = True, data.get("url", "")
            self._unended = 1
        elif kind == pb.VOICE_ASSISTANT_RUN_END:
            self._unended = max(0, self._unended - 1)
            if not former:
                run.active = False
                await self._fail("Home Assistant only waited for the wake word", INTERCEPTED)
        elif kind == pb.VOICE_ASSISTANT_ERROR and not former:
            await self._fail(data.get("message", ""), data.get("code", ""))

    async def _fail(self, text: str, code: str) -> None:
        await self._events.put(Error(text or code or "it failed", code or None).event())
        if not self._run.audible:
            self._cancel_reply()

    async def _end_run(self) -> None:
        run = self._run
        if not run.active:
            return
        run.active = False
        if run.spoken:
            return
        self._cancel_reply()
        if not run.transcribed:
            await self._fail("Home Assistant has ended the run", ENDED)
        else:
            await self._events.put(Synthesize(run.speech).event())
            if run.speech:
                await self._fail("Home Assistant has no voice for its answer", NOT_FETCHED)

    async def _leave(self) -> None:
        """End a run that is not over, and what is still to come of it."""
        run, self._run = self._run, _Run()
        self._cancel_reply()
        if run.active:
            await self._api.send(self._pb.VoiceAssistantRequest(start=False))
        if run.started and not run.reported:
            await self._finish_reply(run)
        await self._events.put(Event(SILENT))

    async def _finish_reply(self, run: _Run) -> None:
        run.reported = True
        # it ends whatever waits for it: an announcement, too, which has an end of its own
        if not self._sounds.announcing:
            await self._api.send(self._pb.VoiceAssistantAnnounceFinished(success=True))

    def _fetch_reply(self) -> None:
        run = self._run
        if run.url and self._reply is None and self._tasks is not None:
            self._reply = self._tasks.create_task(self._send_reply(run), name="reply")

    def _cancel_reply(self) -> None:
        if self._reply is not None:
            self._reply.cancel()
            self._reply = None

    async def _send_reply(self, run: _Run) -> None:
        try:
            async with self._sounds.alone(), aclosing(self._sounds.chunks(run.url)) as chunks:
                async for chunk in chunks:
                    if not run.audible:
                        run.audible = True
                        await self._events.put(start_of(chunk))
                    await self._events.put(chunk.event())
                if not run.audible:
                    raise EngineFailed("Home Assistant sent a reply without a sound")
                await self._events.put(AudioStop().event())
        except SatelliteError as error:
            _LOGGER.warning("%s", error)
            await self._events.put(Error(str(error), NOT_FETCHED).event())

    def _put_stop(self) -> None:
        """Mark the end of a sound, also when it is cancelled."""
        if self._ended:
            return
        try:
            self._events.put_nowait(AudioStop().event())
        except asyncio.QueueFull:  # nothing reads any more
            self._api.abort()


class _Run:
    """The newest run that was requested."""

    def __init__(self, active: bool = False) -> None:
        self.active = active
        """Its events may still come."""
        self.started = False
        self.url = ""
        """Where its reply will be."""
        self.word = ""
        """The phrase by which the next run is requested."""
        self.transcribed = False
        self.speech = ""
        """The text of the answer."""
        self.spoken = False
        """The answer is being turned into sound."""
        self.audible = False
        """Sound of it has arrived."""
        self.reported = False
        """Home Assistant knows that it was played."""
