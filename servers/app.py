"""`satellite --server`: loads engines, serves them, and announces them on the LAN."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any

from satellite import engines, models
from satellite.components import is_uri
from satellite.errors import ConfigError, PortInUse, SatelliteError
from satellite.events import Event, Ready
from satellite.groups import ungrouped
from satellite.net.advert import Advert, announce, facts
from satellite.net.mdns import NoMulticast
from satellite.net.uri import Stdio, Tcp, parse
from satellite.ports import ENGINE_ROLES
from satellite.settings import Settings
from servers.pool import LocalPool, Pool
from servers.serve import ServeLimits, serve_stdio, serving

_LOGGER = logging.getLogger(__name__)

CLOSE = 1.0
"""Seconds for the engines to close, so that stopping takes no more than two in all."""


async def run(settings: Settings, publish: Callable[[Event], None]) -> None:
    """Serve until cancelled; at stdio://, until the end of standard input.

    Raises `SatelliteError`s for what is wrong at the start: the configuration, a missing model, a
    port that is taken.
    """
    check(settings)
    with ungrouped(SatelliteError):
        async with _loaded(settings) as loaded:
            if settings.server.uri and isinstance(parse(settings.server.uri), Stdio):
                ((role, engine),) = loaded.items()
                limits = _limits(settings)
                await serve_stdio(role, engine, limits=limits, pool=_pool(role, engine, settings))
            else:
                await _serve(settings, loaded, publish)


def check(settings: Settings) -> None:
    """Hold what concerns a server against what it can do. Raises `ConfigError` with every problem.

    Engines' own options are checked as they are made.
    """
    server = settings.server
    problems = []
    for role in server.roles:
        if role not in ENGINE_ROLES:
            known = ", ".join(ENGINE_ROLES)
            problems.append(f"server.roles: {role} cannot be served ({known} can)")
        elif is_uri(text := getattr(settings, role)):
            problems.append(
                f"{role} = {text}: is a server already; name the engine to be served, or auto"
            )
    if not server.roles:
        problems.append("server.roles: name at least one of asr, llm, tts, wake")
    if len(set(server.roles)) != len(server.roles):
        problems.append("server.roles: every role can be served once")
    if server.uri and len(server.roles) != 1:
        problems.append(f"server.uri = {server.uri}: serves one role; name it, as in --server asr")
    if problems:
        raise ConfigError(problems)


@asynccontextmanager
async def _loaded(settings: Settings) -> AsyncGenerator[dict[str, Any], None]:
    """The engines of the roles, loaded side by side; closed, the last one first, at the end."""
    models.use(settings.models)
    made = {role: engines.create(role, getattr(settings, role)) for role in settings.server.roles}
    try:
        async with asyncio.TaskGroup() as tasks:
            for engine in made.values():
                tasks.create_task(engine.load())
        yield made
    finally:
        try:
            async with asyncio.timeout(CLOSE):
                for engine in reversed(made.values()):
                    await engine.close()
        except TimeoutError:
            _LOGGER.warning("an engine did not close within %g s", CLOSE)


async def _serve(
    settings: Settings, loaded: dict[str, Any], publish: Callable[[Event], None]
) -> None:
    """Listen, announce, and wait to be cancelled; then stop in reverse order."""
    adverts = []
    served = {}
    async with AsyncExitStack() as stack:
        for role, engine in loaded.items():
            served[role] = bound = await stack.enter_async_context(_served(role, engine, settings))
            info = engine.describe()
            _LOGGER.info("%s: %s at %s", role, info.name, bound)
            address = parse(bound)
            if isinstance(address, Tcp):
                adverts.append(
                    Advert(
                        role=role,
                        bound=address,
                        name=settings.name,
                        addresses=settings.server.advertise,
                        facts=facts(info, version("satellite")),
                    )
                )
        publish(Ready(name=settings.name, engines=served))
        async with asyncio.TaskGroup() as tasks:
            if settings.zeroconf and adverts:
                tasks.create_task(_announce(adverts))
            await asyncio.Event().wait()


@asynccontextmanager
async def _served(role: str, engine: Any, settings: Settings) -> AsyncGenerator[str, None]:
    """One role, listening where the settings say. Raises `PortInUse`, naming what to change."""
    server = settings.server
    uri = server.uri or str(Tcp(server.host, getattr(server, f"{role}_port")))
    async with AsyncExitStack() as stack:
        try:
            bound = await stack.enter_async_context(
                serving(
                    role, engine, uri, limits=_limits(settings), pool=_pool(role, engine, settings)
                )
            )
        except PortInUse as error:
            setting = "--uri" if server.uri else f"--{role}-port"
            raise PortInUse(f"{role}: {error} ({setting})") from error
        yield bound


async def _announce(adverts: list[Advert]) -> None:
    def log(names: tuple[str, ...]) -> None:
        _LOGGER.info("announced on the LAN: %s", ", ".join(names))

    try:
        await announce(adverts, announced=log)
    except NoMulticast as error:
        _LOGGER.warning("%s", error)


def _limits(settings: Settings) -> ServeLimits:
    return ServeLimits(connections=settings.server.connections)


def _pool(role: str, engine: Any, settings: Settings) -> Pool:
    """Wake words are listened for as long as a client stays: there is a place for each of them.

    An engine that divides itself among its requests (`shares`) is given all of them at once.
    """
    server = settings.server
    if getattr(engine, "shares", False):
        return LocalPool(engine, server.workers + server.waiting, 0)
    workers = server.connections if role == "wake" else server.workers
    return LocalPool(engine, workers, server.waiting)
