"""An engine on the cluster: its replicas, and the sound of their requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import Any

import msgspec

from satellite.errors import EngineDown, EngineFailed
from satellite.values import EngineInfo
from servers.ray_serve.failure import Failure, ReplicaLost

DESCRIBED = 60.0
"""Seconds for a replica that runs to describe its engine."""


class RayErrors(msgspec.Struct, frozen=True):
    """The classes of Ray's exceptions."""

    raised: tuple[type[Exception], ...]
    """The replica lives, and its code raised something, which is `cause`."""
    lost: tuple[type[Exception], ...]
    """Any other: the replica ended, or the request was cancelled."""


class Deployed:
    """An engine on the cluster, by the handle of its replicas and the actor of sound."""

    def __init__(self, name: str, handle: Any, sounds: Any, errors: RayErrors) -> None:
        self.name = name
        self.handle = handle
        self.sounds = sounds
        self._errors = errors

    def ask(self, method: str, request: Any, number: str) -> Results:
        """Send a request to a replica."""
        with self._translated():
            response = self.handle.options(stream=True).ask.remote(method, request, number)
        return Results(response, self)

    async def describe(self) -> EngineInfo | Failure:
        """Return what a replica says about its engine. Raises `EngineDown`."""
        try:
            with self._translated():
                async with asyncio.timeout(DESCRIBED):
                    found: EngineInfo | Failure = await self.handle.describe.remote()
        except TimeoutError as error:
            raise EngineDown(f"no replica of {self.name} answers within {DESCRIBED:g} s") from error
        except (ReplicaLost, EngineFailed) as error:
            raise EngineDown(f"no replica of {self.name} answers: {error}") from error
        return found

    async def open_sound(self, number: str) -> None:
        """Expect the sound of a request. Raises `ReplicaLost`."""
        with self._translated():
            await self.sounds.open.remote(number)

    async def put_sound(self, number: str, sound: bytes, *, ended: bool) -> bool:
        """Add sound to a request; return False if there is no room. Raises `ReplicaLost`."""
        with self._translated():
            taken: bool | None = await self.sounds.put.remote(number, sound, ended=ended)
        if taken is None:
            raise ReplicaLost("the actor of sound was lost")
        return taken

    def drop_sound(self, number: str) -> None:
        """Forget the sound of a request, without waiting for it."""
        with self._translated():
            self.sounds.drop.remote(number)

    @contextmanager
    def _translated(self) -> Generator[None, None, None]:
        """Raise `EngineFailed` or `ReplicaLost` for Ray's exceptions."""
        try:
            yield
        except self._errors.raised as error:  # the text of Ray's own is a traceback
            cause = getattr(error, "cause", None)
            raise EngineFailed(f"{self.name} failed: {type(cause).__name__}: {cause}") from error
        except self._errors.lost as error:
            raise ReplicaLost(type(error).__name__) from error


class Results(AsyncIterator[Any]):
    """The results of a request, as they come. Raises `EngineFailed`, `ReplicaLost`."""

    def __init__(self, response: Any, deployed: Deployed) -> None:
        self._response = response
        self._deployed = deployed

    async def __anext__(self) -> Any:
        with self._deployed._translated():  # noqa: SLF001 - a part of it
            return await anext(self._response)

    def cancel(self) -> None:
        """End the request at its replica."""
        self._response.cancel()
