"""A thousand satellites and four servers, one of which is lost for a while.

`python -m tests.soak.fleet --servers 4` runs it. Each server is a process that speaks with eSpeak,
and the network side of the satellites runs in processes of their own, with a request of each
satellite every 20 to 60 s. Prints when all have been served, what satellites and servers cost in
memory and processor time, how requests were answered while the server was lost, and when all know
it again.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import psutil
from wyoming.info import Describe

from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from tests.soak.fleet import memory, server
from tests.soak.fleet_members import State
from tests.support.ports import free_ports
from tests.support.program import Program

PROCESSES = 2
ASKS = (20.0, 60.0)
STEADY = 30.0
"""Seconds for which costs are measured."""
LOST = 20.0
"""Seconds for which a server is down."""
SERVED, BACK = sum(ASKS) + 30.0, 15.0
"""Seconds within which all have to be served for the first time, and to know the server again."""
CONNECTIONS = 500
"""Idle connections whose memory is measured."""


class FleetPart:
    """A process with some of the satellites."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def state(self, since: float) -> State:
        """Ask the process for the state of its satellites."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{since}\n".encode())
        async with asyncio.timeout(60):
            line = await self._process.stdout.readline()
        return msgspec.json.decode(line, type=State)


@asynccontextmanager
async def part(
    count: int, uris: Sequence[str], asks: tuple[float, float] = ASKS
) -> AsyncGenerator[FleetPart, None]:
    """Run a process with a number of satellites during this block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soak.fleet_members", str(count), *map(str, asks), *uris),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield FleetPart(process)
    finally:
        process.kill()
        await process.wait()


async def total(parts: Sequence[FleetPart], since: float) -> State:
    """Return the state of all processes together."""
    states = await asyncio.gather(*(each.state(since) for each in parts))
    return State(
        served=sum(s.served for s in states),
        by={uri: sum(s.by[uri] for s in states) for uri in states[0].by},
        knowing={uri: sum(s.knowing[uri] for s in states) for uri in states[0].knowing},
        requests=sum(s.requests for s in states),
        built_in=sum(s.built_in for s in states),
        failed=sum(s.failed for s in states),
        memory=sum(s.memory for s in states),
        processor=sum(s.processor for s in states),
    )


class Servers:
    """The servers, each a process."""

    def __init__(self, count: int, folder: Path, stack: ExitStack) -> None:
        ports = free_ports(2 * count)
        self._ports, self._metrics = ports[:count], ports[count:]
        self._folder = folder
        self._stack = stack
        self.uris = [f"tcp://127.0.0.1:{port}" for port in self._ports]
        self.programs: list[Program] = [self._start(number, "first") for number in range(count)]

    def ready(self) -> None:
        """Wait until all are ready."""
        for program in self.programs:
            program.wait_for("ready", timeout=120)

    def kill(self, number: int) -> None:
        """Lose a server."""
        self.programs[number].process.kill()
        self.programs[number].process.wait()

    def restart(self, number: int) -> None:
        """Start a server again, at its address."""
        self.programs[number] = self._start(number, "again")

    def memory(self) -> list[float]:
        """Return the resident memory of each, in MB."""
        return [self._process(program).memory_info().rss / 1e6 for program in self.programs]

    def processor(self) -> float:
        """Return the seconds of processor time of all."""
        times = [self._process(program).cpu_times() for program in self.programs]
        return sum(each.user + each.system for each in times)

    def _start(self, number: int, name: str) -> Program:
        folder = self._folder / f"{number}-{name}"
        folder.mkdir()
        port, metrics = self._ports[number], self._metrics[number]
        return self._stack.enter_context(server(folder, port, metrics, "server"))

    def _process(self, program: Program) -> psutil.Process:
        return psutil.Process(program.process.pid)


class FleetSoak:
    """The run; `problems` are the failed expectations."""

    def __init__(self, satellites: int, servers: Servers, asks: tuple[float, float]) -> None:
        self._satellites = satellites
        self._servers = servers
        self._asks = asks
        self.problems: list[str] = []

    async def run(self, steady: float = STEADY, lost: float = LOST) -> None:
        """Run all phases."""
        uris = self._servers.uris
        async with part(0, uris) as empty:
            base = (await empty.state(0.0)).memory
        counts = [self._satellites // PROCESSES] * PROCESSES
        counts[0] += self._satellites - sum(counts)
        before = self._servers.memory()
        async with (
            part(counts[0], uris, self._asks) as first,
            part(counts[1], uris, self._asks) as second,
        ):
            parts = (first, second)
            await self._first(parts)
            await self._costs(parts, base, before, steady)
            await self._loss(parts, lost)

    async def _first(self, parts: Sequence[FleetPart]) -> None:
        began = time.monotonic()
        while (now := await total(parts, began)).served < self._satellites:
            if time.monotonic() - began > SERVED:
                break
            await asyncio.sleep(0.5)
        seconds = time.monotonic() - began
        shares = ", ".join(str(share) for share in now.by.values())
        print(f"{now.served} of {self._satellites} satellites were served after {seconds:.1f} s")
        print(f"  by the servers: {shares}; {now.built_in} requests by the built-in engine")
        if now.served < self._satellites:
            self.problems.append(f"{self._satellites - now.served} satellites were not served")

    async def _costs(
        self, parts: Sequence[FleetPart], base: int, before: Sequence[float], steady: float
    ) -> None:
        began, at, used = time.monotonic(), await total(parts, 0.0), self._servers.processor()
        await asyncio.sleep(steady)
        now, seconds = await total(parts, 0.0), time.monotonic() - began
        requests, spent = now.requests - at.requests, self._servers.processor() - used
        each = (now.memory - PROCESSES * base) / self._satellites / 1e3
        print(f"{each:.0f} kB of memory for the network side of each satellite")
        print(
            "servers: "
            + ", ".join(
                f"{more:.0f} MB ({more - less:+.0f})"
                for less, more in zip(before, self._servers.memory(), strict=True)
            )
        )
        theirs = now.processor - at.processor
        print(
            f"{requests} requests in {seconds:.0f} s; with the checks of servers, each took "
            f"{1e3 * spent / max(1, requests):.1f} ms of processor time of the servers, and "
            f"{1e3 * theirs / max(1, requests):.1f} ms of the satellites"
        )

    async def _loss(self, parts: Sequence[FleetPart], lost: float) -> None:
        at, uri = await total(parts, 0.0), self._servers.uris[0]
        await asyncio.to_thread(self._servers.kill, 0)
        await asyncio.sleep(lost)
        now = await total(parts, 0.0)
        print(
            f"one server lost for {lost:.0f} s: {now.requests - at.requests} requests were "
            f"answered, {now.built_in - at.built_in} of them to their end by the built-in engine, "
            f"{now.failed - at.failed} failed"
        )
        self._servers.restart(0)
        await asyncio.to_thread(self._servers.ready)
        began = time.monotonic()
        while (now := await total(parts, began)).knowing[uri] < self._satellites:
            if time.monotonic() - began > 4 * BACK:
                break
            await asyncio.sleep(0.25)
        seconds = time.monotonic() - began
        print(f"{now.knowing[uri]} satellites know it again {seconds:.1f} s after it was ready")
        await asyncio.sleep(self._asks[1])
        now = await total(parts, began)
        shares = ", ".join(str(share) for share in now.by.values())
        print(f"  by the servers: {shares} satellites since then")
        if seconds > BACK:
            self.problems.append(f"not all satellites knew the server after {seconds:.1f} s")
        if now.failed:
            self.problems.append(f"{now.failed} requests were not answered")


async def checks(servers: Servers, count: int) -> float:
    """Return the milliseconds of processor time that a server takes to describe itself, as
    satellites ask it to on a connection of its own."""
    before = servers.processor()
    for _ in range(count):
        connection = await connect(servers.uris[1], 5.0, pairing=Pairing())
        await connection.write(Describe().event())
        await connection.read()
        await connection.close()
    return 1e3 * (servers.processor() - before) / count


async def run(
    satellites: int,
    servers: int,
    folder: Path,
    *,
    asks: tuple[float, float] = ASKS,
    steady: float = STEADY,
    lost: float = LOST,
) -> list[str]:
    """Run satellites and servers; print the results, and return the failed expectations."""
    with ExitStack() as stack:
        started = Servers(servers, folder, stack)
        await asyncio.to_thread(started.ready)
        idle = await memory(started.programs[1], started.uris[1], min(CONNECTIONS, satellites))
        print(f"{idle:.1f} kB of a server's memory for each idle connection")
        print(f"{await checks(started, CONNECTIONS):.1f} ms of its processor time for a check")
        soak = FleetSoak(satellites, started, asks)
        await soak.run(steady, lost)
    return soak.problems


def several_servers(satellites: int, servers: int, folder: Path) -> list[str]:
    """Run, from a command."""
    print(f"load average at the start: {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    return asyncio.run(run(satellites, servers, folder))
