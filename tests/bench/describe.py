"""Time to answer `describe` while every worker is busy.

    python -m tests.bench.describe

One server process serves all roles, once with the built-in engines and once with the real ones
where they are installed. Clients in a second process keep each role busy, and this process sends
`describe` to each role, on a fresh connection each time, as Home Assistant does: first without
other clients, then under load. On a machine with other work, compare the two.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from wyoming.event import Event

from satellite.net.uri import Tcp, parse
from satellite.net.wire import encode
from tests.soak.served_engines import LAST, TEXT, real_engines, request
from tests.support.peers import client
from tests.support.program import satellite

SECONDS = 10.0
PAUSE = 0.05
"""Seconds between two requests."""
CLIENTS = 4
"""Clients that keep each role busy: twice its parallel requests."""
LIMIT = 0.050
"""Seconds within which `describe` has to be answered."""
BUILT_IN = {"asr": "pocketsphinx", "llm": "intents", "tts": "espeak"}
DESCRIBE = encode(Event("describe"))


async def keep_busy(served: dict[str, str], seconds: float) -> dict[str, int]:
    """Send requests to all roles for `seconds`; return the number that were answered."""
    done = dict.fromkeys(served, 0)

    async def ask(role: str, uri: str) -> None:
        while True:
            async with client(uri) as peer:
                events = request(role, random.Random(0))
                if role == "tts":
                    events = [Event("synthesize", {"text": TEXT * 2})]
                await peer.send(*events)
                while (event := await peer.connection.read()) is not None:
                    if event.type in (*LAST[role], "error"):
                        break
                done[role] += 1

    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            for role, uri in served.items():
                for _ in range(CLIENTS):
                    tasks.create_task(ask(role, uri))
    except TimeoutError:
        pass
    return done


def describe(address: Tcp) -> float:
    """Return the seconds of a `describe`, connecting included."""
    began = time.perf_counter()
    with socket.create_connection((address.host, address.port), timeout=30) as peer:
        peer.sendall(DESCRIBE)
        with peer.makefile("rb") as answer:
            header = json.loads(answer.readline())
            answer.read(header["data_length"])
    return time.perf_counter() - began


def describe_all(served: dict[str, str], seconds: float) -> dict[str, list[float]]:
    """Send `describe` to all roles in turn for `seconds`; return the times."""
    addresses = {role: parse(uri) for role, uri in served.items()}
    times: dict[str, list[float]] = {role: [] for role in served}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for role, address in addresses.items():
            assert isinstance(address, Tcp)
            times[role].append(describe(address))
        time.sleep(PAUSE)
    return times


def serve_and_measure(folder: Path, name: str, components: dict[str, str]) -> float:
    """Print the measured times; return the longest under load."""
    ports = [part for role in LAST for part in (f"--{role}-port", "0")]
    engines = [part for role, text in components.items() for part in (f"--{role}", text)]
    arguments = ["--server", ",".join(LAST), "--host", "127.0.0.1", "--no-zeroconf"]
    with satellite(folder, *arguments, *ports, *engines, name=name) as server:
        (ready,) = server.wait_for("ready")
        served: dict[str, str] = ready["engines"]
        quiet = describe_all(served, 2.0)
        arguments_json = json.dumps([served, SECONDS + 2.0])
        busy = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.describe", arguments_json], stdout=subprocess.PIPE
        )
        with busy:
            time.sleep(2.0)
            times = describe_all(served, SECONDS)
            done = json.loads(busy.communicate()[0])
    for role, found in times.items():
        before = np.percentile(quiet[role], 95) * 1000
        p50, p95, most = np.percentile(found, [50, 95, 100]) * 1000
        engine = components.get(role, "openwakeword").partition(":")[0]
        print(
            f"{role:4} {engine:14} idle p95 {before:5.1f} ms; busy p50 {p50:5.1f}, p95 {p95:5.1f}, "
            f"longest {most:5.1f} ms of {len(found)}; {done[role]} requests done"
        )
    return max(max(found) for found in times.values())


def main() -> None:
    if len(sys.argv) > 1:
        served, seconds = json.loads(sys.argv[1])
        print(json.dumps(asyncio.run(keep_busy(served, seconds))))
        return
    os.environ.setdefault("OLLAMA_HOST", "127.0.0.1:9")
    with tempfile.TemporaryDirectory(prefix="describe-") as made:
        folder = Path(made)
        worst = serve_and_measure(folder, "built-in", BUILT_IN)
        if real := real_engines(folder):
            worst = max(worst, serve_and_measure(folder, "real", {**BUILT_IN, **real}))
    if worst > LIMIT:
        sys.exit(f"describe took {worst * 1000:.0f} ms, the limit is {LIMIT * 1000:.0f}")


if __name__ == "__main__":
    main()
