"""The supervision of the satellite: by systemd, by probes and scrapers, and by its own limits."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple

from satellite import events
from satellite.audio.heartbeat import Heartbeat
from satellite.diagnostics.health import memory_limit
from satellite.diagnostics.health.log_limit import limited_log
from satellite.diagnostics.health.metrics import SatelliteMetrics
from satellite.diagnostics.health.systemd import Notifier
from satellite.errors import ConfigError, SatelliteError
from satellite.events import Event
from satellite.http import token as tokens
from satellite.http.pages import Page, Pages, as_json
from satellite.http.probes import probe_server
from satellite.lib.bus import Bus, Subscription
from satellite.lib.containment import Containment
from satellite.lib.taskgroups import first_error
from satellite.settings import HealthSettings, Settings
from satellite.text.reason_of import reason_of
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

OFTEN = 1.0
"""Seconds of sound between two signs of life; systemd expects two within its limit."""


class Supervision(NamedTuple):
    """The supervision of a running satellite."""

    heartbeat: Heartbeat
    """The satellite's audio passes through it."""
    pages: Pages
    """Health and metrics, for HTTP."""


@asynccontextmanager
async def supervised(settings: Settings, bus: Bus) -> AsyncGenerator[Supervision, None]:
    """Supervise the satellite that runs in this block.

    Raises:
        ConfigError: nothing can listen at `health.port`.
        MemoryFull: the process uses more memory than it may.
    """
    memory_limit.share_arenas()
    notifier = Notifier()
    status = _Status(notifier)
    if notifier.watchdog:
        faulthandler.enable()  # the watchdog's signal then shows where it hung
        every = int(SPEECH.rate * min(OFTEN, notifier.watchdog / 2))
        heartbeat = Heartbeat(every=every, on_beat=notifier.alive, on_end=status.stop)
    else:
        heartbeat = Heartbeat(on_end=status.stop)
    metrics = _LazyMetrics(heartbeat)
    pages: Pages = {"/healthz": lambda headers: status.page(heartbeat), "/metrics": metrics.page}
    async with limit_resources(settings.health), AsyncExitStack() as stack:
        changes = await stack.enter_async_context(bus.subscribe("health"))
        if settings.health.port:
            metrics.start()
            await stack.enter_async_context(_answer_probes(settings, pages))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        follow = Containment("the report of health").run(partial(_follow, changes, status, metrics))
        following = tasks.create_task(follow, name="health")
        tidying = tasks.create_task(memory_limit.return_memory_after_start(), name="tidying")
        try:
            yield Supervision(heartbeat, pages)
        finally:
            status.stop()
            following.cancel()
            tidying.cancel()


@asynccontextmanager
async def limit_resources(settings: HealthSettings) -> AsyncGenerator[None, None]:
    """Limit the memory and the log of this process during this block. Raises `MemoryFull`."""
    memory_limit.share_arenas()  # before the threads of models start
    limit = settings.memory * memory_limit.MB or memory_limit.default_limit()
    with limited_log(settings.log), first_error(SatelliteError):
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(memory_limit.watch(limit), name="memory")
            try:
                yield
            finally:
                watching.cancel()


class _Status:
    """The status of the satellite, from its events."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._stopping = False
        self.phase = "starting"

    def take(self, event: Event) -> None:
        """Report a change to the service manager."""
        if isinstance(event, events.Ready):
            self.phase = "idle"
            engines = ", ".join(f"{role}: {what}" for role, what in event.engines.items())
            self._notifier.ready()
            self._notifier.status(f"listening; {engines}")
        elif isinstance(event, events.Phase):
            self.phase = event.phase
            self._notifier.status("listening" if event.phase == "idle" else f"turn: {event.phase}")
        elif isinstance(event, events.Error):
            self._notifier.status(f"{event.where}: {event.text}")

    def stop(self) -> None:
        """Report that listening has ended, or never began. Idempotent."""
        if not self._stopping:
            self._stopping, self.phase = True, "stopping"
            self._notifier.stopping()

    def page(self, heartbeat: Heartbeat) -> Page:
        """Return whether sound arrives from the microphone, which is what a satellite is for."""
        age = heartbeat.age
        facts = {
            "status": "ok" if heartbeat.beats else "no sound comes from the microphone",
            "phase": self.phase,
            "audio_age_seconds": None if age is None else round(age, 3),
            "audio_heard_seconds": round(heartbeat.samples / SPEECH.rate, 1),
        }
        return as_json(facts, heartbeat.beats)


class _LazyMetrics:
    """Metrics that are counted from the first request for them on, or from `start`.

    Their library takes 4.5 MB, which a satellite whose metrics are never scraped does not pay.
    """

    def __init__(self, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat
        self._metrics: SatelliteMetrics | None = None

    def start(self) -> SatelliteMetrics:
        """Count from now on. Idempotent."""
        if self._metrics is None:
            self._metrics = SatelliteMetrics(self._heartbeat)
        return self._metrics

    def take(self, event: Event) -> None:
        """Count an event."""
        if self._metrics is not None:
            self._metrics.take(event)

    def page(self, headers: Mapping[str, str]) -> Page:
        """Return the values in the form that the scraper accepts."""
        return Page(*self.start().text_of(headers.get("accept", "")))


@asynccontextmanager
async def _answer_probes(settings: Settings, pages: Pages) -> AsyncGenerator[None, None]:
    health = settings.health
    async with AsyncExitStack() as stack:
        try:
            token = await asyncio.to_thread(tokens.read, settings.http)
            port = await stack.enter_async_context(
                probe_server(pages, health.host, health.port, token)
            )
        except OSError as error:
            raise ConfigError(
                [
                    f"cannot serve health at {health.host} port {health.port}: "
                    f"{reason_of(error)} (health.port)"
                ]
            ) from error
        _LOGGER.info("health and metrics at http port %d of %s", port, health.host)
        yield


async def _follow(changes: Subscription, status: _Status, metrics: _LazyMetrics) -> None:
    async for event in changes:
        status.take(event)
        metrics.take(event)
