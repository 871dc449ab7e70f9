"""The cluster of Ray: joined, or started on this machine; and what is deployed on it."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from zlib import crc32

import msgspec

from satellite.errors import EngineDown
from satellite.lib.platform.processes import restore_signals
from satellite.ports import EngineContext
from servers.ray_serve.deployed import Deployed, RayErrors
from servers.ray_serve.options import RayOptions
from servers.ray_serve.replica import Replica
from servers.ray_serve.sounds import Sounds
from servers.ray_serve.starting import Progress, Room, Starting

_LOGGER = logging.getLogger(__name__)
T = TypeVar("T")

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    "RAY_SERVE_QUEUE_LENGTH_RESPONSE_DEADLINE_S": "0.5",
}
"""Settings of Ray that are not set otherwise. It would report its use to its makers, run replicas
at the lowest priority, below all programs of the machine, and pass over a busy replica that does
not say within 0.1 s how many requests it has."""
ANSWERED = 30.0
"""Seconds for the cluster to say how far the replicas are."""
SCALED = {
    "upscale_delay_s": 3.0,
    "downscale_delay_s": 300.0,
    "metrics_interval_s": 2.0,
    "look_back_period_s": 5.0,
}
"""More replicas after three seconds of too many requests; a model loads for longer. Fewer after
five minutes: people speak again soon."""


class Cluster:
    """Starts replicas on a cluster, which is joined when the first engine is deployed."""

    def __init__(self, options: RayOptions, workers: int) -> None:
        """`workers` are the requests that a replica works on at a time."""
        self._options = options
        self._workers = workers
        self._sounds: Any = None
        self._joining = asyncio.Lock()
        self._deploying = asyncio.Lock()

    async def deploy(self, role: str, component: str, context: EngineContext) -> Deployed:
        """Start the replicas of an engine, and wait until one runs. Raises `EngineDown`."""
        await self.join()
        # neither a connection to the home, nor programs or processors of this machine can be sent
        context = msgspec.structs.replace(context, home=None, tools=None, processors=None)
        name, start = _name(context.satellite, role, component), secrets.token_hex(4)
        arguments = (role, component, context, self._sounds, start)
        async with self._deploying:  # Ray registers modules for it, which two threads must not
            handle = await asyncio.to_thread(self._run, name, arguments)
        deployed = Deployed(name, handle, self._sounds, _errors())
        try:
            await Starting(
                name,
                self._options,
                look=lambda: self._asked(_progress, name, self._sounds, start),
                rooms=lambda: self._asked(_rooms),
            ).wait()
        except BaseException:
            await self.remove(deployed)
            raise
        return deployed

    async def join(self) -> None:
        """Join the cluster, or start it, unless that was done. Raises `EngineDown`."""
        async with self._joining:
            if self._sounds is None:
                self._sounds = await asyncio.to_thread(self._join)
                restore_signals()  # Ray's own would abort this process

    async def remove(self, deployed: Deployed) -> None:
        """End the replicas of an engine."""
        from ray import serve

        try:
            await asyncio.to_thread(serve.delete, deployed.name)
        except TimeoutError:
            _LOGGER.warning("%s: Ray has not ended its replicas within a minute", deployed.name)

    async def leave(self) -> None:
        """Leave the cluster; one that was started here ends."""
        if self._sounds is None:
            return
        import ray

        self._sounds = None
        await asyncio.to_thread(ray.shutdown)

    def _join(self) -> Any:
        for name, value in ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        import ray
        from ray import serve
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        try:
            ray.init(
                address=self._options.address or "local",
                namespace="satellite",
                include_dashboard=None if self._options.address else False,
                logging_level=logging.WARNING,
                log_to_driver=False,
            )
            serve.start(proxy_location="Disabled", logging_config={"log_level": "WARNING"})
            logging.getLogger("ray.serve").setLevel(logging.WARNING)
            here = NodeAffinitySchedulingStrategy(
                ray.get_runtime_context().get_node_id(), soft=True
            )
            actor = ray.remote(Sounds).options(
                num_cpus=0, max_concurrency=10_000, max_restarts=-1, scheduling_strategy=here
            )
            return actor.remote()
        except Exception as error:  # Ray raises its own, built-in and plain ones
            where = self._options.address or "this machine"
            raise EngineDown(f"Ray cannot be used at {where}: {error}") from error

    def _run(self, name: str, arguments: tuple[Any, ...]) -> Any:
        from ray import serve

        options = self._options
        scale: dict[str, Any] = {"num_replicas": options.replicas}
        if options.most > options.replicas:
            scale = {"autoscaling_config": self._scaling()}
        deployment = serve.deployment(Replica).options(
            name="engine",
            max_ongoing_requests=self._workers,
            ray_actor_options={"num_cpus": options.cpus, "num_gpus": options.gpus},
            graceful_shutdown_timeout_s=5.0,
            **scale,
        )
        failures: tuple[type[Exception], ...] = (RuntimeError, *_errors().lost)
        try:
            target = serve.RunTarget(deployment.bind(*arguments), name=name, route_prefix=None)
            # not until it runs: that has no limit, and other engines would wait for it
            (handle,) = serve.run_many([target], wait_for_applications_running=False)
            return handle
        except failures as error:
            raise EngineDown(f"Ray cannot start replicas of {name}: {error}") from error

    async def _asked(self, question: Callable[..., T], *arguments: Any) -> T:
        """Ask the cluster in a thread. Raises `EngineDown`."""
        try:
            async with asyncio.timeout(ANSWERED):
                return await asyncio.to_thread(question, *arguments)
        except TimeoutError as error:
            where = self._options.address or "this machine"
            raise EngineDown(f"the Ray of {where} does not answer within {ANSWERED:g} s") from error
        except _errors().lost as error:
            raise EngineDown(f"Ray failed while replicas started: {error}") from error

    def _scaling(self) -> dict[str, Any]:
        return {
            "min_replicas": self._options.replicas,
            "max_replicas": self._options.most,
            "target_ongoing_requests": max(1.0, 0.6 * self._workers),
            **SCALED,
        }


def _progress(name: str, sounds: Any, start: str) -> Progress:
    """Return how far the replicas of an application are."""
    import ray
    from ray import serve

    begun, loaded = ray.get(sounds.progress.remote(start), timeout=ANSWERED)
    if (found := serve.status().applications.get(name)) is None:
        return Progress("", "", begun, loaded)
    return Progress(str(found.status.value), found.message, begun, loaded)


def _rooms() -> dict[str, Room]:
    """Return what the cluster has."""
    import ray

    free = ray.available_resources()
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    rooms = {}
    for kind in ("CPU", "GPU"):
        each = [machine.get(kind, 0.0) for machine in machines]
        rooms[kind] = Room(sum(each), free.get(kind, 0.0), max(each, default=0.0))
    return rooms


def _errors() -> RayErrors:
    """Return the classes of Ray's exceptions."""
    from ray.exceptions import RayError, RayTaskError
    from ray.serve.exceptions import RayServeException

    return RayErrors(raised=(RayTaskError,), lost=(RayError, RayServeException))


def _name(satellite: str, role: str, component: str) -> str:
    """Return the name of an application: one for each server, role and engine."""
    plain = re.sub(r"[^a-z0-9]+", "-", satellite.lower()).strip("-")
    return f"satellite-{plain or 'server'}-{role}-{crc32(component.encode()):08x}"
