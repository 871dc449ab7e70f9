"""Engines by their names: built-in, of a plugin, or on a server; made, loaded and closed here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from satellite import components
from satellite.components import AUTO
from satellite.errors import SatelliteError
from satellite.events import Event
from satellite.groups import ungrouped
from satellite.net.remote import remote
from satellite.ports import ENGINE_ROLES, Vad, Wake
from satellite.settings import Settings
from satellite.stage import Engines

BUILT_IN = {
    "wake": "openwakeword",
    "vad": "silero",
    "asr": "pocketsphinx",
    "llm": "intents",
    "tts": "espeak",
}
"""What `auto` stands for where there is no server."""


class Assembly(msgspec.Struct, frozen=True):
    """The engines of a satellite, loaded."""

    wake: Wake
    vad: Vad
    turn: Engines


def create(role: str, text: str) -> Any:
    """Make the engine that a component names; `auto` is the built-in one.

    Raises what `components.create` raises.
    """
    if components.is_uri(text):
        return remote(text, role)
    return components.create(role, BUILT_IN[role] if text == AUTO else text)


@asynccontextmanager
async def opened(role: str, text: str) -> AsyncGenerator[Any, None]:
    """An engine, loaded; closed when the block is left."""
    engine = create(role, text)
    try:
        await engine.load()
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def assembled(
    settings: Settings, publish: Callable[[Event], None]
) -> AsyncGenerator[Assembly, None]:
    """The engines that the settings name, loaded side by side; closed when the block is left."""
    vad: Vad = create("vad", settings.vad)
    engines = {role: create(role, getattr(settings, role)) for role in ENGINE_ROLES}
    async with AsyncExitStack() as stack:
        for engine in engines.values():
            stack.push_async_callback(engine.close)
        with ungrouped(SatelliteError):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.to_thread(vad.load))
                for engine in engines.values():
                    tasks.create_task(engine.load())
        turn = Engines(engines["asr"], engines["llm"], engines["tts"])
        yield Assembly(engines["wake"], vad, turn)
