"""Voice by ESPHome's native API, translated to and from the Wyoming events of the driver."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing
from typing import TYPE_CHECKING, Any

from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
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
from satellite.homeassistant.driver.dialect import ANNOUNCED, CONTINUE, LEFT, LISTEN, SILENT
from satellite.homeassistant.esphome import wav_stream
from satellite.homeassistant.esphome.frames import ApiConnection
from satellite.homeassistant.esphome.messages import definitions

if TYPE_CHECKING:
    from aiohttp import ClientSession

_LOGGER = logging.getLogger(__name__)

EVENTS = 256
"""Events that wait for the driver, which never waits itself."""

SOUNDS = 4
"""Sounds, besides a reply, that wait to be fetched; as many announcements wait to be played."""

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
        self._playing = playing
        self._pb = definitions()
        self.peer, self.address, self.memory = api.peer, api.address, api.memory
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(EVENTS)
        self._ended = False
        self._tasks: asyncio.TaskGroup | None = None
        self._http: ClientSession | None = None
        self._run = _Run()
        self._unended = 0
        """Runs that were requested and have not ended."""
        self._reply: asyncio.Task[None] | None = None
        self._one_sound = asyncio.Lock()
        """One sound is fetched at a time: events of sound do not say to which one they belong."""
        self._sounds: list[_Sound] = []
        """Sounds besides replies, until they are played."""
        self._played: deque[_Sound] = deque()
        """Sounds of which the driver has the beginning, and reports the end."""

    @property
    def closed(self) -> bool:
        return self._ended or self._api.closed

    def working(self) -> AbstractContextManager[None]:
        return self._api.working()

    async def run(self, serve: Callable[[VoiceChannel], Any]) -> None:
        """Let `serve` drive on this channel until it ends, or is cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                await self._events.put(RunSatellite().event())
                await serve(self)
                for task in (self._reply, *(sound.fetching for sound in self._sounds)):
                    if task is not None:
                        task.cancel()
        finally:
            self._tasks = None
            if self._http is not None:
                await self._http.close()

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
            await self._finish_sound(bool(event.data.get("success")))
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
        urls = tuple(url for url in (message.preannounce_media_id, message.media_id) if url)
        await self._end_run()
        await self._queue_sound(_Sound(urls, announced=True, listen=message.start_conversation))

    async def play(self, url: str) -> None:
        """Play the sound at a URL, as an announcement that no one waits for."""
        await self._queue_sound(_Sound((url,)))

    # runs

    async def _start(self) -> None:
        word = self._run.word
        self._cancel_reply()
        for sound in self._sounds:
            if not sound.announced and sound.fetching is not None:
                sound.fetching.cancel()  # music ends where a wake word is heard
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
        if not any(sound.announced for sound in self._sounds):
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
            async with self._one_sound, aclosing(self._chunks(run.url)) as chunks:
                async for chunk in chunks:
                    if not run.audible:
                        run.audible = True
                        await self._events.put(_start_of(chunk))
                    await self._events.put(chunk.event())
                if not run.audible:
                    raise EngineFailed("Home Assistant sent a reply without a sound")
                await self._events.put(AudioStop().event())
        except SatelliteError as error:
            _LOGGER.warning("%s", error)
            await self._events.put(Error(str(error), NOT_FETCHED).event())

    # other sounds

    async def _queue_sound(self, sound: _Sound) -> None:
        if self._tasks is None or not sound.urls or len(self._sounds) >= SOUNDS:
            if sound.announced:
                await self._api.send(self._pb.VoiceAssistantAnnounceFinished(success=False))
            return
        self._sounds.append(sound)
        self._playing(True)
        sound.fetching = self._tasks.create_task(self._send_sound(sound), name="sound")

    async def _send_sound(self, sound: _Sound) -> None:
        begun = False
        async with self._one_sound:
            try:
                for url in sound.urls:
                    async with aclosing(self._chunks(url)) as chunks:
                        async for chunk in chunks:
                            if not begun:
                                begun = True
                                self._played.append(sound)
                                await self._events.put(_start_of(chunk))
                            await self._events.put(chunk.event())
            except SatelliteError as error:
                _LOGGER.warning("an announcement of Home Assistant: %s", error)
            finally:
                if begun and not self._ended:
                    self._put_stop()
                elif not begun:
                    self._forget(sound)
        if not begun and sound.announced:  # or Home Assistant waits for minutes
            await self._api.send(self._pb.VoiceAssistantAnnounceFinished(success=True))

    def _put_stop(self) -> None:
        """Mark the end of a sound, also when it is cancelled."""
        try:
            self._events.put_nowait(AudioStop().event())
        except asyncio.QueueFull:  # nothing reads any more
            self._api.abort()

    async def _finish_sound(self, success: bool) -> None:
        if not self._played:
            return
        sound = self._played.popleft()
        self._forget(sound)
        if sound.fetching is not None:
            sound.fetching.cancel()  # it was ended before its end
        if sound.announced:
            await self._api.send(self._pb.VoiceAssistantAnnounceFinished(success=True))
            if sound.listen and success:
                await self._events.put(Event(LISTEN))

    def _forget(self, sound: _Sound) -> None:
        self._sounds.remove(sound)
        if not self._sounds:
            self._playing(False)

    async def _chunks(self, url: str) -> AsyncGenerator[AudioChunk, None]:
        """Yield the sound at a URL, not long before it is due."""
        if self._http is None:
            from aiohttp import ClientSession  # 12 MB, for the first sound

            self._http = ClientSession()
        loop = asyncio.get_running_loop()
        began, seconds = loop.time(), 0.0
        async with aclosing(wav_stream.fetch(self._http, url, self.address)) as chunks:
            async for chunk in chunks:
                yield chunk
                seconds += len(chunk.audio) / (chunk.rate * chunk.width * chunk.channels)
                early = seconds - (loop.time() - began) - wav_stream.AHEAD
                if early > 0:
                    await asyncio.sleep(early)


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


class _Sound:
    """A sound besides replies."""

    def __init__(
        self, urls: tuple[str, ...], *, announced: bool = False, listen: bool = False
    ) -> None:
        self.urls = urls
        self.announced = announced
        """Home Assistant waits for its end."""
        self.listen = listen
        """It asks something."""
        self.fetching: asyncio.Task[None] | None = None


def _start_of(chunk: AudioChunk) -> Event:
    return AudioStart(rate=chunk.rate, width=chunk.width, channels=chunk.channels).event()
