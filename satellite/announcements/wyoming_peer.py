"""Announcements of Wyoming clients that do not drive this satellite."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager

import msgspec
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.snd import Played
from wyoming.tts import Synthesize

from satellite.announcements.announcement import LONGEST, Announcement, Outcome, style_of_event
from satellite.announcements.announcer import Announcer
from satellite.errors import BadFrame, EngineBusy, EngineError, PeerClosed
from satellite.net.incoming_speech import IncomingSpeech
from satellite.net.remotes.base import CONTEXT
from satellite.net.wire import Connection

_LOGGER = logging.getLogger(__name__)

STALL = 5.0
"""Seconds without more sound after which an announcement ends: it is played as it arrives."""

MOST = 4
"""Announcements of one peer that may wait at once."""


class WyomingPeer:
    """Announces each `synthesize`, and each `audio-start` to `audio-stop`, of one peer.

    The answer is `played`, or `error` for an announcement that was not heard to its end.
    """

    def __init__(
        self, connection: Connection, announcer: Announcer, tasks: asyncio.TaskGroup
    ) -> None:
        self._connection = connection
        self._announcer = announcer
        self._tasks = tasks
        self._speech: IncomingSpeech | None = None
        self._answers: set[asyncio.Task[None]] = set()

    def handle(self, event: Event) -> None:
        """Handle an event; other types are ignored. Raises `BadFrame`."""
        if Synthesize.is_type(event.type):
            self._say(event)
        elif AudioStart.is_type(event.type):
            self._end(cut_off=True)
            speech = self._speech = IncomingSpeech()
            style = style_of_event(event.data, CONTEXT)
            announcement = Announcement(lambda: speech.chunks(STALL), style=style)
            self._submit(lambda: self._announcer.submit(announcement))
        elif AudioChunk.is_type(event.type) and self._speech is not None:
            self._speech.take(event)
        elif AudioStop.is_type(event.type):
            self._end(cut_off=False)

    def close(self) -> None:
        """End with the connection: complete announcements are still played, without an answer."""
        self._end(cut_off=True)
        for answer in self._answers:
            answer.cancel()

    def _say(self, event: Event) -> None:
        # read by hand: Wyoming's own class has no place for a language beside a voice's name
        text, voice = event.data.get("text"), event.data.get("voice")
        if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
            raise BadFrame(f"a text to be announced has 1 to {LONGEST} characters")
        style = style_of_event(event.data, CONTEXT)
        if isinstance(voice, dict) and isinstance(name := voice.get("name"), str):
            style = msgspec.structs.replace(style, voice=name)
        self._submit(lambda: self._announcer.say(text, style))

    def _submit(self, submit: Callable[[], asyncio.Future[Outcome]]) -> None:
        try:
            if len(self._answers) >= MOST:
                raise EngineBusy(f"{MOST} announcements of this client are waiting already")
            outcome = submit()
        except EngineError as error:
            self._speech = None
            refusal = Error(str(error), error.code).event()
            self._spawn(self._write(refusal))
        else:
            self._spawn(self._answer(outcome))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._tasks.create_task(work, name="announcement")
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, outcome: asyncio.Future[Outcome]) -> None:
        # a peer that waits sends nothing, and is not idle for that
        with self._connection.working():
            result = await outcome
        answer = Played() if result == "heard" else Error(f"the announcement was {result}", result)
        await self._write(answer.event())

    async def _write(self, event: Event) -> None:
        try:
            await self._connection.write(event)
        except PeerClosed as error:
            _LOGGER.debug("cannot answer an announcement: %s", error)

    def _end(self, *, cut_off: bool) -> None:
        speech, self._speech = self._speech, None
        if speech is not None:
            speech.end(cut_off)


@asynccontextmanager
async def announcing_peer(
    connection: Connection, announcer: Announcer, tasks: asyncio.TaskGroup
) -> AsyncGenerator[Callable[[Event], None], None]:
    """Yield the function that handles the events of a peer during this block."""
    peer = WyomingPeer(connection, announcer, tasks)
    try:
        yield peer.handle
    finally:
        peer.close()
