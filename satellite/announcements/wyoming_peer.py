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
from satellite.net.memory_budget import Budget, MemoryBudget
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
        self,
        connection: Connection,
        announcer: Announcer,
        tasks: asyncio.TaskGroup,
        memory: Budget,
    ) -> None:
        """`memory` counts the sound that waits."""
        self._connection = connection
        self._announcer = announcer
        self._tasks = tasks
        self._memory = memory
        self._speech: IncomingSpeech | None = None
        self._outcome: asyncio.Future[Outcome] | None = None
        """The outcome of the announcement whose sound is arriving."""
        self._answers: set[asyncio.Task[None]] = set()

    def handle(self, event: Event) -> None:
        """Handle an event; other types are ignored. Raises `BadFrame`."""
        if Synthesize.is_type(event.type):
            self._say(event)
        elif AudioStart.is_type(event.type):
            self._cut_off()
            speech = IncomingSpeech(self._memory)
            style = style_of_event(event.data, CONTEXT)
            announcement = Announcement(
                lambda: speech.chunks(STALL), style=style, discard=speech.drop
            )
            self._outcome = self._submit(lambda: self._announcer.submit(announcement))
            self._speech = speech if self._outcome is not None else None
        elif AudioChunk.is_type(event.type) and self._speech is not None:
            try:
                self._speech.take(event)
            except EngineBusy as error:
                _LOGGER.warning("dropped an announcement of %s: %s", self._connection.peer, error)
                self._cut_off("failed")
        elif AudioStop.is_type(event.type) and self._speech is not None:
            self._speech.end()
            self._speech = None

    def close(self) -> None:
        """End with the connection: complete announcements are still played, without an answer."""
        self._cut_off()
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

    def _submit(
        self, submit: Callable[[], asyncio.Future[Outcome]]
    ) -> asyncio.Future[Outcome] | None:
        """Queue an announcement; return its outcome, or None if it was refused."""
        try:
            if len(self._answers) >= MOST:
                raise EngineBusy(f"{MOST} announcements of this client are waiting already")
            outcome = submit()
        except EngineError as error:
            refusal = Error(str(error), error.code).event()
            self._spawn(self._write(refusal))
            return None
        self._spawn(self._answer(outcome))
        return outcome

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._tasks.create_task(work, name="announcement")
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, outcome: asyncio.Future[Outcome]) -> None:
        # a peer that waits sends nothing, and is not idle for that
        with self._connection.working():
            result = await outcome
        answer = Played() if result == "heard" else Error(outcome_text(result), result)
        await self._write(answer.event())

    async def _write(self, event: Event) -> None:
        try:
            await self._connection.write(event)
        except PeerClosed as error:
            _LOGGER.debug("cannot answer an announcement: %s", error)

    def _cut_off(self, result: Outcome = "interrupted") -> None:
        """Drop the sound that is still arriving; it is not played any further."""
        speech, self._speech = self._speech, None
        if speech is not None and self._outcome is not None:
            speech.drop()
            self._announcer.withdraw(self._outcome, result)


@asynccontextmanager
async def announcing_peer(
    connection: Connection, announcer: Announcer, tasks: asyncio.TaskGroup, memory: MemoryBudget
) -> AsyncGenerator[Callable[[Event], None], None]:
    """Yield the function that handles the events of a peer during this block.

    `memory` counts the sound that waits, of all such peers together.
    """
    peer = WyomingPeer(connection, announcer, tasks, memory.of(connection.address))
    try:
        yield peer.handle
    finally:
        peer.close()


def outcome_text(outcome: Outcome) -> str:
    """Return a sentence about an announcement."""
    verb = "was " if outcome in ("heard", "interrupted") else ""
    return f"the announcement {verb}{outcome}"
