"""The server's health: checks its own services; reports to systemd, probes and scrapers."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
from collections.abc import Mapping

from wyoming.info import Describe

from satellite.diagnostics.health.systemd import Notifier
from satellite.errors import SatelliteError
from satellite.http.pages import Page, Pages, as_json
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect

_LOGGER = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two checks of our services, unless systemd's watchdog is shorter."""

CONNECT = 3.0
"""Seconds to connect: a lost SYN is sent again after 1 s."""

ANSWER = 5.0
"""Seconds to answer `describe`, as Home Assistant allows."""


class Health:
    """Checks whether the services answer."""

    def __init__(self, notifier: Notifier | None = None) -> None:
        self._notifier = notifier or Notifier()
        self._silent: tuple[str, ...] = ()
        self._uris: Mapping[str, str] = {}
        self.phase = "loading"

    async def watch(self, uris: Mapping[str, str], every: float | None = None) -> None:
        """Check the services at these addresses, by role, until cancelled: they listen now."""
        self._uris = uris
        watchdog = self._notifier.watchdog
        if watchdog:
            faulthandler.enable()  # the watchdog's signal then prints where the server hangs
        pause = every or (min(EVERY, watchdog / 3) if watchdog else EVERY)
        await self._ask()
        self.phase = "serving"
        self._notifier.ready()
        while True:
            served = ", ".join(f"{role} at {uri}" for role, uri in uris.items())
            silent = ", ".join(self._silent)
            self._notifier.status(f"no answer from {silent}" if silent else f"serving {served}")
            if not self._silent:
                self._notifier.alive()
            await asyncio.sleep(pause)
            await self._ask()

    def stop(self) -> None:
        """Report that the server stops, so that a load balancer chooses another one."""
        if self.phase != "stopping":
            self.phase = "stopping"
            self._notifier.stopping()

    @property
    def pages(self) -> Pages:
        """`/healthz`: the server works or loads its models. `/readyz`: it accepts requests."""
        return {
            "/healthz": lambda headers: self._page(not self._silent),
            "/readyz": lambda headers: self._page(not self._silent and self.phase == "serving"),
        }

    def _page(self, healthy: bool) -> Page:
        status = "ok" if healthy else "services do not answer" if self._silent else self.phase
        facts = {"status": status, "phase": self.phase, "silent": self._silent}
        return as_json({**facts, "services": self._uris}, healthy)

    async def _ask(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(answers_at(uri)) for uri in self._uris.values()]
        answers = [task.result() for task in asked]
        before = self._silent
        self._silent = tuple(
            role for role, healthy in zip(self._uris, answers, strict=True) if not healthy
        )
        if self._silent and self._silent != before:
            _LOGGER.warning("services do not answer: %s", ", ".join(self._silent))


async def answers_at(uri: str) -> bool:
    """Return whether a service of ours answers. A refusal is an answer, too."""
    try:
        # never paired with itself, so that this works where pairing is required, too
        connection = await connect(uri.replace("//*:", "//localhost:"), CONNECT, pairing=Pairing())
    except SatelliteError as error:
        _LOGGER.debug("%s", error)
        return False
    try:
        async with asyncio.timeout(ANSWER):
            await connection.write(Describe().event())
            await connection.read()
    except TimeoutError:
        return False
    except (SatelliteError, OSError) as error:
        _LOGGER.debug("%s refused this machine: %s", uri, error)
    finally:
        connection.abort()
    return True
