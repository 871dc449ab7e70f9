"""Engines that a conversation opens and closes while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from satellite.engines import assembly
from satellite.lib.containment import is_foreign
from satellite.lib.deadline import fallback_seconds
from satellite.ports import Llm, Tts
from satellite.settings import Settings
from satellite.turns.context import label
from satellite.values import AudioChunk, EngineInfo, ReplyPart, ReplyRequest, SpeechRequest


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


class SwitchedLlm:
    """The language model of a conversation; another one may take its place between two turns."""

    def __init__(self, engine: Llm, settings: Settings, tasks: asyncio.TaskGroup) -> None:
        self._engine = engine
        self._settings = settings
        self._tasks = tasks
        self._held: HeldEngine | None = None

    @property
    def label(self) -> str:
        """The name of the engine that answers."""
        return label(self._engine)

    @property
    def fallback_seconds(self) -> float:
        """See `satellite.lib.deadline`."""
        return fallback_seconds(self._engine)

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

    async def load(self) -> None:
        """Do nothing: it is loaded."""

    def describe(self) -> EngineInfo:
        return self._engine.describe()

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        async with aclosing(self._engine.reply(request)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Do nothing: its task closes it."""


class SwitchedTts:
    """The voice of a conversation, which may be off; it is loaded when it is first wanted."""

    def __init__(self, engine: Tts | None, settings: Settings, tasks: asyncio.TaskGroup) -> None:
        self._engine = engine
        self._settings = settings
        self._tasks = tasks
        self._held: HeldEngine | None = None
        self.on = engine is not None

    @property
    def label(self) -> str:
        """The name of the engine that speaks."""
        return label(self._engine) if self._engine is not None else "no voice"

    @property
    def fallback_seconds(self) -> float:
        """See `satellite.lib.deadline`."""
        return fallback_seconds(self._engine)

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

    async def load(self) -> None:
        """Do nothing: it is loaded when it is turned on."""

    def describe(self) -> EngineInfo:
        if self._engine is not None:
            return self._engine.describe()
        return EngineInfo(name="no voice", description="Answers on the screen alone")

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        if not self.on or self._engine is None:
            return
        async with aclosing(self._engine.synthesize(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def close(self) -> None:
        """Do nothing: its task, or the session, closes it."""
