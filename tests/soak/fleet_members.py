"""Satellites of a fleet, reduced to their network side, and a process that runs many of them.

    python -m tests.soak.fleet_members COUNT LEAST MOST URI ...

Each monitors the servers, sends a request every LEAST to MOST seconds, and has a built-in engine.
All start within LEAST seconds.
The process answers each line of its standard input, a time of the monotonic clock, by a line of
JSON: a `State`. It ends at the end of the input.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import msgspec
import psutil

from satellite.engines.failover import failover
from satellite.net.discovery.browser import Discovery
from satellite.net.pairing import Pairing
from satellite.values import SpeechRequest
from tests.support.checkable_engines import CheckableTts

ASKS = (5.0, 15.0)
"""Seconds between two requests of one satellite: more than people make in a home."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the satellites of a process have experienced."""

    served: int
    """Satellites that a server has answered since the time that was asked for."""
    by: dict[str, int]
    """Satellites that each server has answered since then, by its URI."""
    knowing: dict[str, int]
    """Satellites that know each server as one that answers now."""
    requests: int
    """Requests since the start that were answered, by a server or the built-in engine."""
    built_in: int
    """Those that the built-in engine answered, at least to its end."""
    failed: int
    """Requests since the start that were not answered."""
    memory: int
    """Bytes of resident memory of the process."""
    processor: float
    """Seconds of processor time of the process since its start."""


class Member:
    """One satellite of the fleet."""

    def __init__(self, uris: Sequence[str], asks: tuple[float, float] = ASKS) -> None:
        self.discovery = Discovery(addresses=uris, announced=False, pairing=Pairing())
        self.engine = failover("tts", CheckableTts(), self.discovery)
        self.engine.salt = str(random.random())
        self.used: dict[str, float] = {}
        """When each server answered it last, by its URI."""
        self.requests = 0
        self.built_in = 0
        self.failed = 0
        self._uris = uris
        self._asks = asks

    async def run(self, wait: float = 0.0) -> None:
        """Monitor the servers, and send a request now and then, after some seconds."""
        await asyncio.sleep(wait)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.discovery.run())
            while True:
                await asyncio.sleep(random.uniform(*self._asks))
                await self._ask()

    def uses(self, uri: str, since: float) -> bool:
        """Return whether it would use a server now, or has used it since then."""
        return self.used.get(uri, since) > since or self.engine.label == uri

    def knows(self) -> set[str]:
        """Return the servers that answer it."""
        return {server.uri for server in self.discovery.servers("tts")}

    async def _ask(self) -> None:
        label = self.engine.label
        try:
            async with aclosing(self.engine.synthesize(SpeechRequest(text="Alpha."))) as chunks:
                async for _ in chunks:
                    label = self.engine.label
        except Exception:
            logging.getLogger(__name__).exception("a call was not answered")
            self.failed += 1
            return
        self.requests += 1
        if label in self._uris:
            self.used[label] = time.monotonic()
        else:
            self.built_in += 1


@asynccontextmanager
async def fleet(
    count: int, uris: Sequence[str], asks: tuple[float, float] = ASKS, within: float = 0.0
) -> AsyncGenerator[list[Member], None]:
    """Run a number of satellites, which start within some seconds."""
    members = [Member(uris, asks) for _ in range(count)]
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(member.run(within * number / count))
            for number, member in enumerate(members)
        ]
        yield members
        for task in running:
            task.cancel()


def state(members: list[Member], uris: Sequence[str], since: float) -> State:
    """Return the state of the members."""
    process = psutil.Process()
    times = process.cpu_times()
    known = [member.knows() for member in members]
    return State(
        served=sum(any(at > since for at in member.used.values()) for member in members),
        by={uri: sum(m.used.get(uri, since) > since for m in members) for uri in uris},
        knowing={uri: sum(uri in servers for servers in known) for uri in uris},
        requests=sum(member.requests for member in members),
        built_in=sum(member.built_in for member in members),
        failed=sum(member.failed for member in members),
        memory=process.memory_info().rss,
        processor=times.user + times.system,
    )


async def main(count: int, least: float, most: float, uris: Sequence[str]) -> None:
    """Run the satellites until the input ends."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        lines.put_nowait(sys.stdin.readline())

    loop.add_reader(sys.stdin.fileno(), read)
    async with fleet(count, uris, (least, most), within=least) as members:
        while line := await lines.get():
            found: Any = state(members, uris, float(line))
            print(msgspec.json.encode(found).decode(), flush=True)
    loop.remove_reader(sys.stdin.fileno())


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
