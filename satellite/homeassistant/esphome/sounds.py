"""The sounds that Home Assistant offers by URL besides replies: announcements, and music."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import TYPE_CHECKING, Any

from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event

from satellite.errors import PeerClosed, SatelliteError
from satellite.homeassistant.driver.dialect import LISTEN
from satellite.homeassistant.esphome import wav_stream
from satellite.homeassistant.esphome.frames import ApiConnection
from satellite.homeassistant.esphome.messages import definitions

if TYPE_CHECKING:
    from aiohttp import ClientSession

_LOGGER = logging.getLogger(__name__)

MOST = 4
"""Sounds that wait to be fetched; as many announcements wait to be played."""


class OfferedSounds:
    """Fetches the sounds of one connection, one after the other, and passes them to the driver."""

    def __init__(
        self,
        api: ApiConnection,
        put: Callable[[Event], Awaitable[None]],
        stop: Callable[[], None],
        playing: Callable[[bool], None],
    ) -> None:
        """`put` passes an event to the driver, and `stop` the end of a sound, without waiting;
        `playing` is called when the first sound begins to be fetched, and when the last has been
        played."""
        self._api = api
        self._put = put
        self._stop = stop
        self._playing = playing
        self._pb = definitions()
        self._tasks: asyncio.TaskGroup | None = None
        self._http: ClientSession | None = None
        self._alone = asyncio.Lock()
        self._sounds: list[_Sound] = []
        """Those that are not played yet."""
        self._played: deque[_Sound] = deque()
        """Those of which the driver has the beginning, and reports the end."""

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """Fetch sounds from now on, in tasks of this group."""
        self._tasks = tasks

    def end(self) -> None:
        """Stop fetching, and refuse further sounds."""
        self._tasks = None
        for sound in self._sounds:
            sound.cancel()

    async def close(self) -> None:
        """Close what was opened; the tasks have ended."""
        if self._http is not None:
            await self._http.close()

    @property
    def announcing(self) -> bool:
        """Whether an announcement waits or plays."""
        return any(sound.announced for sound in self._sounds)

    def alone(self) -> AbstractAsyncContextManager[None]:
        """Let no other sound be fetched during this block.

        Events of sound do not say to which one they belong.
        """
        return self._alone

    async def announce(self, message: Any) -> None:
        """Take an announcement, or the question that begins a conversation."""
        urls = tuple(url for url in (message.preannounce_media_id, message.media_id) if url)
        await self._queue(_Sound(urls, announced=True, listen=message.start_conversation))

    async def play(self, url: str) -> None:
        """Play the sound at a URL, as an announcement that no one waits for."""
        await self._queue(_Sound((url,)))

    def end_music(self) -> None:
        """End the sounds that are no announcements, as where a wake word is heard."""
        for sound in self._sounds:
            if not sound.announced:
                sound.cancel()

    async def finish(self, success: bool) -> None:
        """Note that the driver has played a sound, or has ended it."""
        if not self._played:
            return
        sound = self._played.popleft()
        self._forget(sound)
        sound.cancel()  # it may have been ended before its end
        if sound.announced:
            await self._api.send(self._pb.VoiceAssistantAnnounceFinished(success=True))
            if sound.listen and success:
                await self._put(Event(LISTEN))

    async def chunks(self, url: str) -> AsyncGenerator[AudioChunk, None]:
        """Yield the sound at a URL, not long before it is due. Raises `EngineFailed`."""
        if self._http is None:
            from aiohttp import ClientSession  # 12 MB, for the first sound

            self._http = ClientSession()
        loop = asyncio.get_running_loop()
        began, seconds = loop.time(), 0.0
        async with aclosing(wav_stream.fetch(self._http, url, self._api.address)) as chunks:
            async for chunk in chunks:
                yield chunk
                seconds += len(chunk.audio) / (chunk.rate * chunk.width * chunk.channels)
                early = seconds - (loop.time() - began) - wav_stream.AHEAD
                if early > 0:
                    await asyncio.sleep(early)

    async def _queue(self, sound: _Sound) -> None:
        if self._tasks is None or not sound.urls or len(self._sounds) >= MOST:
            if sound.announced:
                await self._api.send(self._pb.VoiceAssistantAnnounceFinished(success=False))
            return
        self._sounds.append(sound)
        self._playing(True)
        sound.fetching = self._tasks.create_task(self._send(sound), name="sound")

    async def _send(self, sound: _Sound) -> None:
        begun = False
        async with self.alone():
            try:
                for url in sound.urls:
                    async with aclosing(self.chunks(url)) as chunks:
                        async for chunk in chunks:
                            if not begun:
                                begun = True
                                self._played.append(sound)
                                await self._put(start_of(chunk))
                            await self._put(chunk.event())
            except SatelliteError as error:
                _LOGGER.warning("an announcement of Home Assistant: %s", error)
            finally:
                if begun:
                    self._stop()
                else:
                    self._forget(sound)
        if not begun and sound.announced:  # or Home Assistant waits for minutes
            try:
                await self._api.send(self._pb.VoiceAssistantAnnounceFinished(success=True))
            except PeerClosed as error:  # its reader ends the connection
                _LOGGER.debug("cannot report the end of a sound: %s", error)

    def _forget(self, sound: _Sound) -> None:
        self._sounds.remove(sound)
        if not self._sounds:
            self._playing(False)


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

    def cancel(self) -> None:
        """Stop fetching it."""
        if self.fetching is not None:
            self.fetching.cancel()


def start_of(chunk: AudioChunk) -> Event:
    """Return the event that begins a sound with this chunk."""
    return AudioStart(rate=chunk.rate, width=chunk.width, channels=chunk.channels).event()
