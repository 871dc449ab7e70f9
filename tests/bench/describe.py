"""How soon `describe` is answered while every worker is busy: python -m tests.bench.describe

A server of all roles is a process of its own, once with the built-in engines and once with the real
ones where they are installed. Clients in a second process keep each role busy, and this one asks
each what it is, on a fresh connection each time, as Home Assistant does: first while nobody else
wants anything, then under load. On a machine with other work the two have to be compared.
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
"""Seconds between two questions."""
CLIENTS = 4
"""Clients that keep each role busy: twice what it works on at once."""
LIMIT = 0.050
"""Seconds in which `describe` has to be answered."""
BUILT_IN = {"asr": "pocketsphinx", "llm": "intents", "tts": "espeak"}
DESCRIBE = encode(Event("describe"))


async def keep_busy(served: dict[str, str], seconds: float) -> dict[str, int]:
    """Ask all roles for work for so long; the requests that were done."""
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
    """Ask what a service is; the seconds that took, connecting included."""
    began = time.perf_counter()
    with socket.create_connection((address.host, address.port), timeout=30) as peer:
        peer.sendall(DESCRIBE)
        with peer.makefile("rb") as answer:
            header = json.loads(answer.readline())
            answer.read(header["data_length"])
    return time.perf_counter() - began


def ask_for(served: dict[str, str], seconds: float) -> dict[str, list[float]]:
    """Ask all roles what they are, in turn, for so long."""
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
    """Print what was measured; the longest time of all under load."""
    ports = [part for role in LAST for part in (f"--{role}-port", "0")]
    engines = [part for role, text in components.items() for part in (f"--{role}", text)]
    arguments = ["--server", ",".join(LAST), "--host", "127.0.0.1", "--no-zeroconf"]
    with satellite(folder, *arguments, *ports, *engines, name=name) as server:
        (ready,) = server.wait_for("ready")
        served: dict[str, str] = ready["engines"]
        quiet = ask_for(served, 2.0)
        given = json.dumps([served, SECONDS + 2.0])
        busy = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.describe", given], stdout=subprocess.PIPE
        )
        with busy:
            time.sleep(2.0)
            times = ask_for(served, SECONDS)
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
        sys.exit(f"describe took {worst * 1000:.0f} ms, and may take {LIMIT * 1000:.0f}")


if __name__ == "__main__":
    main()
