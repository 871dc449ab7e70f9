"""The end of a request by its meaning, for clients that only wait for silence.

Home Assistant, for example, streams until its own voice detector has heard a second of silence, and
takes an answer that comes before. Words after an early end are lost, so that only sentences of our
own brain are ended early, and of these only those that hardly anybody goes on with: an end of
others would have to wait for as long as the client does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager

import msgspec

from satellite.errors import SatelliteError
from satellite.ports import JudgesTexts
from satellite.text.quoted import quoted
from satellite.values import Extent, ReplyRequest, Transcript

_LOGGER = logging.getLogger(__name__)

WHOLE = 0.2
"""Seconds of silence after a request that is whole, as on a satellite."""

PATIENCE = 0.5
"""Seconds for the judgement of a text."""

_LAG = 0.1
"""Seconds of sound that may be on their way through the recognizer when it reports a pause."""

RequestFor = Callable[[str, str | None], ReplyRequest]
"""Makes the request of a text in a language; None for the usual one."""


class RequestJudge:
    """Judges the texts of all clients."""

    def __init__(self, engine: JudgesTexts, request_for: RequestFor) -> None:
        self._engine = engine
        self._request_for = request_for

    @asynccontextmanager
    async def preparing(self, language: str | None) -> AsyncGenerator[None, None]:
        """Read the sentences of a language during this block, so that no text waits for them."""
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(self.is_whole("a", language))
            try:
                yield
            finally:
                work.cancel()

    async def is_whole(self, text: str, language: str | None) -> bool:
        """Return whether a text is a request that nothing follows; False if the client decides."""
        request = msgspec.structs.replace(self._request_for(text, language), irrevocable=True)
        try:
            async with (
                asyncio.timeout(PATIENCE),
                aclosing(self._engine.judge(request)) as extents,
            ):
                extent = await anext(extents, Extent.UNKNOWN)
        except (SatelliteError, TimeoutError) as error:
            _LOGGER.debug("cannot judge a text: %s", error or "too slow")
            return False
        _LOGGER.debug("%s is %s", quoted(text), extent.value)
        return extent is Extent.WHOLE


class EarlyEnd:
    """Decides for one request whether it has ended."""

    def __init__(self, judge: RequestJudge, language: str | None) -> None:
        self._judge = judge
        self._language = language
        self._text = ""
        self._whole = False
        self._received = 0.0

    async def reached(self, transcript: Transcript, received: Callable[[], float]) -> bool:
        """Return whether the request ends with a transcript that reports a pause.

        `received` returns the seconds of sound that the client has sent: all that was sent before
        the text was judged must be known to be silent.
        """
        text = (transcript.pause_text or "").strip()
        if text != self._text:
            self._text = text
            self._whole = bool(text) and await self._judge.is_whole(text, self._language)
            self._received = received()
        return (
            self._whole and transcript.quiet >= WHOLE and transcript.until >= self._received - _LAG
        )
