"""A replica of Ray Serve: an engine in a process of its own, on any machine of the cluster."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from satellite.engines import assembly
from satellite.errors import SatelliteError
from satellite.ports import EngineContext, Preparing
from satellite.values import EngineInfo
from servers.ray_serve.failure import SOUND_LOST, Failure


class Replica:
    """Works on the requests that Ray Serve gives to it, until its process ends.

    An engine that cannot be loaded is no failure of the replica, which Ray would start again and
    again: the replica says at each request why.
    """

    async def __init__(  # type: ignore[misc] # Ray Serve awaits it
        self,
        role: str,
        component: str,
        context: EngineContext,
        sounds: Any,
        start: str = "",
        create: Callable[[str, str, EngineContext], Awaitable[Any]] = assembly.create,
    ) -> None:
        """`sounds` is the actor of the requests' sound; see `servers.ray_serve.sounds`.

        `start` is the number of the start that it belongs to.
        """
        self._sounds = sounds
        self._sounds.begin.remote(start)
        self._failure: Failure | None = None
        self._engine: Any = None
        self._running = 0
        try:
            self._engine = await create(role, component, context)
            await self._engine.load()
        except SatelliteError as error:
            self._failure = Failure.of(error)
        self._sounds.loaded.remote(start)

    async def describe(self) -> EngineInfo | Failure:
        """Return what the engine says about itself, or why there is none."""
        if self._failure is not None:
            return self._failure
        info: EngineInfo = self._engine.describe()
        return info

    async def state(self) -> tuple[int, int]:
        """Return the process and the number of its requests under way."""
        return os.getpid(), self._running

    async def ask(self, method: str, request: Any, number: str) -> AsyncGenerator[Any, None]:
        """Yield the results of the engine, or a `Failure`.

        `number` is that of the request's sound, empty for requests without.
        """
        if self._failure is not None:
            yield self._failure
            return
        sound = _Sound(self._sounds, number)
        arguments = (aiter(sound), request) if number else (request,)
        self._running += 1
        try:
            if isinstance(self._engine, Preparing):
                await self._engine.prepare_for(request)
            async with aclosing(getattr(self._engine, method)(*arguments)) as results:
                async for result in results:
                    yield sound.failure or result
        except Exception as error:
            if sound.failure is not None:  # whatever the engine made of it
                yield sound.failure
            elif isinstance(error, SatelliteError):
                yield Failure.of(error)
            else:
                raise
        finally:
            self._running -= 1


class _Sound:
    """The sound of a request, taken from the actor that it is sent to."""

    def __init__(self, sounds: Any, number: str) -> None:
        self._sounds = sounds
        self._number = number
        self.failure: Failure | None = None
        """Set when the sound was lost: no result of this request is right from then on."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        ended = False
        while not ended:
            try:
                taken = await self._sounds.take.remote(self._number)
            except Exception as error:  # Ray raises many kinds where an actor was lost
                raise self._lost(type(error).__name__) from error
            if taken is None:
                raise self._lost("the request is unknown")
            sound, ended = taken
            if sound:
                yield sound

    def _lost(self, how: str) -> EOFError:
        self.failure = Failure(SOUND_LOST, f"its sound was lost: {how}")
        return EOFError(self.failure.text)
