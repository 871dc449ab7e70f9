"""Quality of speech-to-text with real weights, beside wyoming-faster-whisper, in one run.

    python -m tests.bench.quality [--quick] [--peers FOLDER] [--model whisper-base]
        [--parts words sounds actions speed]

Prints, for our server and for the peer (on the search path or in the environment FOLDER/fw; without
it, its column is left out), both with the same Whisper model in int8 and five beams:

- the word error rate of requests alone, and after each bundled wake word, 0.15, 0.3 and 0.6 s
  apart: a listener with the satellite's default wake engine and voice detector finds each
  utterance, and the servers transcribe what it found;
- words written for sounds without speech (tests/support/nonspeech.py), each 5 s long;
- commands and other speech (tests/bench/rejection_texts.py): what the built-in brain does with the
  transcript, compared with what it does with the spoken text;
- latency, throughput, CPU and memory (the largest proportional share, PSS).

Requests and wake words are spoken by the Piper voice en_US-joe-medium without variation, "hey
mycroft" by Kokoro. Needs nothing but the models: `python -m tests.support.real_models` fetches
them. `--quick` takes a part of each, for minutes instead of an hour; `--parts` runs some of the
parts. `--corpus FOLDER` only writes the requests as WAV and text files there, for other programs,
such as wyoming-bench. tests/bench/quality_turns.py sends the requests through whole satellites.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import msgspec

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH, Action, ReplyPart, ReplyRequest, Situation, TimerState
from servers.intents.sentences import Sentences, load
from servers.llm.intents import answer
from tests.bench.asr import Load, compare, padded, ratios, transcribe
from tests.bench.quality_sounds import REQUESTS, WAKE_WORDS, Spoken, captured, in_a_room
from tests.bench.rejection_sounds import Case, cases, sound
from tests.bench.whisper_servers import Server, whisper_servers
from tests.bench.word_errors import WordErrors, words
from tests.support.nonspeech import NONSPEECH, nonspeech
from tests.support.real_models import Unavailable, fetched
from tests.support.real_voice import VOICE

GAPS = (0.15, 0.3, 0.6)
"""Seconds between wake word and request."""

PIECE = 5.0
"""Seconds of each sound without speech."""

PARTS = ("words", "sounds", "actions", "speed")

CLIENTS = (1, 4)
"""Numbers of clients for latency and throughput."""

SITUATION = Situation(
    now="2026-11-20T10:25:00+01:00",
    timers=(TimerState(id="1", total=600, remaining=300),),
    volume=0.4,
    home=True,
)
"""A timer runs and a home is connected, so that commands for them have actions."""


class Plan(msgspec.Struct, frozen=True):
    """The amount of each part."""

    requests: tuple[str, ...]
    wake_words: tuple[str, ...]
    minutes: float
    """Sound without speech."""
    every: int
    """One of this many utterances of tests/bench/rejection_sounds.py is used."""
    utterances: int
    rounds: int


FULL = Plan(REQUESTS, tuple(WAKE_WORDS), minutes=10, every=10, utterances=16, rounds=2)
QUICK = Plan(REQUESTS[:8], ("okay_nabu",), minutes=1, every=40, utterances=8, rounds=1)


class Column:
    """What a server wrote, in order of the questions."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cells: list[str] = []
        self.details: list[str] = []

    def write(self, audio: bytes) -> str:
        """Return the server's transcript."""
        return asyncio.run(transcribe(self.server.port, audio))[0]


class Table:
    """Rows, printed as they are known, and their details at the end."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self.columns = [Column(server) for server in servers]
        print(f"{'':46}" + "".join(f"{server.name:>24}" for server in servers), flush=True)

    def row(self, name: str, cell: Callable[[Column], str]) -> None:
        """Print a row; each server's cell is measured now."""
        print(f"{name:46}" + "".join(f"{cell(column):>24}" for column in self.columns), flush=True)

    def details(self) -> Iterator[str]:
        for column in self.columns:
            for line in column.details:
                yield f"{column.server.name}: {line}"


def word_errors(table: Table, plan: Plan, spoken: Spoken) -> None:
    """Measure the requests alone, then after wake words."""
    bare: list[bytes | None] = [
        in_a_room(request, 0.5, 0.7, number) for number, request in enumerate(spoken.requests)
    ]
    _errors_row(table, plan, "word error rate, requests alone", bare)
    for word in plan.wake_words:
        for gap in GAPS:
            heard = asyncio.run(captured(spoken, word, gap))
            woken = sum(audio is not None for audio in heard)
            name = f"  after {word}, {gap} s ({woken} of {len(heard)} woken)"
            _errors_row(table, plan, name, heard)


def _errors_row(table: Table, plan: Plan, name: str, sounds: Sequence[bytes | None]) -> None:
    def cell(column: Column) -> str:
        total = WordErrors()
        for text, audio in zip(plan.requests, sounds, strict=True):
            if audio is not None:
                total.add(text, column.write(audio))
        column.details += [f"{name.strip()}: {a!r} as {b!r}" for a, b in total.wrong]
        return f"{total.rate:.3f}"

    table.row(name, cell)


def invented_words(table: Table, plan: Plan) -> None:
    """Measure the words written for sounds without speech."""
    rounds = round(plan.minutes * 60 / PIECE / len(NONSPEECH))
    minutes = rounds * PIECE * len(NONSPEECH) / 60

    def cell(column: Column) -> str:
        invented = 0
        for kind in NONSPEECH:
            for seed in range(rounds):
                text = column.write(nonspeech(kind, PIECE, seed))
                if found := len(words(text)) or bool(text.strip()):
                    invented += found
                    column.details.append(f"{kind} {seed}: {text!r}")
        return str(invented)

    table.row(f"words invented in {minutes:.1f} minutes without speech", cell)


def actions(table: Table, plan: Plan, quick: bool) -> None:
    """Measure what the built-in brain does with commands and with other speech."""
    chosen = [case for case in cases(quick) if case.text][:: plan.every]
    commands = [case for case in chosen if _acts(_reply(case.text))]
    wrong = f"wrong actions, of {len(chosen)} commands and others"
    done = f"commands done, of {len(commands)}"
    verdicts: dict[str, list[tuple[Case, bool, bool]]] = {}
    for column in table.columns:
        found = verdicts[column.server.name] = []
        for case in chosen:
            text = column.write(sound(case))
            expected, reply = _reply(case.text), _reply(text)
            found.append((case, reply == expected, _acts(reply) and reply != expected))
            if found[-1][2]:
                column.details.append(f"wrong action: {case.text!r} ({case.voice}) as {text!r}")
    table.row(wrong, lambda column: str(sum(v[2] for v in verdicts[column.server.name])))
    table.row(
        done,
        lambda column: str(
            sum(right for case, right, _ in verdicts[column.server.name] if case in commands)
        ),
    )


@cache
def _english() -> Sentences:
    return load("en")


def _reply(text: str) -> tuple[ReplyPart, ...]:
    if not text.strip():
        return ()
    return answer(_english(), ReplyRequest(text=text, situation=SITUATION))


def _acts(reply: tuple[ReplyPart, ...]) -> bool:
    return any(isinstance(part, Action) for part in reply)


def speed(table: Table, plan: Plan, spoken: Spoken) -> list[str]:
    """Measure speed and memory; return the ratios of ours to the peer's."""
    servers = [column.server for column in table.columns]
    sounds = [padded(request) for request in spoken.requests]
    lines = []
    for clients in CLIENTS:
        loads = compare(servers, clients, plan.utterances, plan.rounds, sounds)
        many = f"{clients} client{'s' if clients > 1 else ''}"
        _speed_rows(table, loads, many)
        if line := ratios(loads):
            lines.append(f"ours / peer, {many}: {line}")
    return lines


def _speed_rows(table: Table, loads: Mapping[str, Load], many: str) -> None:
    cells: dict[str, Callable[[Load], str]] = {
        "latency p50, p95 (s)": lambda load: f"{load.latency(0.5):.2f} {load.latency(0.95):.2f}",
        "utterances per second": lambda load: f"{load.throughput:.2f}",
        "CPU-seconds per utterance": lambda load: f"{load.cpu / len(load.latencies):.2f}",
        "memory (PSS, MiB)": lambda load: f"{max(load.memory):.0f}",
    }
    for name, cell in cells.items():
        table.row(f"{name}, {many}", partial(_of_server, loads, cell))


def _of_server(loads: Mapping[str, Load], cell: Callable[[Load], str], column: Column) -> str:
    return cell(loads[column.server.name])


def write_corpus(folder: Path, plan: Plan, spoken: Spoken) -> None:
    """Write each request, in a quiet room, as `NN.wav` and `NN.txt`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (text, request) in enumerate(zip(plan.requests, spoken.requests, strict=True)):
        write_wav(folder / f"{number:02}.wav", SPEECH, in_a_room(request, 0.5, 0.7, number))
        (folder / f"{number:02}.txt").write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a part of everything")
    parser.add_argument("--peers", type=Path, help="folder with the peer's environment fw")
    parser.add_argument(
        "--model", choices=("whisper-base", "whisper-tiny.en"), default="whisper-base"
    )
    parser.add_argument("--threads", type=int, default=2, help="of the CPU, for each server")
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--details", action="store_true", help="print each wrong transcript")
    parser.add_argument("--corpus", type=Path, help="write the requests there and exit")
    flags = parser.parse_args()
    plan = QUICK if flags.quick else FULL
    try:
        model, voice = fetched(flags.model), fetched(VOICE)
    except Unavailable as error:
        sys.exit(str(error))
    spoken = asyncio.run(Spoken.make(voice, plan.requests))
    if flags.corpus:
        write_corpus(flags.corpus, plan, spoken)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        whisper_servers(Path(folder), flags.peers, model, flags.threads) as servers,
    ):
        table = Table(servers)
        table.row("memory after start (PSS, MiB)", lambda c: f"{c.server.memory():.0f}")
        if "words" in flags.parts:
            word_errors(table, plan, spoken)
        if "sounds" in flags.parts:
            invented_words(table, plan)
        if "actions" in flags.parts:
            actions(table, plan, flags.quick)
        lines = speed(table, plan, spoken) if "speed" in flags.parts else []
    print("\n".join(lines))
    if flags.details:
        print("\n".join(table.details()))


if __name__ == "__main__":
    main()
