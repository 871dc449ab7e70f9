"""Text-to-speech with Piper: time to the first sound, playbacks that run dry, `describe` meanwhile.

    python -m tests.bench.tts [--peer FOLDER] [--rounds 3] [--clients 1 8]

The voice is en_US-joe-medium. `--peer` is a virtual environment with wyoming-piper: it then speaks
the same texts with the same voice in the same run, turn by turn, and the ratios are those that
count, because the machine is never the same.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from wyoming.event import Event

from satellite.errors import PeerUnreachable
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection
from satellite.values import AudioFormat
from tests.bench.port_wait import listens
from tests.support.ports import free_port
from tests.support.real_models import real_model
from tests.support.real_voice import VOICE

SENTENCES = (
    "Good morning, it is half past seven.",
    "The heater in the living room is on.",
    "You have two appointments today.",
    "It will rain, so take an umbrella along.",
    "The door of the garage is still open.",
    "Shall I read the news to you?",
)
TEXT = " ".join(SENTENCES)
WORDS_A_SECOND = 20.0
"""How fast a language model writes in the streamed case."""
DESCRIBE_EVERY = 0.05
"""Seconds between two `describe` requests while the server works."""

Ask = Callable[[Connection], Awaitable[None]]


class Heard(msgspec.Struct, frozen=True):
    """The times of one answer, for a client that plays it at once, in seconds."""

    first: float
    whole: float
    speech: float
    dry: int
    """Times that playback ran dry before the end."""
    silent: float
    """Total time for which it was dry."""


class Round(msgspec.Struct, frozen=True):
    """The answers to concurrent clients, and the time of each `describe` meanwhile."""

    heard: list[Heard]
    described: list[float]


async def whole_text(connection: Connection) -> None:
    await connection.write(Event("synthesize", {"text": TEXT}))


async def streamed_words(connection: Connection) -> None:
    await connection.write(Event("synthesize-start"))
    for word in TEXT.split():
        await connection.write(Event("synthesize-chunk", {"text": f"{word} "}))
        await asyncio.sleep(1 / WORDS_A_SECOND)
    await connection.write(Event("synthesize", {"text": TEXT}))
    await connection.write(Event("synthesize-stop"))


async def listen(uri: str, ask: Ask, end: str) -> Heard:
    """Send a request, and time the answer until the event `end`."""
    connection = await connect(uri, 5.0, pairing=Pairing())
    first = dry_at = silent = speech = 0.0
    dry = 0
    async with asyncio.TaskGroup() as tasks:
        began = time.monotonic()
        asking = tasks.create_task(ask(connection))
        while (event := await connection.read()) is not None and event.type != end:
            if event.type == "error":
                raise RuntimeError(event.data["text"])
            if event.type != "audio-chunk" or not event.payload:
                continue
            now = time.monotonic()
            if not first:
                first = dry_at = now
            if now > dry_at:
                dry, silent, dry_at = dry + 1, silent + now - dry_at, now
            seconds = AudioFormat(event.data["rate"]).seconds(event.payload)
            speech, dry_at = speech + seconds, dry_at + seconds
        whole = time.monotonic() - began
        await asking
    connection.abort()
    return Heard(first - began, whole, speech, dry, silent)


async def one_round(uri: str, ask: Ask, end: str, clients: int) -> Round:
    described: list[float] = []

    async def keep_asking() -> None:
        while True:
            began = time.monotonic()
            try:
                await describe(uri, timeout=60.0, pairing=Pairing())
            except PeerUnreachable:
                return
            described.append(time.monotonic() - began)
            await asyncio.sleep(DESCRIBE_EVERY)

    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(keep_asking())
        async with asyncio.TaskGroup() as listeners:
            listening = [listeners.create_task(listen(uri, ask, end)) for _ in range(clients)]
        asking.cancel()
    return Round([task.result() for task in listening], described)


@contextmanager
def server(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
        try:
            listens(port)
            yield
        finally:
            process.terminate()
            process.wait(10)


def commands(voice: Path, peer: Path | None) -> dict[str, tuple[list[str], int]]:
    """Return the servers' commands and ports by name."""
    ours, theirs = free_port(), free_port()
    flags = ["--host", "127.0.0.1", "--tts-port", str(ours), "--no-zeroconf"]
    engine = ["--tts", f"piper:{voice}?cache=0&sentence_silence=0"]
    found = {
        "satellite": ([sys.executable, "-m", "satellite", "--server", "tts", *engine, *flags], ours)
    }
    if peer is not None:
        flags = ["--uri", f"tcp://127.0.0.1:{theirs}", "--voice", voice.stem]
        program = [str(peer / "bin" / "python"), "-m", "wyoming_piper"]
        found["wyoming-piper"] = (
            [*program, *flags, "--data-dir", str(voice.parent)],
            theirs,
        )
    return found


async def measure(ports: dict[str, int], rounds: int, clients: list[int]) -> None:
    for port in ports.values():
        uri = f"tcp://127.0.0.1:{port}"  # load, warm up
        await one_round(uri, whole_text, "audio-stop", 1)
        await one_round(uri, streamed_words, "synthesize-stopped", 1)
    for title, ask, end in (
        ("whole text", whole_text, "audio-stop"),
        ("streamed words", streamed_words, "synthesize-stopped"),
    ):
        for count in clients:
            found: dict[str, list[Round]] = {name: [] for name in ports}
            for _ in range(rounds):
                for name, port in ports.items():
                    uri = f"tcp://127.0.0.1:{port}"
                    found[name].append(await one_round(uri, ask, end, count))
            report(f"{title}, {count} client{'s' * (count > 1)}", found)


def report(title: str, found: dict[str, list[Round]]) -> None:
    print(f"\n{title}")
    first: dict[str, tuple[float, float]] = {}
    for name, rounds in found.items():
        heard = [answer for each in rounds for answer in each.heard]
        described = [seconds for each in rounds for seconds in each.described]
        firsts = [answer.first for answer in heard]
        first[name] = (statistics.median(firsts), p95(firsts))
        print(
            f"  {name:14} first p50 {first[name][0]:.3f} p95 {first[name][1]:.3f} "
            f"worst {max(firsts):.3f} s · whole p50 "
            f"{statistics.median(answer.whole for answer in heard):.2f} s of "
            f"{statistics.median(answer.speech for answer in heard):.1f} s speech · "
            f"dry {sum(answer.dry for answer in heard)} times, "
            f"{sum(answer.silent for answer in heard):.2f} s · "
            f"describe p50 {1000 * statistics.median(described):.1f} "
            f"worst {1000 * max(described):.1f} ms"
        )
        share = max(answer.first / answer.whole for answer in heard)
        print(f"  {'':14} first / whole at worst {share:.2f}")
    if len(first) == 2:
        ours, theirs = first.values()
        print(
            f"  ratio          first p50 {ours[0] / theirs[0]:.2f}, p95 {ours[1] / theirs[1]:.2f}, "
            f"our worst / their p95 {_worst(found) / theirs[1]:.2f}"
        )


def _worst(found: dict[str, list[Round]]) -> float:
    return max(answer.first for each in next(iter(found.values())) for answer in each.heard)


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values) + 0.5) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="virtual environment with wyoming-piper")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        voice = real_model(VOICE) / "en_US-joe-medium.onnx"
        started = commands(voice, options.peer)
        for program, (command, port) in started.items():
            stack.enter_context(server(command, port, folder / f"{program}.log"))
        ports = {program: port for program, (_, port) in started.items()}
        asyncio.run(measure(ports, options.rounds, options.clients))


if __name__ == "__main__":
    main()
