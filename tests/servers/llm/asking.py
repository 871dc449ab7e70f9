"""Requests to the engine `ollama`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from satellite.ports import ConnectedHome, EngineContext
from satellite.values import Action, ReplyPart, ReplyRequest, Situation
from servers.llm.ollama.engine import Ollama

NOW = Situation(now="2026-11-20T10:25:00+01:00")


@asynccontextmanager
async def brain(
    host: str, *, load: bool = True, home: ConnectedHome | None = None, **options: Any
) -> AsyncIterator[Ollama]:
    """A model alone, unless `local_first` is given; connected to a home where there is one."""
    chosen = {"model": "m", "local_first": False, "host": host, **options}
    engine = Ollama(Ollama.Options(**chosen), EngineContext(home=home))
    try:
        if load:
            await engine.load()
        yield engine
    finally:
        await engine.close()


async def ask(engine: Any, text: str, situation: Situation = NOW, **more: Any) -> list[ReplyPart]:
    request = ReplyRequest(text=text, situation=situation, **more)
    async with aclosing(engine.reply(request)) as parts:
        return [part async for part in parts]


def heard(parts: list[ReplyPart]) -> str:
    return "".join(part for part in parts if isinstance(part, str))


def done(parts: list[ReplyPart]) -> list[Action]:
    return [part for part in parts if isinstance(part, Action)]
