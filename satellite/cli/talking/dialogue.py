"""The keys of a person, and what each of them does in a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from satellite.cli.talking.commands import QUIT, Commands
from satellite.cli.talking.keyboard import Key, Line, keys
from satellite.cli.talking.page import Page
from satellite.turns.session import Session

WAITING = 8
"""Lines that may wait for a command, such as one that loads a model."""


class Dialogue:
    """Does what the person presses or writes."""

    def __init__(self, session: Session, commands: Commands, page: Page) -> None:
        self._session = session
        self._commands = commands
        self._page = page
        self._line = Line()
        self._entered: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._command: asyncio.Task[None] | None = None

    async def at_terminal(self, typed: AsyncGenerator[str, None]) -> None:
        """Take keys until the person leaves."""
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(self._work(tasks), name="typed lines")
            async for text in typed:
                if any(self._leaves(key) for key in keys(text)):
                    break
            working.cancel()
            self._cancel()

    async def from_pipe(self, written: AsyncGenerator[str, None]) -> None:
        """Answer line after line, each when the one before is answered."""
        rest = ""
        async for text in written:
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                if not await self._answer(line.strip()):
                    return
        await self._answer(rest.strip())

    async def _answer(self, line: str) -> bool:
        if line in QUIT:
            return False
        if line.startswith("/"):
            await self._commands.carry_out(line)
        elif line:
            self._session.ask(line)
        await self._session.wait_until_idle()
        return True

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        """Carry out what was entered, in order."""
        while True:
            line = await self._entered.get()
            if not line.startswith("/"):
                self._session.ask(line)
                continue
            self._command = tasks.create_task(self._commands.carry_out(line), name="command")
            await asyncio.wait([self._command])

    def _leaves(self, key: Key | str) -> bool:
        """Do what a key asks for; return whether the person leaves."""
        if key is Key.END:
            return not self._line.text
        if key is Key.INTERRUPT:
            return self._interrupted()
        if key is Key.ENTER and self._line.text.strip():
            text = self._line.finish()
            self._page.typed(text)
            return self._enter(text)
        if key is Key.ENTER or (key == " " and not self._line.text):
            self._push()
            return False
        self._line.take(key)
        self._page.typing(self._line.text)
        return False

    def _interrupted(self) -> bool:
        if self._command is not None and not self._command.done():
            self._cancel()
        elif self._session.busy:
            self._session.interrupt()
        elif self._line.text:
            self._line.finish()
            self._page.typing("")
        else:
            return True
        return False

    def _enter(self, text: str) -> bool:
        if text in QUIT:
            return True
        try:
            self._entered.put_nowait(text)
        except asyncio.QueueFull:
            self._page.say("(a command is not finished; Ctrl-C ends it)")
        return False

    def _push(self) -> None:
        """Begin to listen, end the request, or interrupt the answer."""
        if self._session.phase == "listening":
            self._session.end_listening()
        elif self._session.busy:
            self._session.interrupt()
        elif not self._session.listen():
            self._page.say("(no microphone: type a request)")

    def _cancel(self) -> None:
        if self._command is not None:
            self._command.cancel()
