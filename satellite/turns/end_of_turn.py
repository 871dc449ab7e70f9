"""The end of a turn by meaning: whole requests end sooner than by silence alone, and those that are
only begun are waited for.

What was said up to a pause is put to the brain, which knows its own sentences. A text that it does
not know ends as ever, after the silence of the settings.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from time import monotonic

from satellite.errors import SatelliteError
from satellite.lib.containment import Containment
from satellite.listening.melody.melody import Melody
from satellite.listening.utterance import Utterance
from satellite.ports import AnswersAhead, JudgesTexts, Llm
from satellite.settings import ListenSettings
from satellite.text.quoted import quoted
from satellite.values import Extent, ReplyRequest, Transcript

_LOGGER = logging.getLogger(__name__)

WHOLE = 0.2
"""Seconds of silence after a whole request that nothing could follow: people answer each other
after as long, and pauses within words are shorter than 0.13 s."""

OPEN = 0.35
"""The same after a whole request that could go on."""

BEGUN = 1.2
"""The same after the beginning of a request. A person who stops for good waits no longer."""

SURE = 0.5
"""The same where the melody of the voice has ended, and the text is unknown to the sentences."""

PATIENCE = 0.5
"""Seconds for the brain to judge a text: later, silence would have ended the turn anyway."""


class EndOfTurn:
    """Ends one utterance by what was said in it."""

    def __init__(
        self,
        utterance: Utterance,
        llm: Llm,
        settings: ListenSettings,
        request_for: Callable[[str], ReplyRequest],
        on_text: Callable[[str], None] = lambda text: None,
        melody: Melody | None = None,
    ) -> None:
        """`request_for` makes the request of a text; `on_text` is called with each text that may be
        complete; `melody` hears pauses in what the brain does not know."""
        self.wanted = settings.by_meaning and isinstance(llm, JudgesTexts | AnswersAhead)
        """Whether texts up to pauses are of use."""
        self._utterance = utterance
        self._llm = llm
        self._silence = settings.silence
        self._request_for = request_for
        self._on_text = on_text
        self._newest: Transcript | None = None
        self._changed = asyncio.Event()
        self._judged = ""
        self._melody = melody
        self._looks: set[asyncio.Task[None]] = set()
        self._finished_at: float | None = None
        """Seconds of the utterance's sound after which its melody had ended."""

    @asynccontextmanager
    async def judging(self) -> AsyncGenerator[None, None]:
        """Judge texts and pauses during this block. No task group, as in `recording`."""
        tasks = self._looks
        if self.wanted:
            work = Containment("the end of a turn by meaning").run(self._judge)
            tasks.add(asyncio.create_task(work))
        if self._melody is not None:
            self._melody.begin()
            self._utterance.on_pause(self._hear_pause)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def hear(self, transcript: Transcript) -> None:
        """Take a transcript with the text up to a pause; only the newest one is judged."""
        if self.wanted:
            self._newest = transcript
            self._changed.set()

    async def settle(self, text: str) -> None:
        """Wait until the end is certain: at once, unless the utterance was ended early because of
        another text than the final one."""
        early = self._utterance.extent in (Extent.WHOLE, Extent.OPEN)
        if not early or text == self._judged or self._utterance.silent_mono is None:
            return
        _LOGGER.debug("%s was taken for %s", quoted(text), quoted(self._judged))
        await asyncio.sleep(self._utterance.silent_mono + self._silence - monotonic())

    async def certain(self) -> None:
        """Wait until the usual silence is over, after a request that could have gone on."""
        guessed = self._utterance.extent is Extent.OPEN or self.by_melody
        if guessed and self._utterance.silent_mono is not None:
            await asyncio.sleep(self._utterance.silent_mono + self._silence - monotonic())

    @property
    def by_melody(self) -> bool:
        """Whether the melody of the voice alone said that the person has finished."""
        unknown = self._utterance.extent is Extent.UNKNOWN
        return unknown and self._finished_at == self._utterance.voice_until

    def _hear_pause(self, sound: bytes) -> None:
        work = Containment("the end of a turn by melody").once(partial(self._look, sound))
        task = asyncio.create_task(work, name="melody")
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def _look(self, sound: bytes) -> None:
        """Look at a pause; what the brain's sentences say of it counts more."""
        if self._melody is None:
            return
        until = self._utterance.voice_until
        finished = await self._melody.finished(sound)
        unknown = self._utterance.extent is Extent.UNKNOWN
        if finished is None or not unknown or self._utterance.voice_until != until:
            return
        self._finished_at = until if finished else None
        seconds = min(SURE, self._silence) if finished else max(BEGUN, self._silence)
        self._utterance.wait(seconds, until, Extent.UNKNOWN)

    async def _judge(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if (transcript := self._newest) is None or not transcript.pause_text:
                continue
            extent = await self._extent(transcript.pause_text)
            if transcript is not self._newest or not self._is_silent(transcript):
                continue
            if extent is not Extent.BEGUN:
                self._on_text(transcript.pause_text.strip())
            if extent is Extent.UNKNOWN:
                continue
            self._judged = transcript.pause_text
            self._utterance.wait(self._seconds(extent), transcript.until, extent)

    def _is_silent(self, transcript: Transcript) -> bool:
        """Return whether nothing more was said since."""
        return self._utterance.voice_until <= transcript.until

    async def _extent(self, text: str) -> Extent:
        if not isinstance(self._llm, JudgesTexts):
            return Extent.UNKNOWN
        try:
            async with (
                asyncio.timeout(PATIENCE),
                aclosing(self._llm.judge(self._request_for(text))) as extents,
            ):
                extent = await anext(extents, Extent.UNKNOWN)
        except (SatelliteError, TimeoutError) as error:
            _LOGGER.debug("cannot judge a text: %s", error or "too slow")
            return Extent.UNKNOWN
        _LOGGER.debug("%s is %s", quoted(text), extent.value)
        return extent

    def _seconds(self, extent: Extent) -> float:
        """Return the silence after a text; never more than the settings where that is shorter for
        whole ones, nor less for those that have only begun."""
        if extent is Extent.BEGUN:
            return max(BEGUN, self._silence)
        return min(WHOLE if extent is Extent.WHOLE else OPEN, self._silence)
