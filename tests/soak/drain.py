"""A server that is stopped while 20 satellites use it: `python -m tests.soak.drain [SATELLITES]`.

Two servers of this machine speak (eSpeak), with room for all satellites in either; each satellite
has texts spoken one after another, by the choice among servers that real satellites use, for 12 s.
After 4 s the first server gets SIGTERM, with `server.drain` at 10 s. Every text has to be spoken by
a server, and to its end: the built-in engine is one that fails.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from satellite.engines.failover import failover
from satellite.events import Event, Failover
from satellite.net.discovery.browser import Discovery
from satellite.net.pairing import Pairing
from satellite.values import SpeechRequest
from tests.cli.program import environment
from tests.support.engines import ScriptedTts
from tests.support.ports import free_ports

SECONDS, STOP = 12.0, 4.0
TEXT = "The quick brown fox jumps over the lazy dog, and then it rests in the shade of a tree."
STARTED = 60.0
"""Seconds for a server to start on a busy machine."""


async def served(stack: AsyncExitStack, folder: Path) -> tuple[str, asyncio.subprocess.Process]:
    """Start a server that speaks; return its URI and process."""
    port, tls, http, https = free_ports(4)
    command = [sys.executable, "-m", "satellite", "--server", "tts", "--tts", "espeak"]
    command += ["--host", "127.0.0.1", "--tts-port", str(port), "--tls-port", str(tls), "-qq"]
    command += ["--no-zeroconf", "--set", "server.drain=10", "--set", "server.waiting=32"]
    command += ["--set", f"server.http_port={http}", "--set", f"server.https_port={https}"]
    folder.mkdir()
    process = await asyncio.create_subprocess_exec(
        *command, env=environment(HOME=str(folder)), cwd=folder
    )

    async def end() -> None:
        if process.returncode is None:
            process.kill()
        await process.wait()

    stack.push_async_callback(end)
    return f"tcp://127.0.0.1:{port}", process


async def satellite(
    discovery: Discovery, publish: list[Event], results: Counter[str], until: float
) -> None:
    """Have texts spoken until a time; count how they ended."""
    engine = failover("tts", ScriptedTts(error=RuntimeError("built-in")), discovery, publish.append)
    while time.monotonic() < until:
        size = 0
        try:
            async with aclosing(engine.synthesize(SpeechRequest(TEXT))) as parts:
                async for part in parts:
                    size += len(part.audio)
        except Exception as error:  # each is a failed turn, whatever it is
            results[f"failed: {type(error).__name__}: {error}"] += 1
        else:
            results["spoken" if size else "failed: no sound"] += 1


async def main(satellites: int) -> int:
    """Run; return 0 if no text failed."""
    results: Counter[str] = Counter()
    published: list[Event] = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [await served(stack, folder / str(number)) for number in range(2)]
        uris = [uri for uri, _ in servers]
        discoveries = [
            Discovery(pairing=Pairing(), announced=False, addresses=uris) for _ in range(satellites)
        ]
        looking = [asyncio.create_task(discovery.run()) for discovery in discoveries]
        try:
            async with asyncio.timeout(STARTED):
                while not all(len(d.servers("tts")) == 2 for d in discoveries):
                    await asyncio.sleep(0.2)
            until = time.monotonic() + SECONDS
            async with asyncio.TaskGroup() as tasks:
                for discovery in discoveries:
                    tasks.create_task(satellite(discovery, published, results, until))
                await asyncio.sleep(STOP)
                servers[0][1].send_signal(signal.SIGTERM)
                began = time.monotonic()
                code = await servers[0][1].wait()
                print(f"stopped with {code} after {time.monotonic() - began:.1f} s")
        finally:
            for task in looking:
                task.cancel()
            await asyncio.wait(looking)
    elsewhere = sum(isinstance(event, Failover) for event in published)
    print(f"{satellites} satellites: {dict(results)}; {elsewhere} requests went to another server")
    failed = sum(count for result, count in results.items() if result != "spoken")
    return 1 if failed or code else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)))
