"""Speech-to-text by Whisper beside wyoming-faster-whisper: the same model, settings and utterances.

    python -m tests.bench.asr [--peers FOLDER] [--clients 1 4 8 16] [--utterances 16] [--rounds 2]

The peer is `wyoming-faster-whisper`, on the search path or in the environment FOLDER/fw; without it
its rows are left out. All servers run at once and take turns in being asked, so that whatever else
the machine does falls on each of them. The model is the real Whisper base or tiny.en, in int8; four
requests are spoken by the real Piper voice (`python -m tests.support.real_models` fetches them) and
sent as fast as they are taken. Latency counts from the end of an utterance; CPU-seconds and memory
(the largest proportional share, PSS, sampled during the load) are those of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.info import Describe, Info

from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from satellite.values import SPEECH
from tests.bench.whisper_servers import OURS, PEER, Server, whisper_servers
from tests.support.real_models import Unavailable, fetched
from tests.support.real_voice import VOICE, speak_all

TEXTS = (
    "Turn on the lamp in the living room and open the window.",
    "What will the weather be like in Berlin tomorrow evening?",
    "Set a timer for ten minutes and call it spaghetti, please.",
    "How many planets are there in the solar system?",
)
CHUNK = 2048
PATIENCE = 120.0
DESCRIBE_EVERY = 0.1


class Load(msgspec.Struct):
    """The results of a server over a while."""

    latencies: list[float] = msgspec.field(default_factory=list)
    describes: list[float] = msgspec.field(default_factory=list)
    memory: list[float] = msgspec.field(default_factory=list)
    """Largest PSS of each round in MiB."""
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def throughput(self) -> float:
        """Utterances per second."""
        return len(self.latencies) / self.seconds

    def latency(self, part: float) -> float:
        """Return the seconds within which a part of the utterances was transcribed."""
        return _part(self.latencies, part)

    def row(self) -> str:
        return (
            f"{self.throughput:6.2f} {self.latency(0.5):6.2f} "
            f"{self.latency(0.95):6.2f} {self.cpu / len(self.latencies):6.2f} "
            f"{max(self.memory):7.0f} "
            f"{1000 * _part(self.describes, 0.5):7.1f} {1000 * max(self.describes):7.1f}"
        )


async def transcribe(port: int, audio: bytes) -> tuple[str, float]:
    """Transcribe one utterance (16 kHz mono) on a connection of its own, which the peer requires.

    Returns the text and the seconds from the end of the utterance.
    """
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
                    return Transcript.from_event(event).text, time.monotonic() - began
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


async def press(
    server: Server, clients: int, count: int, load: Load, sounds: Sequence[bytes]
) -> None:
    """Have concurrent clients send `count` utterances in all. Raises `ValueError` for no text."""
    turns = iter(range(count))

    async def client() -> None:
        for turn in turns:
            text, seconds = await transcribe(server.port, sounds[turn % len(sounds)])
            if not text.strip():
                raise ValueError(f"{server.name} wrote nothing for an utterance")
            load.latencies.append(seconds)

    cpu, began = server.cpu(), time.monotonic()
    with server.peak(load.memory):
        async with asyncio.TaskGroup() as helpers:
            helper = helpers.create_task(describe(server.port, load))
            async with asyncio.TaskGroup() as tasks:
                for _ in range(clients):
                    tasks.create_task(client())
            helper.cancel()
    load.seconds += time.monotonic() - began
    load.cpu += server.cpu() - cpu


def padded(speech: bytes, before: float = 0.3, after: float = 0.7) -> bytes:
    """Return speech with the silence that a satellite sends around it, in seconds."""
    return bytes(SPEECH.bytes_of(before)) + speech + bytes(SPEECH.bytes_of(after))


def compare(
    compared: Sequence[Server], clients: int, count: int, rounds: int, sounds: Sequence[bytes]
) -> dict[str, Load]:
    """Press all servers in turn with as many clients; return the loads by name."""
    loads = {server.name: Load() for server in compared}
    for _ in range(rounds):
        for server in compared:
            asyncio.run(press(server, clients, max(clients, count), loads[server.name], sounds))
    return loads


def ratios(loads: dict[str, Load]) -> str | None:
    """Return ours in relation to the peer; None without the peer."""
    peer, ours = loads.get(PEER), loads[OURS]
    if peer is None:
        return None
    wait = statistics.median(ours.latencies) / statistics.median(peer.latencies)
    return (
        f"throughput {ours.throughput / peer.throughput:.2f}, p50 latency {wait:.2f}, "
        f"memory {max(ours.memory) / max(peer.memory):.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--model", choices=("whisper-base", "whisper-tiny.en"))
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--utterances", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    try:
        model, voice = fetched(options.model or "whisper-base"), fetched(VOICE)
    except Unavailable as error:
        sys.exit(str(error))
    sounds = [padded(speech) for speech in asyncio.run(speak_all(voice, TEXTS))]
    with (
        tempfile.TemporaryDirectory() as name,
        whisper_servers(Path(name), options.peers, model, options.threads) as compared,
    ):
        for server in compared:
            print(f"{server.name:24} after start: {server.memory():.0f} MiB PSS")
            asyncio.run(press(server, 1, 2, Load(), sounds))
        print(f"{'':24} clients  utt/s    p50    p95  CPU s PSS MiB  describe p50 and worst, ms")
        for clients in options.clients:
            count = options.utterances if clients > 1 else 8
            loads = compare(compared, clients, count, options.rounds, sounds)
            for which, load in loads.items():
                print(f"{which:24} {clients:7} {load.row()}", flush=True)
            if line := ratios(loads):
                print(f"  ours / peer at {clients}: {line}")


def _part(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


if __name__ == "__main__":
    main()
