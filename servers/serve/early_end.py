"""The end of a request by its meaning, for clients that only wait for silence.

Home Assistant, for example, streams until its own voice detector has heard a second of silence, and
takes an answer that comes before. Words after an early end are lost, so that only the sentences of
our own brain are ended early.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager

from satellite.errors import SatelliteError
from satellite.ports import JudgesTexts
from satellite.text.quoted import quoted
from satellite.values import Extent, ReplyRequest, Transcript

_LOGGER = logging.getLogger(__name__)

WHOLE = 0.2
"""Seconds of silence after a request that nothing could follow, as on a satellite."""

PATIENCE = 0.5
"""Seconds for the judgement of a text."""

_LAG = 0.1
"""Seconds of sound that may be on their way through the recognizer when it reports a pause."""

RequestFor = Callable[[str, str | None], ReplyRequest]
"""Makes the request of a text in a language; None for the usual one."""


class RequestJudge:
    """Judges the texts of all clients."""

    def __init__(self, engine: JudgesTexts, request_for: RequestFor, silence: float) -> None:
        """`silence`: seconds of it that end a request which could go on."""
        self._engine = engine
        self._request_for = request_for
        self._silence = silence

    @asynccontextmanager
    async def preparing(self, language: str | None) -> AsyncGenerator[None, None]:
        """Read the sentences of a language during this block, so that no text waits for them."""
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(self.seconds("a", language))
            try:
                yield
            finally:
                work.cancel()

    async def seconds(self, text: str, language: str | None) -> float | None:
        """Return after how much silence a text ends a request; None if the client is to decide."""
        try:
            async with (
                asyncio.timeout(PATIENCE),
                aclosing(self._engine.judge(self._request_for(text, language))) as extents,
            ):
                extent = await anext(extents, Extent.UNKNOWN)
        except (SatelliteError, TimeoutError) as error:
            _LOGGER.debug("cannot judge a text: %s", error or "too slow")
            return None
        _LOGGER.debug("%s is %s", quoted(text), extent.value)
        if extent is Extent.WHOLE:
            return min(WHOLE, self._silence)
        return self._silence if extent is Extent.OPEN else None


class EarlyEnd:
    """Decides for one request whether it has ended."""

    def __init__(self, judge: RequestJudge, language: str | None) -> None:
        self._judge = judge
        self._language = language
        self._text = ""
        self._seconds: float | None = None
        self._received = 0.0

    async def reached(self, transcript: Transcript, received: Callable[[], float]) -> bool:
        """Return whether the request ends with a transcript that reports a pause.

        `received` returns the seconds of sound that the client has sent: all that was sent before
        the text was judged must be known to be silent.
        """
        text = (transcript.pause_text or "").strip()
        if text != self._text:
            self._text = text
            self._seconds = await self._judge.seconds(text, self._language) if text else None
            self._received = received()
        return (
            self._seconds is not None
            and transcript.quiet >= self._seconds
            and transcript.until >= self._received - _LAG
        )
