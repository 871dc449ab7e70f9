"""Engines that a conversation opens and closes while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from satellite.engines import assembly
from satellite.lib.containment import is_foreign
from satellite.ports import Llm, Tts
from satellite.settings import Settings
from satellite.turns.borrowed import BorrowedLlm, BorrowedTts
from satellite.values import AudioChunk, SpeechRequest


class HeldEngine:
    """An engine in a task of its own, which opens it and closes it after `release`."""

    def __init__(self) -> None:
        self._opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._released = asyncio.Event()

    @classmethod
    async def open(cls, role: str, settings: Settings, tasks: asyncio.TaskGroup) -> HeldEngine:
        """Open the engine of a role. Raises what `satellite.engines.assembly.opened` raises."""
        held = cls()
        task = tasks.create_task(held._hold(role, settings), name=f"engine {role}")
        try:
            await asyncio.shield(held._opened)
        except BaseException:
            task.cancel()
            raise
        return held

    @property
    def engine(self) -> Any:
        """The engine, loaded."""
        return self._opened.result()

    def release(self) -> None:
        """Close the engine soon."""
        self._released.set()

    async def _hold(self, role: str, settings: Settings) -> None:
        try:
            async with assembly.opened(role, settings) as engine:
                self._opened.set_result(engine)
                await self._released.wait()
        except BaseException as error:
            if self._opened.done() or not is_foreign(error):
                self._opened.cancel()
                raise
            self._opened.set_exception(error)


class SwitchedLlm(BorrowedLlm):
    """The language model of a conversation; another one may take its place between two turns."""

    def __init__(self, engine: Llm, settings: Settings, tasks: asyncio.TaskGroup) -> None:
        super().__init__(engine)
        self._settings = settings
        self._tasks = tasks
        self._held: HeldEngine | None = None

    async def switch(self, settings: Settings) -> None:
        """Answer with the language model of other settings; with the former one if it fails.

        Raises what opening it raises.
        """
        held = await HeldEngine.open("llm", settings, self._tasks)
        if self._held is not None:
            self._held.release()
        self._held, self._engine, self._settings = held, held.engine, settings

    def release(self) -> None:
        """Close the language model that took the first one's place, if any."""
        if self._held is not None:
            self._held.release()

    @property
    def component(self) -> str:
        """The component that was named for it."""
        return self._settings.llm


class SwitchedTts(BorrowedTts):
    """The voice of a conversation, which may be off; it is loaded when it is first wanted."""

    def __init__(self, engine: Tts | None, settings: Settings, tasks: asyncio.TaskGroup) -> None:
        super().__init__(engine)
        self._settings = settings
        self._tasks = tasks
        self._held: HeldEngine | None = None
        self.on = engine is not None

    async def switch(self, on: bool) -> None:
        """Turn the voice on or off. Raises what opening the engine raises."""
        if on and self._engine is None:
            self._held = await HeldEngine.open("tts", self._settings, self._tasks)
            self._engine = self._held.engine
        self.on = on

    def release(self) -> None:
        """Close the engine, if it was loaded here."""
        if self._held is not None:
            self._held.release()

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        if not self.on:
            return
        async with aclosing(super().synthesize(request)) as chunks:
            async for chunk in chunks:
                yield chunk
