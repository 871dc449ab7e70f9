"""Clients that disappear at any moment: python -m tests.soak.abandoned [REQUESTS]

Every role is served, with the built-in engines and with the installed real ones; the Ollama of the
language model is a fake of the tests. Clients hang up after each possible event, in the middle of
frames and during their answer; some close the connection, some reset it. Afterwards memory, tasks,
threads and file descriptors must be as before, and every engine must answer.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from satellite.net import uri as uris
from satellite.net.wire import encode
from tests.soak.process_state import IDLE, Comparison, ProcessState, idle_state
from tests.soak.served_engines import answered, everything, request

AT_ONCE = 4
THREADS = 6
"""Most threads of the event loop's own executor."""
SETTLE = 20.0
"""Seconds for abandoned work to end: of Whisper, a batch that was started."""


async def abandon(role: str, uri: str, chance: random.Random) -> None:
    """Start a request and disconnect before its end."""
    address = uris.parse(uri)
    assert isinstance(address, uris.Tcp)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    frames = [encode(event) for event in request(role, chance)]
    if chance.random() < 0.5:  # all of it, so that the answer is under way
        sent = b"".join(frames)
    else:
        frames = frames[: chance.randint(0, len(frames))]
        sent = b"".join(frames)
        if chance.random() < 0.5:
            sent = sent[: chance.randint(0, len(sent))]
    try:
        writer.write(sent)
        async with asyncio.timeout(chance.choice([0.0, 0.01, 0.1, 0.5])):
            await writer.drain()
            while await reader.read(chance.choice([1, 100, 4096])):
                pass
    except (TimeoutError, ConnectionError):
        pass  # now it goes
    finally:
        if chance.random() < 0.5:
            reset = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            writer.transport.abort()
        else:
            writer.close()


async def abandon_many(served: list[tuple[str, str]], count: int, chance: random.Random) -> None:
    """Send `count` requests, to each engine in turn, several at once."""
    left = iter(range(count))

    async def one_after_another() -> None:
        for number in left:
            role, uri = served[number % len(served)]
            await abandon(role, uri, chance)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(one_after_another())


async def settled(tasks: int, descriptors: int | None = None) -> ProcessState:
    """Return the state once no more tasks and descriptors are open and nothing is worked on.

    What is still in use after `SETTLE` seconds is part of the state that is returned. Ollama, on
    its own thread, closes its end of a connection after the engine, and a server that checks its
    own health has connections and tasks for that moment: one look proves nothing.
    """
    end = time.monotonic() + SETTLE
    while True:
        await asyncio.sleep(0.5)  # transports close, threads end what they do
        state = await idle_state()
        fewer = descriptors is None or state.descriptors <= descriptors
        if (state.tasks <= tasks and fewer and state.busy <= IDLE) or time.monotonic() > end:
            return state


async def fill_default_executor() -> None:
    """Start every thread that the event loop's executor may ever have.

    It starts one only when a call finds all others busy: that this happens between the two looks
    is chance, and no leak.
    """
    executor = ThreadPoolExecutor(THREADS, "asyncio")
    asyncio.get_running_loop().set_default_executor(executor)
    all_there = threading.Barrier(THREADS)
    await asyncio.gather(*(asyncio.to_thread(all_there.wait, SETTLE) for _ in range(THREADS)))


async def run(count: int, warm_up: int, seed: int = 1) -> Comparison:
    """Abandon `count` requests, after some that show the normal use of resources."""
    chance = random.Random(seed)
    await fill_default_executor()
    async with everything() as served:
        quiet = len(asyncio.all_tasks())
        for role, uri in served:  # as many at once as make the engine take all that it ever takes
            await asyncio.gather(*(answered(role, uri) for _ in range(2 * AT_ONCE)))
        await abandon_many(served, warm_up, chance)
        before = await settled(quiet)
        await abandon_many(served, count, chance)
        after = await settled(quiet, before.descriptors)
        for role, uri in served:
            await answered(role, uri)
    return Comparison(count, before, after)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    result = asyncio.run(run(count, warm_up=100))
    for name in ProcessState.__struct_fields__:
        before, after = getattr(result.before, name), getattr(result.after, name)
        print(f"{name:12} {before:8.2f} before, {after:8.2f} after {count} abandoned requests")
    if problems := result.problems(megabytes=5.0):
        sys.exit("; ".join(problems))


if __name__ == "__main__":
    main()
