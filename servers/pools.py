"""Where the engines of a server run: in this process, or where a plugin has them."""

from __future__ import annotations

from typing import Any, Protocol

from satellite.components import registry, spec
from satellite.engines import assembly
from satellite.errors import PackageMissing, PluginBroken
from satellite.ports import EngineContext
from satellite.settings.serving import LOCAL_POOL, ServerSettings

GROUP = "pool"


class Pools(Protocol):
    """Makes the engines of a server.

    A plugin of the group `satellite.pool` is such a class, with its `Options`. It is constructed
    with them and with the requests that an engine works on at a time (`server.workers`).
    """

    closing: float
    """Seconds for the engines to close."""

    async def create(self, role: str, component: str, context: EngineContext) -> Any:
        """Return the engine of a component. Raises as `satellite.engines.assembly.create`."""

    def places(self, role: str) -> int:
        """Return how many requests of a role run at once; more wait for their turn."""

    async def close(self) -> None:
        """End what the engines ran in, after they were closed."""


class LocalPools:
    """Runs the engines in this process."""

    closing = 1.0  # so that stopping takes two at most in all

    def __init__(self, workers: int) -> None:
        self._workers = workers

    async def create(self, role: str, component: str, context: EngineContext) -> Any:
        return await assembly.create(role, component, context)

    def places(self, role: str) -> int:
        return self._workers

    async def close(self) -> None:
        pass


def make_pools(server: ServerSettings) -> Pools:
    """Return what `server.pool` names. Raises `ConfigError`, `PluginError`, `PluginUnknown`."""
    if server.pool == LOCAL_POOL:
        return LocalPools(server.workers)
    options = spec.read_options(GROUP, server.pool)
    kind = registry.find(GROUP, spec.parse(server.pool).plugin).load()
    for requirement in registry.requirements(kind):
        if hint := requirement.missing():
            raise PackageMissing(f"server.pool = {server.pool}: {hint}")
    try:
        pools: Pools = kind(options, server.workers)
    except Exception as error:
        raise PluginBroken(
            f"server.pool = {server.pool}: it cannot be made: {type(error).__name__}: {error}"
        ) from error
    return pools
