"""Services announced on the loopback interface, under names that no other test uses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

from satellite.net.discovery.advert import Advert, announce
from satellite.net.uri import Tcp, parse

LOOP = ("127.0.0.1",)
PATIENCE = 20.0
"""Seconds: probing for a free name takes one, announcing it another two."""

_NUMBERS = count()


def unique() -> str:
    """Return a name that no other test on this machine uses."""
    return f"doctor-{os.getpid()}-{next(_NUMBERS)}"


@asynccontextmanager
async def announced(uri: str, role: str, name: str, **facts: str) -> AsyncGenerator[str, None]:
    """Announce a service during this block; yield its instance name."""
    bound = parse(uri)
    assert isinstance(bound, Tcp)
    advert = Advert(role=role, bound=bound, name=name, facts=lambda: facts)
    instances: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(
            announce([advert], interfaces=LOOP, on_announced=instances.set_result)
        )
        try:
            async with asyncio.timeout(PATIENCE):
                (instance,) = await instances
                yield instance
        finally:
            task.cancel()
