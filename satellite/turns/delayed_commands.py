"""Commands that are carried out later: "turn off the lights in ten minutes"."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from functools import partial

from satellite.announcements.announcement import Announcement
from satellite.announcements.announcer import Announcer, speech
from satellite.errors import EngineBusy, SatelliteError
from satellite.lib.containment import Containment
from satellite.lib.deadline import fallback_seconds, within
from satellite.timers.schedule import Timer
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import TurnContext
from satellite.turns.own_sentences import own_sentences
from satellite.values import Action, Declined, ReplyRequest

_LOGGER = logging.getLogger(__name__)

MOST = 64
"""Commands that may wait: as many as there are timers."""


class DueCommands:
    """The commands whose time has come, until they are carried out."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Timer] = asyncio.Queue(MOST)

    def put(self, timer: Timer) -> None:
        """Add the command of a timer."""
        try:
            self._waiting.put_nowait(timer)
        except asyncio.QueueFull:
            _LOGGER.warning("%d commands are waiting: %s is not carried out", MOST, timer.id)

    async def get(self) -> Timer:
        """Return the next command, when there is one."""
        return await self._waiting.get()


class DelayedCommands:
    """Asks the language model to carry out due commands, and announces its answer."""

    def __init__(
        self,
        due: DueCommands,
        assistants: Assistants,
        context: TurnContext,
        announcer: Announcer,
    ) -> None:
        self._due = due
        self._assistants = assistants
        self._context = context
        self._announcer = announcer
        self._containment = Containment("a delayed command")

    async def run(self) -> None:
        """Carry out commands until cancelled."""
        while True:
            timer = await self._due.get()
            await self._containment.once(partial(self._carry_out, timer))

    async def _carry_out(self, timer: Timer) -> None:
        assistant = self._assistants.for_language(timer.language)
        language = timer.language or assistant.settings.language
        try:
            text = await self._answer(assistant, timer.command or "", language)
        except SatelliteError as error:
            _LOGGER.warning("the delayed command of timer %s failed: %s", timer.id, error)
            text = own_sentences(language).apology("llm", error) or ""
        if text.strip():
            self._announce(assistant, text)

    async def _answer(self, assistant: Assistant, command: str, language: str) -> str:
        """Return the answer to a command, once its actions are done. Raises `SatelliteError`."""
        llm = assistant.engines.llm
        situation = self._context.situation()
        request = ReplyRequest(text=command, language=language, situation=situation)
        limit = assistant.settings.deadlines.llm + fallback_seconds(llm)
        text = ""
        answer = within(llm.reply(request), limit, "the language model", "deadlines.llm")
        async with aclosing(answer) as parts:
            async for part in parts:
                if isinstance(part, Action):
                    self._context.execute(part)
                elif isinstance(part, str):
                    text += part
                else:  # declined; or resumed by another brain, with what was said before
                    text = part.text
                    if isinstance(part, Declined):
                        _LOGGER.warning("a delayed command was declined: %s", part.text)
        return text

    def _announce(self, assistant: Assistant, text: str) -> None:
        settings, tts = assistant.settings, assistant.engines.tts
        try:
            self._announcer.submit(Announcement(lambda: speech(text, tts, settings), text))
        except EngineBusy as error:
            _LOGGER.warning("the answer to a delayed command is not said: %s", error)
