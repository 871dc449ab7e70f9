"""The notice of a turn that takes long: "one moment", once, while nothing has been said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager

from satellite import events
from satellite.errors import SatelliteError
from satellite.languages import codes
from satellite.lib.deadline import fallback_seconds, within
from satellite.lib.taskgroups import first_error
from satellite.ports import Tts
from satellite.settings import Settings
from satellite.turns.context import TurnContext
from satellite.turns.own_sentences import own_sentences
from satellite.values import AudioChunk, SpeechRequest

_LOGGER = logging.getLogger(__name__)

AFTER = 3.5
"""Seconds of silence before the notice, from the moment at which the end of the request was
detected, some half a second after the voice's end. Four seconds of silence break a conversation
(R. B. Miller, "Response time in man-computer conversational transactions", 1968), and people then
ask again."""


class WaitNotice:
    """Says once that the answer takes longer, unless the reply begins before."""

    def __init__(self, context: TurnContext, tts: Tts, settings: Settings, turn: str) -> None:
        """`turn` is the id of the turn."""
        self._context = context
        self._tts = tts
        self._settings = settings
        self._turn = turn
        self._waiting = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._playing = False

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None, None]:
        """Give the notice during this block if it is due; at its end, let it finish.

        Cancelling the block silences it. A failure of the voice is logged.
        """
        with first_error(Exception):
            async with asyncio.TaskGroup() as tasks:
                self._task = tasks.create_task(self._run(), name="wait notice")
                try:
                    yield
                except Exception:
                    await self._end(self._task)
                    raise
                await self._end(self._task)

    def begin(self) -> None:
        """Begin to wait: the request is complete. Idempotent."""
        self._waiting.set()

    def withdraw(self) -> None:
        """Do not begin to speak any more, since the reply does; a notice that plays goes on."""
        if self._task is not None and not self._playing:
            self._task.cancel()

    async def _end(self, task: asyncio.Task[None]) -> None:
        self.withdraw()
        await asyncio.wait([task])

    async def _run(self) -> None:
        await self._waiting.wait()
        await asyncio.sleep(AFTER)
        try:
            # all of it first: the speaker must not wait for a voice while a reply begins
            chunks = await self._synthesize()
            self._playing = True
            async with aclosing(_each(chunks)) as audio:
                await self._context.play(audio, self._publish)
        except SatelliteError as error:
            _LOGGER.warning("turn %s: cannot say that it takes long: %s", self._turn, error)
        except Exception:
            _LOGGER.exception("turn %s: unexpected error of the wait notice", self._turn)

    async def _synthesize(self) -> list[AudioChunk]:
        own = own_sentences(self._settings.language)
        same = codes.same(own.language, self._settings.language)
        voice = self._settings.voice if same else ""
        request = SpeechRequest(text=own.one_moment, voice=voice or None, language=own.language)
        limit = self._settings.deadlines.tts + fallback_seconds(self._tts)
        speech = within(self._tts.synthesize(request), limit, "text-to-speech")
        async with aclosing(speech):
            return [chunk async for chunk in speech]

    def _publish(self) -> None:
        self._context.publish(events.Waiting(turn=self._turn))


async def _each(chunks: Sequence[AudioChunk]) -> AsyncGenerator[AudioChunk, None]:
    for chunk in chunks:
        yield chunk
