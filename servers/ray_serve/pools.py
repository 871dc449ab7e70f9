"""The plugin `ray` of the group `satellite.pool`."""

from __future__ import annotations

from typing import Any, ClassVar

from satellite.engines import assembly
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from servers.ray_serve.cluster import Cluster
from servers.ray_serve.engines import RAY_ENGINES
from servers.ray_serve.options import RayOptions


class RayPools:
    """Runs the engines of some roles on replicas of Ray Serve, and the others in this process."""

    Options = RayOptions
    argument: ClassVar[str] = "address"
    closing = 10.0
    requires: ClassVar[tuple[Requirement, ...]] = (
        Package("ray", extra="ray"),
        Package("starlette", extra="ray"),  # of `ray[serve]`
    )

    @staticmethod
    def problems(options: RayOptions) -> list[str]:
        """Return what is wrong with the options."""
        found = [
            f"roles: {role} cannot run on Ray ({', '.join(RAY_ENGINES)} can)"
            for role in options.roles
            if role not in RAY_ENGINES
        ]
        if 0 < options.most < options.replicas:
            found.append(f"most={options.most} is less than replicas={options.replicas}")
        return found

    def __init__(self, options: RayOptions, workers: int) -> None:
        self._options = options
        self._workers = workers
        self._cluster = Cluster(options, workers)

    async def create(self, role: str, component: str, context: EngineContext) -> Any:
        if role not in self._options.roles:
            return await assembly.create(role, component, context)
        return RAY_ENGINES[role](component, context, self._cluster)

    def places(self, role: str) -> int:
        """Return the requests of a role that run at once; the others wait at the gateway, where
        every address gets its turn."""
        if role not in self._options.roles:
            return self._workers
        return self._workers * max(self._options.replicas, self._options.most)

    async def close(self) -> None:
        await self._cluster.leave()
