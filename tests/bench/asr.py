"""Speech-to-text by Whisper beside wyoming-faster-whisper: the same model, settings and utterances.

    python -m tests.bench.asr [--peers FOLDER] [--clients 1 4 8 16] [--utterances 16] [--rounds 2]

The peer is `wyoming-faster-whisper`, on the search path or in the environment FOLDER/fw; without it
its rows are left out. All servers run at once and take turns in being asked, so that whatever else
the machine does falls on each of them. The model has Whisper tiny's shape and says twelve words.
Latency counts from the end of an utterance of 3 s, sent as fast as it is taken; CPU-seconds are
those of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import psutil
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.info import Describe, Info

from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from satellite.values import SPEECH
from tests.bench.port_wait import listens
from tests.support.ports import free_port
from tests.support.speech import speak
from tests.support.whisper_model import TINY, make_whisper

PEER = "wyoming-faster-whisper"
TEXTS = (
    "turn on the lamp in the living room and open the window",
    "what time is it in the town where my brother lives now",
    "set a timer for ten minutes and call it spaghetti please",
    "the quick brown fox jumps over the lazy dog in the garden",
)
SECONDS = 3.0
CHUNK = 2048
PATIENCE = 120.0
WORDS = 12
"""Words of every transcript, so that all servers do the same work."""
DESCRIBE_EVERY = 0.1


class Server(msgspec.Struct, frozen=True):
    """One of the compared servers."""

    name: str
    port: int
    process: psutil.Process

    def cpu(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system


class Load(msgspec.Struct):
    """The results of a server over a while."""

    latencies: list[float] = msgspec.field(default_factory=list)
    describes: list[float] = msgspec.field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0
    rss: float = 0.0

    def row(self) -> str:
        count = len(self.latencies)
        return (
            f"{count / self.seconds:6.2f} {_part(self.latencies, 0.5):6.2f} "
            f"{_part(self.latencies, 0.95):6.2f} {self.cpu / count:6.2f} {self.rss:7.0f} "
            f"{1000 * _part(self.describes, 0.5):7.1f} {1000 * max(self.describes):7.1f}"
        )


def utterances() -> list[bytes]:
    size = SPEECH.bytes_of(SECONDS)
    return [(speak(text) * 3)[:size] for text in TEXTS]


async def ask(port: int, audio: bytes, load: Load) -> None:
    """Transcribe one utterance on a connection of its own, which the peer requires."""
    connection = await connect(f"tcp://127.0.0.1:{port}", PATIENCE, pairing=Pairing())
    try:
        await connection.write(Transcribe(language="en").event())
        await connection.write(AudioStart(16000, 2, 1).event())
        for start in range(0, len(audio), CHUNK):
            await connection.write(AudioChunk(16000, 2, 1, audio[start : start + CHUNK]).event())
        await connection.write(AudioStop().event())
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            while (event := await connection.read()) is not None:
                if Transcript.is_type(event.type):
                    load.latencies.append(time.monotonic() - began)
                    words = Transcript.from_event(event).text.split()
                    if len(words) != WORDS:
                        raise ValueError(f"an unexpected transcript: {words}")
                    return
        raise ConnectionError("no transcript came")
    finally:
        await connection.close()


async def describe(port: int, load: Load) -> None:
    """Send `describe` repeatedly until cancelled."""
    connection = await connect(f"tcp://127.0.0.1:{port}", PATIENCE, pairing=Pairing())
    try:
        while True:
            began = time.monotonic()
            await connection.write(Describe().event())
            while (event := await connection.read()) is not None and not Info.is_type(event.type):
                pass
            load.describes.append(time.monotonic() - began)
            await asyncio.sleep(DESCRIBE_EVERY)
    finally:
        connection.abort()


async def press(server: Server, clients: int, count: int, load: Load) -> None:
    """Have concurrent clients send `count` utterances in all."""
    sounds = utterances()
    turns = iter(range(count))

    async def client() -> None:
        for turn in turns:
            await ask(server.port, sounds[turn % len(sounds)], load)

    cpu, began = server.cpu(), time.monotonic()
    async with asyncio.TaskGroup() as helpers:
        helper = helpers.create_task(describe(server.port, load))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(clients):
                tasks.create_task(client())
        helper.cancel()
    load.seconds += time.monotonic() - began
    load.cpu += server.cpu() - cpu
    load.rss = max(load.rss, server.process.memory_info().rss / 2**20)


@contextmanager
def started(name: str, command: list[str], port: int, log: Path) -> Iterator[Server]:
    with log.open("w") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink)
        try:
            try:
                listens(port)
            except OSError as error:
                raise ChildProcessError(f"{name} does not listen: {log.read_text()}") from error
            yield Server(name, port, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait()


@contextmanager
def servers(folder: Path, peers: Path | None, threads: int) -> Iterator[list[Server]]:
    model = make_whisper(folder / "model", TINY)
    settings = f"beam_size=5&compute_type=int8&language=en&cpu_threads={threads}"
    commands = {}
    port = free_port()
    ours = [sys.executable, "-m", "satellite", "--server", "asr", "--host", "127.0.0.1"]
    ours += ["--asr", f"faster-whisper:{model}?{settings}"]
    ours += ["--asr-port", str(port), "--no-zeroconf"]
    commands["ours"] = (ours, port)
    if peer := shutil.which(str(peers / "fw/bin" / PEER) if peers else PEER):
        port = free_port()
        theirs = [peer, "--uri", f"tcp://127.0.0.1:{port}", "--model", str(model)]
        theirs += ["--data-dir", str(folder), "--language", "en", "--compute-type", "int8"]
        theirs += ["--beam-size", "5", "--cpu-threads", str(threads), "--local-files-only"]
        commands[PEER] = (theirs, port)
    with ExitStack() as stack:
        yield [
            stack.enter_context(started(name, command, port, folder / f"{port}.log"))
            for name, (command, port) in commands.items()
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--utterances", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        servers(Path(name), options.peers, options.threads) as compared,
    ):
        for server in compared:
            asyncio.run(press(server, 1, 2, Load()))
        print(f"{'':24} clients  utt/s    p50    p95  CPU s  RSS MB  describe p50 and worst, ms")
        for clients in options.clients:
            loads = {server.name: Load() for server in compared}
            for _ in range(options.rounds):
                for server in compared:
                    count = max(clients, options.utterances if clients > 1 else 8)
                    asyncio.run(press(server, clients, count, loads[server.name]))
            for which, load in loads.items():
                print(f"{which:24} {clients:7} {load.row()}", flush=True)
            _ratios(loads, clients)


def _ratios(loads: dict[str, Load], clients: int) -> None:
    peer = loads.get(PEER)
    if peer is None:
        return
    for name, load in loads.items():
        if name != PEER:
            rate = len(load.latencies) / load.seconds / (len(peer.latencies) / peer.seconds)
            wait = statistics.median(load.latencies) / statistics.median(peer.latencies)
            print(f"  {name} / peer at {clients}: throughput {rate:.2f}, p50 latency {wait:.2f}")


def _part(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


if __name__ == "__main__":
    main()
