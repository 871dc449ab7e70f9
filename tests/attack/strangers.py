"""Strange clients of a server for half an hour: python -m tests.attack.strangers [--minutes 30]

A `satellite --server` with real Whisper and Piper models (`tests.support.real_models` fetches
them), or with `--light` the engines without models, is used by thirteen kinds of strange clients
at once, from an address and a process of their own, and by an ordinary one. Once a minute the
strangers pause: the ordinary client has the server to itself for a while, then descriptors, threads
and tasks are counted while nothing happens. Memory is the mean of the whole minute, as buffers of
Whisper come and go within seconds, and once more after a pause in which they have gone.

After a warm-up each count must stay within a tenth of its mean, ordinary requests must be answered
throughout, and 95 % of them within three times the time that the server takes in the pauses of the
same run, whatever else the machine does, or within the tenth of a second that no person notices: a
server without models answers in milliseconds, and then three times is noise. Exits 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import psutil
from wyoming.event import Event

from satellite.net.wire import Connection, encode
from tests.soak.target import Target, started
from tests.support.ports import free_ports
from tests.support.real_models import real_model
from tests.support.speech import silence, speak

ROLES = ("asr", "tts", "llm")
STRANGERS = 4
"""Strange clients at once."""
ADDRESS = "127.0.0.66"
"""Their address."""
PAUSE = 0.15
"""Seconds of one of them between two clients."""
EVERY = 2.0
"""Seconds between two ordinary requests."""
QUIET = 60.0
"""Seconds of ordinary requests before the strangers come."""
PAUSED = 20.0
"""Seconds of ordinary requests in every pause of the strangers."""
MINUTE = 60.0
"""Seconds between two counts."""
SETTLE = 10.0
"""Most seconds for connections and work to end before a count."""
WARM = 300.0
"""Seconds after which counts must be flat."""
FLAT = 0.1
"""Part of its mean by which a count may differ from it."""
IDLE = 40.0
"""Seconds without a request after which Whisper has returned its buffers (`IDLE_TRIM`)."""
SLOWER = 3.0
"""How many times as long 95 % of the ordinary requests may take as at a quiet server."""
UNNOTICED = 0.1
"""Seconds that they may take in any case: less of a delay is felt as none."""
PATIENCE = 60.0
"""Seconds for an ordinary answer."""
AUDIO = {"rate": 16000, "width": 2, "channels": 1}
LAST = {
    "asr": ("transcript", "error"),
    "tts": ("audio-stop", "error"),
    "llm": ("handled", "not-handled", "error"),
}


class Count(msgspec.Struct, frozen=True):
    """What the server uses while nothing happens, and its memory since the last count."""

    memory: float
    """Resident, MB, the mean of a minute."""
    peak: float
    """Resident, MB, the highest of a minute."""
    descriptors: int
    threads: int
    tasks: int


class Seen(msgspec.Struct):
    """What was seen of a server under attack."""

    strangers: Counter[str] = msgspec.field(default_factory=Counter)
    """Strange clients by kind, and the errors that they met."""
    unanswered: list[str] = msgspec.field(default_factory=list)
    """Ordinary requests without an answer."""
    slower: list[str] = msgspec.field(default_factory=list)
    """Roles whose ordinary requests took too long."""
    uneven: dict[str, str] = msgspec.field(default_factory=dict)
    """Counts that differ too much from their mean."""
    rest: list[float] = msgspec.field(default_factory=list)
    """Memory in MB after `IDLE`: once the server is warm, and in the end."""
    problem: str = ""
    """The end of the server, or its first traceback."""

    def failures(self) -> list[str]:
        problem = [self.problem] if self.problem else []
        left = []
        if len(self.rest) > 1 and self.rest[-1] > self.rest[0] * (1 + FLAT):
            left = [f"memory at rest: {self.rest[0]:.0f} MB, and in the end {self.rest[-1]:.0f}"]
        flat = [*self.uneven.values(), *left]
        return [*dict.fromkeys(self.unanswered), *self.slower, *flat, *problem]


def utterance(audio: bytes, size: int = 4096) -> list[Event]:
    """Return a request with this audio."""
    parts = [audio[at : at + size] for at in range(0, len(audio), size)]
    chunks = [Event("audio-chunk", dict(AUDIO), part) for part in parts]
    return [Event("audio-start", dict(AUDIO)), *chunks, Event("audio-stop")]


class Client:
    """One connection of a stranger."""

    def __init__(self, connection: Connection, writer: asyncio.StreamWriter) -> None:
        self.connection = connection
        self.raw = writer

    async def send(self, *events: Event) -> None:
        for event in events:
            await self.connection.write(event)

    async def until(self, *types: str, seconds: float = 20.0) -> Event | None:
        """Return the first event of these types; None at the end of the connection."""
        async with asyncio.timeout(seconds):
            while (event := await self.connection.read()) is not None:
                if event.type in types:
                    return event
        return None


class Strangers:
    """Clients of thirteen kinds, one after another, several at once."""

    def __init__(self, ports: dict[str, int], seed: int) -> None:
        self.ports = ports
        self.done: Counter[str] = Counter()
        self.chance = random.Random(seed)
        self.allowed = asyncio.Event()
        self.working = 0
        self.speech = silence(0.5) + speak("what time is it") + silence(0.5)
        self.kinds: dict[str, tuple[tuple[str, ...], Callable[[Client], Awaitable[None]]]] = {
            "half-open": (ROLES, self.half_open),
            "conversation": (("llm",), self.conversation),
            "names": (("asr",), self.names),
            "select": (ROLES, self.select),
            "aborted speech": (("tts",), self.aborted_speech),
            "aborted sound": (("asr",), self.aborted_sound),
            "odd text": (("tts",), self.odd_text),
            "odd language": (("asr",), self.odd_language),
            "deep": (ROLES, self.deep),
            "history": (("llm",), self.history),
            "voice": (("tts",), self.voice),
            "formats": (("asr",), self.formats),
            "flood": (ROLES, self.flood),
        }

    async def run(self) -> None:
        """Send one client after another until cancelled, while allowed."""
        while True:
            await self.allowed.wait()
            self.working += 1
            try:
                await self.one()
            finally:
                self.working -= 1
            await asyncio.sleep(PAUSE)

    async def one(self) -> None:
        """Be one client of any kind."""
        kind = self.chance.choice(list(self.kinds))
        roles, behave = self.kinds[kind]
        port = self.ports[self.chance.choice(roles)]
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(ADDRESS, 0)
            )
        except OSError:
            self.done["refused"] += 1
            return
        try:
            await behave(Client(Connection(reader, writer, "the server"), writer))
        except Exception as error:  # it may be hung up on, as it deserves
            self.done[f"({type(error).__name__})"] += 1
        finally:
            self.done[kind] += 1
            writer.transport.abort()

    async def half_open(self, peer: Client) -> None:
        peer.raw.write(b'{"type":"describe","data_length":200}\n{"a"')
        await asyncio.sleep(self.chance.random())

    async def conversation(self, peer: Client) -> None:
        for _ in range(20):
            text = "what time is it " + self.chance.choice(("", "x" * 5000))
            name = os.urandom(self.chance.choice((8, 2000))).hex()
            context = {"conversation_id": name}
            await peer.send(Event("transcript", {"text": text, "context": context}))
            await peer.until(*LAST["llm"], seconds=5)

    async def names(self, peer: Client) -> None:
        count = self.chance.choice((1, 50, 1000))
        names = [os.urandom(6).hex() for _ in range(count)]
        await peer.send(Event("transcribe", {"transcript_names": names}))
        await peer.send(*utterance(bytes(16000)))
        await peer.until(*LAST["asr"])

    async def select(self, peer: Client) -> None:
        for _ in range(100):
            name = self.chance.choice(("espeak", "de", "no" + os.urandom(40).hex(), "piper"))
            await peer.send(Event("select-program", {"name": name}))
        await peer.send(Event("ping", {"text": "x"}))
        await peer.until("pong")

    async def aborted_speech(self, peer: Client) -> None:
        await peer.send(Event("synthesize", {"text": "A long sentence to be said. " * 500}))
        await peer.until("audio-chunk", seconds=5)

    async def aborted_sound(self, peer: Client) -> None:
        await peer.send(Event("transcribe"), *utterance(self.speech)[:-1])

    async def odd_text(self, peer: Client) -> None:
        texts = ("<speak>hi<break time='99s'/></speak>", "\x1b[31m\x00\u202e", "a" * 3000)
        text = self.chance.choice((*texts, "[[_^_DE]]x", "%n%s%d", "1" * 400))
        await peer.send(Event("synthesize", {"text": text}))
        await peer.until(*LAST["tts"])

    async def odd_language(self, peer: Client) -> None:
        language = self.chance.choice(("en", "xx" * 500, None))
        await peer.send(Event("transcribe", {"language": language}), *utterance(self.speech))
        await peer.until(*LAST["asr"])

    async def deep(self, peer: Client) -> None:
        body = b'{"type":"describe","data":' + b'{"a":' * 10000 + b"1" + b"}" * 10000 + b"}\n"
        peer.raw.write(body)
        await peer.until("info", "error", seconds=5)

    async def history(self, peer: Client) -> None:
        history = [{"role": "user", "text": "x" * 1000}] * 50
        data = {"text": "hi", "language": os.urandom(20).hex()}
        await peer.send(
            Event("transcript", {**data, "context": {"satellite": {"history": history}}})
        )
        await peer.until(*LAST["llm"], seconds=5)

    async def voice(self, peer: Client) -> None:
        names = ("../../etc/passwd", "en-us+../../x", "en-us+f3", "x" * 60000, "\x1b[31m")
        name = self.chance.choice(names)
        await peer.send(Event("synthesize", {"text": "hi", "voice": {"name": name}}))
        await peer.until(*LAST["tts"], seconds=5)

    async def formats(self, peer: Client) -> None:
        await peer.send(Event("audio-start", dict(AUDIO)))
        for _ in range(30):
            rate, channels = self.chance.randrange(4000, 384001), self.chance.randrange(1, 33)
            shape = {"rate": rate, "width": 2, "channels": channels}
            audio = os.urandom(self.chance.randrange(200))
            await peer.send(Event("audio-chunk", shape, audio))
        await peer.send(Event("audio-stop"))
        await peer.until(*LAST["asr"])

    async def flood(self, peer: Client) -> None:
        peer.raw.write(encode(Event("describe")) * 300)
        for _ in range(300):
            await peer.until("info", seconds=10)


class StrangersProcess:
    """The strangers in a process of their own, so that ordinary requests do not wait for them in
    this one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, ports: dict[str, int], seed: int) -> StrangersProcess:
        command = (sys.executable, "-m", "tests.attack.strangers", "--seed", str(seed))
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                *command, "--bother", json.dumps(ports), stdin=pipe, stdout=pipe
            )
        )

    async def command(self, word: str) -> Counter[str]:
        """Let them `go`, or `stop` once they have done; return what they did so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{word}\n".encode())
        return Counter(json.loads(await self._process.stdout.readline()))

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


async def bother(ports: dict[str, int], seed: int) -> None:
    """Be the strangers, as the commands on standard input say."""
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    strangers = Strangers(ports, seed)
    working = [asyncio.create_task(strangers.run()) for _ in range(STRANGERS)]
    while word := (await orders.readline()).decode().strip():
        if word == "go":
            strangers.allowed.set()
        else:
            strangers.allowed.clear()
            settling = time.monotonic()
            while strangers.working and time.monotonic() - settling < 3 * SETTLE:
                await asyncio.sleep(0.1)
        print(json.dumps(strangers.done), flush=True)
    for task in working:
        task.cancel()


class Ordinary:
    """A client that asks each role in turn, as a satellite does."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.ports = ports
        self.quiet: dict[str, list[float]] = {role: [] for role in ROLES}
        """Seconds of requests while no stranger was there."""
        self.busy: dict[str, list[float]] = {role: [] for role in ROLES}
        """Seconds of the others."""
        self.settling = False
        """Whether strangers have just left, whose work may still be under way."""
        self.bothered = False
        """Whether strangers are there."""
        self.failures: list[str] = []
        self.said = 0
        """Sentences so far."""
        self.resting = asyncio.Lock()
        """Held during a request, and while the server's use of resources is counted."""
        self.speech = silence(0.3) + speak("turn on the kitchen lamp") + silence(0.3)

    async def run(self, seconds: float | None = None) -> None:
        """Ask for some seconds, or until cancelled."""
        began = time.monotonic()
        while seconds is None or time.monotonic() - began < seconds:
            for role in ROLES:
                async with self.resting:
                    await self.ask(role)
                await asyncio.sleep(EVERY / len(ROLES))

    def sentence(self, role: str) -> str:
        """Return what is to be spoken: in turns a sentence that Piper has stored, and a new one."""
        self.said += role == "tts"
        other = f"lamp {self.said}" if self.said % 2 else "lamp"
        return f"The {other} in the kitchen is on."

    async def ask(self, role: str) -> None:
        began, bothered, settling = time.monotonic(), self.bothered, self.settling
        requests = {
            "asr": [Event("transcribe", {"language": "en"}), *utterance(self.speech)],
            "tts": [Event("synthesize", {"text": self.sentence(role)})],
            "llm": [Event("transcript", {"text": "what time is it"})],
        }
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[role])
                try:
                    peer = Client(Connection(reader, writer, "the server"), writer)
                    await peer.send(*requests[role])
                    answer = await peer.until(*LAST[role], seconds=PATIENCE)
                finally:
                    writer.transport.abort()
            if answer is None or answer.type == "error":
                self.failures.append(f"{role}: {answer.data if answer else 'hung up'}")
        except Exception as error:
            self.failures.append(f"{role}: {error!r}")
        if settling:
            return  # the strangers have left, but perhaps not all that they asked for is done
        took = self.busy if bothered or self.bothered else self.quiet
        took[role].append(time.monotonic() - began)


def slowest(took: list[float]) -> float:
    """Return the time within which 95 % were answered."""
    return statistics.quantiles(took, n=20)[-1] if len(took) > 1 else (took or [0.0])[0]


class Memory:
    """The memory of a server, measured every second."""

    def __init__(self, target: Target) -> None:
        self._process = psutil.Process(target.process.pid)
        self._seen: list[float] = []

    async def run(self) -> None:
        while self._process.is_running():
            self.now()
            await asyncio.sleep(1.0)

    def now(self) -> float:
        """Return it, in MB."""
        try:
            self._seen.append(self._process.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            pass  # `Target.problem` reports it
        return self._seen[-1]

    def since_last(self) -> tuple[float, float]:
        """Return the mean and the maximum since the last call."""
        self.now()
        seen, self._seen = self._seen, []
        return statistics.mean(seen), max(seen)


async def counted(target: Target, tasks: Path, memory: Memory) -> Count:
    """Return the counts of the server now."""
    tasks.unlink(missing_ok=True)
    target.process.send_signal(signal.SIGRTMIN)
    async with asyncio.timeout(PATIENCE):
        while not tasks.exists() or not tasks.read_text():
            await asyncio.sleep(0.05)
    process = psutil.Process(target.process.pid)
    mean, peak = memory.since_last()
    return Count(
        memory=round(mean, 1),
        peak=round(peak, 1),
        descriptors=process.num_fds(),
        threads=process.num_threads(),
        tasks=int(tasks.read_text()),
    )


async def run(target: Target, tasks: Path, seconds: float, seed: int, warm: float) -> Seen:
    """Run the attack; print and return what was seen."""
    first, ordinary = Ordinary(target.ports), Ordinary(target.ports)
    for role in ROLES:
        await first.ask(role)  # loads what is loaded by the first request
    await ordinary.run(min(QUIET, seconds / 2))
    strangers, done = await StrangersProcess.start(target.ports, seed), Counter[str]()
    memory = Memory(target)
    working = [asyncio.create_task(ordinary.run()), asyncio.create_task(memory.run())]
    counts: list[tuple[float, Count]] = []
    rest: list[float] = []
    began = time.monotonic()
    try:
        while (now := time.monotonic() - began) < seconds and target.process.poll() is None:
            ordinary.bothered = True
            await strangers.command("go")
            await asyncio.sleep(min(MINUTE, seconds - now))
            done = await strangers.command("stop")
            ordinary.settling = True
            await asyncio.sleep(min(SETTLE, seconds / 10))
            ordinary.settling = ordinary.bothered = False
            await asyncio.sleep(min(PAUSED, seconds / 10))
            async with ordinary.resting:
                await asyncio.sleep(min(1.0, seconds / 10))
                now = time.monotonic() - began
                counts.append((now, await counted(target, tasks, memory)))
                if (warm and now >= warm and not rest) or now >= seconds:
                    await asyncio.sleep(min(IDLE, seconds / 10))
                    rest.append(memory.now())
            print(f"{now:5.0f} s {done.total():6d} {counts[-1][1]}", flush=True)
    finally:
        for task in working:
            task.cancel()
        await asyncio.wait(working)
        await strangers.end()
    print("strangers:", dict(done))
    seen = Seen(done, [*first.failures, *ordinary.failures], rest=rest)
    for role in ROLES:
        before, during = slowest(ordinary.quiet[role]), slowest(ordinary.busy[role])
        allowed = max(SLOWER * before, UNNOTICED)
        print(
            f"{role}: {len(ordinary.busy[role])} ordinary requests, 95 % within {during:.2f} s, "
            f"slowest {max(ordinary.busy[role], default=0.0):.2f} s; in the pauses "
            f"{len(ordinary.quiet[role])}, 95 % within {before:.2f} s: allowed are {allowed:.2f} s"
        )
        if during > allowed:
            seen.slower.append(f"{role}: {during:.2f} s, at the quiet server {before:.2f} s")
    seen.uneven = uneven([count for when, count in counts if when >= warm])
    print("memory at rest:", ", ".join(f"{size:.0f} MB" for size in rest))
    seen.problem = target.problem()
    return seen


def uneven(counts: list[Count]) -> dict[str, str]:
    """Return the counts that differ too much from their mean."""
    found = {}
    for name in ("memory", "descriptors", "threads", "tasks"):
        values = [float(getattr(count, name)) for count in counts]
        if not values:
            return {name: "nothing was counted after the warm-up"}
        mean = statistics.mean(values)
        print(f"{name}: mean {mean:.1f}, from {min(values):.1f} to {max(values):.1f}")
        allowed = max(FLAT * mean, 0.0 if name == "memory" else 1.0)  # one of ten is a tenth
        if max(abs(value - mean) for value in values) > allowed:
            spread = f"from {min(values):.1f} to {max(values):.1f}, mean {mean:.1f}"
            found[name] = f"{name}: {spread}"
    return found


def attack(folder: Path, seconds: float, seed: int, warm: float, light: bool) -> Seen:
    """Start a server and run the attack on it; return what was seen."""
    ports = dict(zip(ROLES, free_ports(len(ROLES)), strict=True))
    tasks = folder / "tasks"
    os.environ["STRANGERS_TASKS"] = str(tasks)
    engines = ["--asr", "pocketsphinx", "--tts", "espeak"]
    if not light:
        voice = next(real_model("piper-en_US-joe-medium").glob("*.onnx"))
        whisper = f"faster-whisper:{real_model('whisper-base')}?compute_type=int8"
        engines = ["--asr", whisper, "--tts", f"piper:{voice}"]
    flags = [part for role in ROLES for part in (f"--{role}-port", str(ports[role]))]
    server = ("--server", ",".join(ROLES), *flags, *engines, "--llm", "intents")
    with started(
        folder, "server", ports, *server, "--host", "127.0.0.1", module="tests.attack.strangers"
    ) as target:
        return asyncio.run(run(target, tasks, seconds, seed, warm))


def serve() -> None:
    """Run `satellite`, which writes the number of its tasks to a file at the signal SIGRTMIN."""
    from satellite.__main__ import main as satellite

    def report(*_: object) -> None:
        number = sum(not task.done() for task in asyncio.all_tasks())
        Path(os.environ["STRANGERS_TASKS"]).write_text(json.dumps(number))

    signal.signal(signal.SIGRTMIN, report)
    satellite()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--light", action="store_true", help="engines without models")
    parser.add_argument("--bother", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help="folder for the server's log")
    given = parser.parse_args()
    if given.bother:
        asyncio.run(bother(given.bother, given.seed))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        seconds = given.minutes * 60
        warm = min(WARM, seconds / 6)
        seen = attack(folder, seconds, given.seed, warm, given.light)
    failures = seen.failures()
    for failure in failures:
        print("FAILED:", failure)
    print(f"VERDICT: {f'failed, {len(failures)} times' if failures else 'passed'}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    serve() if "--server" in sys.argv else main()
