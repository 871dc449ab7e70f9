"""Many satellites and one server that is restarted: python -m tests.soak.fleet [--satellites 200]

The network side of each satellite is simulated: it monitors the server, sends requests now and
then, and has a built-in engine. The server is a separate process, killed and restarted. Prints the
seconds until every satellite uses it again, the most connections within a second by its own
metrics, and its memory for each idle connection.

`--servers 4` runs 1,000 satellites with several servers instead: see `tests.soak.fleet_servers`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec
import psutil
from wyoming.info import Describe

from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from tests.soak.fleet_members import Member, fleet
from tests.support.ports import free_port
from tests.support.program import Program, satellite

BACK = 15.0
"""Seconds within which all satellites must use the server again."""
PER_SATELLITE = 0.6
"""Connections per second and satellite that are acceptable: a check every two seconds on average,
and people's requests."""
AWAY = 5.0
"""Seconds for which the server is down."""
_TICK = 0.25
_FEW = 10


class FleetReport(msgspec.Struct, frozen=True, kw_only=True):
    """The results. Times in seconds."""

    satellites: int
    back: float
    """Until the last satellite uses the server again."""
    rate: float
    """Most connections accepted within a second."""
    idle: float
    """Kilobytes of the server's memory for an idle connection."""
    failed: int
    """Requests that no engine answered."""

    def problems(self) -> list[str]:
        """The failed expectations."""
        found = []
        if self.back > BACK:
            found.append(f"the last satellite was back after {self.back:.1f} s")
        if self.rate > PER_SATELLITE * self.satellites + 10:
            found.append(f"a stampede: {self.rate:.0f} connections within a second")
        if self.failed:
            found.append(f"{self.failed} calls were not answered")
        return found


def server(folder: Path, port: int, metrics: int, name: str) -> Any:
    """Run the server as a user does, with limits that admit a whole fleet from one address."""
    most = "2048"
    return satellite(
        folder,
        *("--server", "tts", "--tts", "espeak", "--host", "127.0.0.1", "--no-zeroconf"),
        *("--tts-port", str(port), "--metrics", str(metrics)),
        *("--set", f"server.connections={most}", "--set", f"limits.per_address={most}"),
        name=name,
    )


def clients(metrics: int) -> float:
    """Return the connections accepted since the server started; 0 while it is down."""
    try:
        with urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=1) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return 0.0
    counters = [line for line in lines if line.startswith("satellite_clients_total{")]
    return sum(float(line.split()[1]) for line in counters)


async def returned(
    members: list[Member], uri: str, metrics: int, began: float
) -> tuple[float, float]:
    """Wait until all use the server; return the seconds since `began`, and the peak of requests."""
    counts: list[tuple[float, float]] = [(began, 0.0)]
    back: float | None = None
    while back is None or time.monotonic() - began < back + 3.0:
        accepted = await asyncio.to_thread(clients, metrics)
        counts.append((time.monotonic(), max(counts[-1][1], accepted)))
        if back is None and all(member.uses(uri, began) for member in members):
            back = time.monotonic() - began
        if time.monotonic() - began > 4 * BACK:
            break
        await asyncio.sleep(_TICK)
    rates = [
        (more - count) / (later - at)
        for number, (at, count) in enumerate(counts)
        for later, more in counts[number + 1 :]
        if 1.0 <= later - at < 2.0
    ]
    return back or 4 * BACK, max(rates, default=0.0)


async def memory(program: Program, uri: str, count: int) -> float:
    """Return the kilobytes that the server takes for each idle connection."""

    def rss() -> int:
        return int(psutil.Process(program.process.pid).memory_info().rss)

    async def opened() -> Any:
        connection = await connect(uri, 5.0, pairing=Pairing())
        await connection.write(Describe().event())
        await connection.read()
        return connection

    first = [await opened() for _ in range(_FEW)]  # what the first ones take is not theirs
    for connection in first:
        await connection.close()
    await asyncio.sleep(1.0)
    before = rss()
    connections = [await opened() for _ in range(count)]
    await asyncio.sleep(0.5)
    taken = rss() - before
    for connection in connections:
        await connection.close()
    return taken / count / 1024


async def run(count: int, folder: Path) -> FleetReport:
    """Restart the server under a number of satellites."""
    port, metrics = free_port(), free_port()
    uri = f"tcp://127.0.0.1:{port}"
    with server(folder, port, metrics, "before") as before:
        await asyncio.to_thread(before.wait_for, "ready")
        idle = await memory(before, uri, count)
        async with fleet(count, [uri]) as members:
            await returned(members, uri, metrics, time.monotonic())
            before.process.kill()
            before.process.wait()
            await asyncio.sleep(AWAY)
            with server(folder, port, metrics, "after") as after:
                await asyncio.to_thread(after.wait_for, "ready")
                back, rate = await returned(members, uri, metrics, time.monotonic())
            failed = sum(member.failed for member in members)
    return FleetReport(satellites=count, back=back, rate=rate, idle=idle, failed=failed)


def one_server(satellites: int, folder: Path) -> list[str]:
    """Restart one server; print the results, and return the failed expectations."""
    report = asyncio.run(run(satellites, folder))
    print(f"{report.satellites} satellites, the server restarted after {AWAY:g} s:")
    print(f"  all use it again after {report.back:.1f} s (limit {BACK:g} s)")
    print(f"  at most {report.rate:.0f} connections within a second")
    print(f"  {report.idle:.1f} kB of its memory for each idle connection")
    return report.problems()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--satellites", type=int)
    parser.add_argument("--servers", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        if options.servers == 1:
            problems = one_server(options.satellites or 200, Path(folder))
        else:
            from tests.soak.fleet_servers import several_servers

            problems = several_servers(options.satellites or 1000, options.servers, Path(folder))
    if problems:
        sys.exit("; ".join(problems))


if __name__ == "__main__":
    main()
