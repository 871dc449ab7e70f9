"""Serves engines to clients on TCP and Unix sockets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from wyoming.error import Error

from satellite.errors import EngineFailed
from satellite.net.listen import ListenLimits, listening
from satellite.net.memory_budget import MemoryBudget
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.tls import TlsGate, role_of
from satellite.net.wire import Connection
from servers.pool import LocalPool, Pool
from servers.serve.asr import AsrService
from servers.serve.early_end import RequestJudge
from servers.serve.llm import LlmService
from servers.serve.observer import Observer
from servers.serve.service import Service
from servers.serve.session import Session
from servers.serve.tts import TtsService
from servers.serve.wake import WakeService

_SERVICES: dict[str, type[Service]] = {
    service.role: service for service in (AsrService, LlmService, TtsService, WakeService)
}


class ServeLimits(ListenLimits, frozen=True, kw_only=True):
    """Limits of one service."""

    workers: int = 8
    """Requests worked on at once."""
    waiting: int = 64
    """Requests that may wait for a worker."""


def make_service(
    role: str,
    engine: Any,
    limits: ServeLimits,
    pool: Pool | None,
    observer: Observer | None = None,
    judge: RequestJudge | None = None,
) -> Service:
    """Return the service of an engine's role; `judge` is that of speech-to-text."""
    pool = pool or LocalPool(engine, limits.workers, limits.waiting)
    if role == AsrService.role:
        return AsrService(pool, engine.describe, observer, judge)
    return _SERVICES[role](pool, engine.describe, observer)


@asynccontextmanager
async def serving(
    role: str,
    engine: Any,
    uri: str,
    *,
    limits: ServeLimits | None = None,
    pool: Pool | None = None,
    observer: Observer | None = None,
    memory: MemoryBudget | None = None,
    judge: RequestJudge | None = None,
) -> AsyncGenerator[str, None]:
    """Serve a loaded engine at a TCP or Unix URI during this block; yield the URI in use.

    TCP port 0 takes any free port; host `*` listens on every address, IPv6 included. Requests go to
    `pool`, a local one by default, and reports to `observer`. What clients make us hold counts in
    `memory`, by default this port's own; `judge` ends requests of speech-to-text early. Raises
    `PortInUse`, and `ConfigError` for an address that is not this machine's.
    """
    limits = limits or ServeLimits()
    service = make_service(role, engine, limits, pool, observer, judge)

    async def serve(connection: Connection) -> None:
        service.observer.connected()
        try:
            await Session(connection, service).run()
        finally:
            service.observer.disconnected()

    refused = service.observer.refused
    async with listening(
        uri, serve, name=role, limits=limits, on_refusal=refused, memory=memory
    ) as bound:
        yield bound


@asynccontextmanager
async def serving_paired(
    services: Mapping[str, Service],
    uri: str,
    folder: KeyStore,
    *,
    limits: ServeLimits | None = None,
    memory: MemoryBudget | None = None,
) -> AsyncGenerator[str, None]:
    """Serve services, by their roles, to paired satellites at a TLS URI; yield the URI in use.

    A client names the role in the handshake; `folder` holds our key and theirs; `memory` as for
    `serving`. Raises `PortInUse`,
    and `ConfigError` for an address that is not this machine's.
    """
    limits = limits or ServeLimits()

    async def serve(connection: Connection) -> None:
        service = services.get(role_of(connection.protocol))
        if service is None:
            text = f"only {', '.join(services)} are served here"
            await connection.write(Error(text, EngineFailed.code).event())
            await connection.close()
            return
        service.observer.connected()
        try:
            await Session(connection, service).run()
        finally:
            service.observer.disconnected()

    secure = TlsGate(folder, *services)
    async with listening(
        uri, serve, name="tls", limits=limits, memory=memory, secure=secure
    ) as bound:
        yield bound
