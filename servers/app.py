"""`satellite --server`: loads engines, serves them, and advertises them on the LAN."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from satellite.components.spec import is_uri
from satellite.diagnostics.health.supervision import limit_resources
from satellite.errors import ConfigError, PortInUse, SatelliteError
from satellite.events import Event, Ready
from satellite.http import token as tokens
from satellite.http.door import server_door
from satellite.http.lazy_routes import MachineRoutes, make_engine_routes
from satellite.http.page.engines import SharedEngines
from satellite.http.page.house import House
from satellite.http.page.lazy_routes import make_page_routes
from satellite.http.server import http_server
from satellite.languages.names import areas_for, names_for
from satellite.lib.containment import Containment
from satellite.lib.taskgroups import first_error
from satellite.net.discovery.advert import Advert, announce, engine_facts
from satellite.net.discovery.location import LOAD
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.listen import listen_limits
from satellite.net.memory_budget import MemoryBudget
from satellite.net.uri import Stdio, Tcp, parse
from satellite.ports import ENGINE_ROLES
from satellite.requirements import own_version
from satellite.settings import Settings
from satellite.values import ReplyRequest, Situation
from servers.advertised_load import AdvertisedLoad
from servers.api.pooled_engines import PooledEngines
from servers.draining import DrainablePool, drain
from servers.engines import ServedEngines, open_engines
from servers.health import Health
from servers.metrics import Metrics, metrics_server
from servers.paired import PairedPort
from servers.serve import ServeLimits, serve_stdio, serving
from servers.serve.early_end import RequestJudge
from servers.serve.server import make_service
from servers.serve.service import Service
from servers.serve.shared import SharedEngine

if TYPE_CHECKING:
    from satellite.http.route import MakeRoutes, Route

_LOGGER = logging.getLogger(__name__)


async def run(
    settings: Settings,
    publish: Callable[[Event], None],
    *,
    nice: int = 0,
    machine: MachineRoutes | None = None,
) -> None:
    """Serve until cancelled; at stdio://, until the end of standard input.

    `nice` is added to the niceness of model threads; `machine` makes the HTTP routes of settings
    and models.

    Raises `SatelliteError`s at the start, for the configuration, a missing model, or a port in use.
    """
    check(settings)
    metrics = Metrics() if settings.server.metrics else None
    health = Health()
    with first_error(SatelliteError):
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(limit_resources(settings.health))
            if metrics is not None:
                await stack.enter_async_context(_scraped(metrics, settings, health))
            engines = await stack.enter_async_context(open_engines(settings, metrics, nice))
            judge = await _judge(settings, engines)
            services = [
                _Service(role, engine, engines, metrics, judge)
                for role, engine in engines.by_role.items()
            ]
            if settings.server.uri and isinstance(parse(settings.server.uri), Stdio):
                (only,) = services
                await serve_stdio(
                    only.role,
                    only.engine,
                    limits=_limits(settings),
                    pool=only.pool,
                    observer=only.observer,
                )
            else:
                await _serve(settings, services, engines, publish, health, machine)


def check(settings: Settings) -> None:
    """Check the server's settings. Raises `ConfigError` with every problem.

    The options of engines are checked when those are created.
    """
    server = settings.server
    problems = []
    for role in server.roles:
        if role not in ENGINE_ROLES:
            known = ", ".join(ENGINE_ROLES)
            problems.append(f"server.roles: {role} cannot be served ({known} can)")
        elif is_uri(text := getattr(settings, role)):
            problems.append(
                f"{role} = {text}: is a server already; name an engine to serve, or auto"
            )
    if not server.roles:
        problems.append("server.roles: name at least one of asr, llm, tts, wake")
    if len(set(server.roles)) != len(server.roles):
        problems.append("server.roles: name every role only once")
    if server.uri and len(server.roles) != 1:
        problems.append(f"server.uri = {server.uri}: serves one role; name it, as in --server asr")
    if problems:
        raise ConfigError(problems)


class _Service:
    """An engine with its pool, observer and advert."""

    def __init__(
        self,
        role: str,
        engine: Any,
        engines: ServedEngines,
        metrics: Metrics | None,
        judge: RequestJudge | None,
    ) -> None:
        self.judge = judge
        self.role = role
        self.engine = engine
        self.pool = DrainablePool(engines.pool(role, engine))
        places = engines.places(role)
        self.observer = metrics.role(role, self.pool, places) if metrics else None
        self._load = AdvertisedLoad(self.pool, places)

    def facts(self) -> dict[str, str]:
        """Return the current facts of the advert."""
        current = engine_facts(self.engine.describe(), own_version())
        return {**current, LOAD: self._load.advertise()}

    def service(self, limits: ServeLimits) -> Service:
        """Return the service for the port of paired satellites."""
        return make_service(self.role, self.engine, limits, self.pool, self.observer)


async def _judge(settings: Settings, engines: ServedEngines) -> RequestJudge | None:
    """Return what ends the requests of other programs' clients early."""
    if not settings.listen.by_meaning or "asr" not in engines.by_role:
        return None
    engine = await engines.judge()
    if engine is None:
        return None

    def request_for(text: str, language: str | None) -> ReplyRequest:
        language = language or settings.language
        situation = Situation(
            satellite=settings.name,
            names=names_for(settings.home, language),
            areas=areas_for(settings.home, language),
        )
        return ReplyRequest(text=text, language=language, situation=situation)

    return RequestJudge(engine, request_for)


def _facts(service: _Service, paired: PairedPort) -> dict[str, str]:
    return {**service.facts(), **paired.facts()}


async def _serve(
    settings: Settings,
    services: list[_Service],
    engines: ServedEngines,
    publish: Callable[[Event], None],
    health: Health,
    machine: MachineRoutes | None,
) -> None:
    """Listen, advertise, and wait until cancelled; then stop in reverse order."""
    adverts = []
    served = {}
    limits = _limits(settings)
    ours = {service.role: service.service(limits) for service in services}
    memory = MemoryBudget(settings.limits.held)
    paired = PairedPort(settings, ours, limits, memory)
    async with AsyncExitStack() as stack:
        for service in services:
            role = service.role
            opened = _served(service, settings, memory)
            served[role] = bound = await stack.enter_async_context(opened)
            _LOGGER.info("%s: %s at %s", role, service.engine.describe().name, bound)
            address = parse(bound)
            if isinstance(address, Tcp):
                adverts.append(_advert(settings, service, address, paired))
        await stack.enter_async_context(paired)
        house = _house(settings, services, engines)
        await stack.enter_async_context(
            http_server(
                settings,
                server_door(settings),
                [
                    *_http_routes(settings, services, memory, machine),
                    *([partial(make_page_routes, house)] if house is not None else []),
                ],
                health.pages,
            )
        )
        publish(Ready(name=settings.name, engines=served))
        stack.callback(health.stop)
        if house is not None:
            stack.callback(house.close)
        async with asyncio.TaskGroup() as tasks:
            _beside(tasks, "the check of the services", partial(health.watch, served))
            _beside(tasks, "the change of engines", engines.watch)
            _beside(tasks, "the port of paired satellites", paired.watch)
            adverting = []
            if settings.zeroconf and adverts:
                announcing = partial(_announce, adverts)
                adverting.append(_beside(tasks, "the advert of this server", announcing))
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if settings.server.drain:
                    health.stop()
                    for task in adverting:
                        task.cancel()  # which withdraws the adverts
                    await drain(_drained(services), settings.server.drain)
                raise


def _beside(
    tasks: asyncio.TaskGroup, subject: str, part: Callable[[], Awaitable[None]]
) -> asyncio.Task[None]:
    """Run a part beside the services: what it raises starts it again, and ends no server."""
    return tasks.create_task(Containment(subject).run(part), name=subject)


def _advert(settings: Settings, service: _Service, address: Tcp, paired: PairedPort) -> Advert:
    """Return the announcement of a role on the LAN."""
    return Advert(
        role=service.role,
        bound=address,
        name=settings.name,
        addresses=settings.server.advertise,
        facts=partial(_facts, service, paired),
    )


def _drained(services: Sequence[_Service]) -> list[DrainablePool]:
    """Return the pools whose requests have an end: those for wake words last as long as clients."""
    return [service.pool for service in services if service.role != "wake"]


def _http_routes(
    settings: Settings,
    services: list[_Service],
    memory: MemoryBudget,
    machine: MachineRoutes | None,
) -> list[MakeRoutes]:
    """Return what makes the routes by which programs use the engines, without a satellite."""
    engines = PooledEngines({service.role: service for service in services}, settings.language)

    def make_openai_routes() -> Sequence[Route]:
        from servers.api.routes import openai_routes  # see `satellite.http.server`

        return openai_routes(engines, memory)

    made: list[MakeRoutes] = [partial(make_engine_routes, engines, memory), make_openai_routes]
    return [*made, partial(machine, memory, None)] if machine is not None else made


def _house(settings: Settings, services: list[_Service], engines: ServedEngines) -> House | None:
    """Return the browsers of the page; None without a language model to talk to."""
    shared = {service.role: SharedEngine(service.engine, service.pool) for service in services}
    return House(settings, SharedEngines(engines.context, **shared)) if "llm" in shared else None


@asynccontextmanager
async def _served(
    service: _Service, settings: Settings, memory: MemoryBudget
) -> AsyncGenerator[str, None]:
    """Serve one role at the address of the settings. Raises `PortInUse`, naming the flag."""
    server, role = settings.server, service.role
    uri = server.uri or str(Tcp(server.host, getattr(server, f"{role}_port")))
    async with AsyncExitStack() as stack:
        try:
            bound = await stack.enter_async_context(
                serving(
                    role,
                    service.engine,
                    uri,
                    limits=_limits(settings),
                    pool=service.pool,
                    observer=service.observer,
                    memory=memory,
                    judge=service.judge,
                )
            )
        except PortInUse as error:
            setting = "--uri" if server.uri else f"--{role}-port"
            raise PortInUse(f"{role}: {error} ({setting})") from error
        yield bound


@asynccontextmanager
async def _scraped(
    metrics: Metrics, settings: Settings, health: Health
) -> AsyncGenerator[None, None]:
    host = settings.server.metrics_host
    token = await asyncio.to_thread(tokens.read, settings.http)
    async with metrics_server(metrics, host, settings.server.metrics, health.pages, token) as port:
        _LOGGER.info("metrics at http port %d of %s", port, host)
        yield


async def _announce(adverts: list[Advert]) -> None:
    def log(names: tuple[str, ...]) -> None:
        _LOGGER.info("advertised on the LAN: %s", ", ".join(names))

    try:
        await announce(adverts, on_announced=log)
    except NoMulticast as error:
        _LOGGER.warning("%s", error)


def _limits(settings: Settings) -> ServeLimits:
    common = listen_limits(
        settings,
        connections=settings.server.connections,
        paired_only=settings.pairing.required,
    )
    return ServeLimits(**msgspec.structs.asdict(common))
