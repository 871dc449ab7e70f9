"""A cluster of Ray within a test's process: real replicas and sounds, called as Ray calls them.

`Handle` stands for the handle of a deployment, and `Remote` for that of an actor: calls run as
tasks, whether they are awaited or not, and a lost replica ends its requests with `Died`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from satellite.ports import EngineContext
from servers.ray_serve.deployed import Deployed, RayErrors
from servers.ray_serve.replica import Replica
from servers.ray_serve.sounds import Sounds

_END = object()


class Died(Exception):
    """Stands for `ray.exceptions.RayActorError` and what else ends a request."""


class Raised(Exception):
    """Stands for `ray.exceptions.RayTaskError`, whose text is a traceback."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__("Traceback (most recent call last):\n  ...")
        self.cause = cause


class Method:
    """A method that is called by `remote`."""

    def __init__(self, remote: Callable[..., Any]) -> None:
        self.remote = remote


class Remote:
    """An object whose methods run as tasks."""

    def __init__(self, target: Any) -> None:
        self.target = target
        self._tasks: set[asyncio.Task[Any]] = set()

    def __getattr__(self, name: str) -> Method:
        def call(*arguments: Any, **keywords: Any) -> asyncio.Task[Any]:
            task = asyncio.create_task(getattr(self.target, name)(*arguments, **keywords))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return task

        return Method(call)


class Response(AsyncIterator[Any]):
    """The results of a request, made whether they are read or not."""

    def __init__(self, replica: Replica, arguments: tuple[Any, ...]) -> None:
        self._results: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.create_task(self._run(replica, arguments))

    async def __anext__(self) -> Any:
        if (result := await self._results.get()) is _END:
            raise StopAsyncIteration
        if isinstance(result, Exception):
            raise result
        return result

    def cancel(self) -> None:
        self.task.cancel()

    async def _run(self, replica: Replica, arguments: tuple[Any, ...]) -> None:
        try:
            async for result in replica.ask(*arguments):
                self._results.put_nowait(result)
        except asyncio.CancelledError:
            self._results.put_nowait(Died("cancelled"))
            raise
        except Exception as error:
            self._results.put_nowait(Raised(error))
        else:
            self._results.put_nowait(_END)


class Handle:
    """Gives requests to the replicas one after another."""

    def __init__(self, replicas: list[Replica]) -> None:
        self.replicas = replicas
        self.responses: list[Response] = []
        self.ask = Method(self._ask)
        self.describe = Method(lambda: replicas[0].describe())

    def options(self, *, stream: bool) -> Handle:
        assert stream
        return self

    def lose(self) -> None:
        """Lose the replica of the latest request, with all that it works on."""
        self.responses[-1].cancel()

    def _ask(self, *arguments: Any) -> Response:
        replica = self.replicas[len(self.responses) % len(self.replicas)]
        self.responses.append(Response(replica, arguments))
        return self.responses[-1]


class ScriptedCluster:
    """Deploys engines that exist already, each as one replica."""

    def __init__(self, *engines: Any) -> None:
        self.engines = engines
        self.sounds = Sounds()
        self.handle = Handle([])
        self.removed: list[Deployed] = []

    async def deploy(self, role: str, component: str, context: EngineContext) -> Deployed:
        sounds = Remote(self.sounds)
        for engine in self.engines:

            async def create(
                role: str, component: str, context: EngineContext, engine: Any = engine
            ) -> Any:
                return engine

            replica = Replica.__new__(Replica)
            await replica.__init__(role, component, context, sounds, "", create)  # type: ignore[misc]
            self.handle.replicas.append(replica)
        return Deployed(component, self.handle, sounds, RayErrors((Raised,), (Died,)))

    async def remove(self, deployed: Deployed) -> None:
        self.removed.append(deployed)
