"""Clients that disappear at any moment: python -m tests.soak.abandoned [REQUESTS]

Every role is served, with the built-in engines and with the real ones as far as they are installed.
Clients hang up after each possible event, in the middle of frames, while their answer is on its
way; some say goodbye, some reset the connection. Afterwards memory, tasks, threads and file
descriptors have to be as before, and every engine has to answer.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib.util
import random
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
from wyoming.event import Event

from satellite.net import uri as uris
from satellite.net.wire import encode
from satellite.settings import ServerSettings, Settings
from servers import app
from tests.support.peers import client
from tests.support.speech import silence, speak

AT_ONCE = 4
IDLE = 0.1
"""CPU cores that a process with nothing to do may take."""
SETTLE = 20.0
"""Seconds for work that nobody wants any more to end: of Whisper, a batch that was begun."""
LAST = {
    "asr": ("transcript",),
    "llm": ("handled", "not-handled"),
    "tts": ("audio-stop",),
    "wake": ("not-detected", "detect-stopped"),
}
"""The events that end an answer."""
TEXT = "It is seven o'clock. The lamp in the living room is on. Nothing else has happened today. "
AUDIO = {"rate": 16000, "width": 2, "channels": 1}


class State(msgspec.Struct, frozen=True):
    """What the process holds."""

    rss: float
    """Megabytes."""
    tasks: int
    threads: int
    descriptors: int
    busy: float
    """CPU cores at work while nobody asks for anything."""


class Result(msgspec.Struct, frozen=True):
    """Before and after."""

    requests: int
    before: State
    after: State

    def problems(self, megabytes: float) -> list[str]:
        """What is held that was not before."""
        grown = [
            f"{name}: {getattr(self.before, name)} before, {getattr(self.after, name)} after"
            for name in ("tasks", "threads", "descriptors")
            if getattr(self.after, name) > getattr(self.before, name)
        ]
        if self.after.busy > IDLE:
            grown.append(f"work: {self.after.busy:.2f} cores are busy with nothing")
        more = self.after.rss - self.before.rss
        return [*grown, *([f"memory: {more:.1f} MB more"] if more > megabytes else [])]


async def state() -> State:
    """What this process holds, without what the allocator keeps for later."""
    before, began = psutil.Process().cpu_times(), time.monotonic()
    await asyncio.sleep(0.5)
    used = psutil.Process().cpu_times()
    busy = (sum(used[:2]) - sum(before[:2])) / (time.monotonic() - began)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    process = psutil.Process()
    tasks = [task for task in asyncio.all_tasks() if not task.done()]
    return State(
        rss=process.memory_info().rss / 1e6,
        tasks=len(tasks),
        threads=threading.active_count(),
        descriptors=process.num_fds(),
        busy=abs(round(busy, 3)),
    )


@asynccontextmanager
async def running(
    roles: tuple[str, ...], **components: str
) -> AsyncGenerator[dict[str, str], None]:
    """A server of these roles in this process, and its URIs."""
    ready: asyncio.Queue[Any] = asyncio.Queue()
    ports = {f"{role}_port": 0 for role in roles}
    server = ServerSettings(roles=roles, host="127.0.0.1", **ports)  # type: ignore[arg-type]
    settings = Settings(zeroconf=False, server=server, **components)  # type: ignore[arg-type]
    task = asyncio.create_task(app.run(settings, ready.put_nowait))
    try:
        told = asyncio.create_task(ready.get())
        await asyncio.wait([task, told], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            told.cancel()
            task.result()
        yield told.result().engines
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def everything() -> AsyncGenerator[list[tuple[str, str]], None]:
    """Every role with every engine that there is: the role and where it is served."""
    async with AsyncExitStack() as stack:
        built_in = {"asr": "pocketsphinx", "llm": "intents", "tts": "espeak"}
        served = list(
            (
                await stack.enter_async_context(running(("asr", "llm", "tts", "wake"), **built_in))
            ).items()
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="abandoned-")))
        for role, component in real_engines(folder).items():
            uris_of = await stack.enter_async_context(running((role,), **{role: component}))
            served += uris_of.items()
        yield served


def real_engines(folder: Path) -> dict[str, str]:
    """The components of the real engines that are installed, with models made here."""
    found = {}
    if importlib.util.find_spec("faster_whisper"):
        from tests.support.whisper_model import made_whisper

        found["asr"] = f"faster-whisper:{made_whisper()}?num_workers=1&cpu_threads=1"
    if importlib.util.find_spec("piper") and importlib.util.find_spec("onnx"):
        from tests.support.piper_voice import make_voice

        found["tts"] = f"piper:{make_voice(folder)}?cpu_threads=1"
    return found


def request(role: str, chance: random.Random) -> list[Event]:
    """One whole request."""
    if role == "llm":
        text = chance.choice(["what time is it", "set a timer for ten minutes", "who was that"])
        return [Event("transcript", {"text": text, "context": {"conversation_id": "c"}})]
    if role == "tts":
        if chance.random() < 0.5:
            return [Event("synthesize", {"text": TEXT * chance.randint(1, 4)})]
        chunks = [Event("synthesize-chunk", {"text": part + " "}) for part in TEXT.split()]
        start, stop = Event("synthesize-start", {}), Event("synthesize-stop")
        return [start, *chunks, Event("synthesize", {"text": TEXT}), stop]
    asked = [Event("transcribe", {"language": "en"}), Event("detect", {})][role == "wake"]
    return [asked, Event("audio-start", dict(AUDIO)), *chunks_of_speech(), Event("audio-stop")]


def chunks_of_speech() -> Iterator[Event]:
    audio = silence(0.5) + speak("what time is it") + silence(0.5)
    for start in range(0, len(audio), 640):
        yield Event("audio-chunk", dict(AUDIO), audio[start : start + 640])


async def abandon(role: str, uri: str, chance: random.Random) -> None:
    """Begin a request and be gone before its end."""
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
    """So many requests, each engine in turn, several at once."""
    left = iter(range(count))

    async def one_after_another() -> None:
        for number in left:
            role, uri = served[number % len(served)]
            await abandon(role, uri, chance)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(one_after_another())


async def answered(role: str, uri: str) -> None:
    """A request that is waited for."""
    async with asyncio.timeout(30), client(uri) as peer:
        await peer.send(*request(role, random.Random(0)))
        while (event := await peer.connection.read()) is not None:
            assert event.type != "error", event
            if event.type in LAST[role]:
                return
        raise AssertionError(f"{role} at {uri} hung up")


async def settled(most: int) -> State:
    """The state when there are no more tasks than that, or when the time for it is over."""
    try:
        async with asyncio.timeout(SETTLE):
            while len([task for task in asyncio.all_tasks() if not task.done()]) > most:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)  # transports close, threads end what they do
    except TimeoutError:
        pass  # the state tells what is left
    return await state()


async def run(count: int, warm_up: int, seed: int = 1) -> Result:
    """Abandon `count` requests, after some that show what the process takes anyway."""
    chance = random.Random(seed)
    async with everything() as served:
        quiet = len(asyncio.all_tasks())
        for role, uri in served:  # as many at once as make the engine take all that it ever takes
            await asyncio.gather(*(answered(role, uri) for _ in range(2 * AT_ONCE)))
        await abandon_many(served, warm_up, chance)
        before = await settled(quiet)
        await abandon_many(served, count, chance)
        after = await settled(quiet)
        for role, uri in served:
            await answered(role, uri)
    return Result(count, before, after)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    result = asyncio.run(run(count, warm_up=100))
    for name in State.__struct_fields__:
        before, after = getattr(result.before, name), getattr(result.after, name)
        print(f"{name:12} {before:8.2f} before, {after:8.2f} after {count} abandoned requests")
    if problems := result.problems(megabytes=5.0):
        sys.exit("; ".join(problems))


if __name__ == "__main__":
    main()
