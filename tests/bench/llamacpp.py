"""The engine `llamacpp` beside `ollama` with the same model, in one run on one machine.

    python -m tests.bench.llamacpp [--model NAME] [--rounds N] [--ollama PROGRAM ...]
    python -m tests.bench.llamacpp --abandoned 500

The engines have their default options but for a fixed seed, and hold conversations of two turns.
The row `xllamacpp alone` is the package without anything of ours: no engine with it is faster.
The first turn's prompt has the persona and the tools, which a warm-up has computed; the second
one's has only the newest sentences to compute. `--ollama` names the builds to compare with, or
none: one for any CPU of the architecture and one for this CPU differ by a factor. With
`--abandoned`, requests are abandoned at their first word instead, and what is left of them is
measured.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import threading
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import psutil

from satellite.lib.platform.cores import cores
from satellite.ports import EngineContext
from satellite.values import Message, ReplyRequest, Situation
from servers.llm.llamacpp.engine import LlamaCpp
from servers.llm.llamacpp.host import CACHED_PROMPTS, THREADS
from servers.llm.ollama.engine import Ollama
from tests.bench.tools import MODELS, TOOLS
from tests.support import ollama_server
from tests.support.ollama_server import serving
from tests.support.real_models import real_model

NOW = Situation(now="2026-11-20T10:25:00+01:00")
SECOND = 0.3
"""Most seconds to the first word of the second turn with SmolLM2 on 2 cores."""
FASTER = 5.0
"""Least ratio of the words a second to Ollama's."""
MARGIN = 1.1
"""Most growth of the memory by abandoned requests, as a factor, beside the cache of prompts, which
fills: with 256 MiB and SmolLM2, in some 320 requests."""
LONGEST = 48
"""Pieces of an answer: an Ollama for any CPU makes one a second on a busy machine."""
COMMON: dict[str, Any] = {"local_first": False, "seed": 1}
STORY = "Tell me a long story about a lamp, in many sentences."


class Measured(msgspec.Struct):
    """Medians of one engine."""

    second: float
    """Seconds to the first word of the second turn."""
    rate: float
    """Pieces of text, which are tokens, a second."""


async def answer(engine: Any, request: ReplyRequest) -> tuple[float, str, float]:
    """Return the seconds to the first word, the text, and the pieces a second after it; at most
    `LONGEST` pieces are waited for."""
    began, first, pieces = time.monotonic(), 0.0, []
    async with aclosing(engine.reply(request)) as parts:
        async for part in parts:
            if isinstance(part, str):
                first = first or time.monotonic()
                pieces.append(part)
            if len(pieces) == LONGEST:
                break
    took = time.monotonic() - (first or began)
    return (first or began) - began, "".join(pieces), (len(pieces) - 1) / max(took, 1e-6)


async def measure(engine: Any, rounds: int) -> Measured:
    """Hold conversations of two turns, and let it tell a story."""
    await engine.load()
    seconds, rates = [], []
    await answer(engine, ReplyRequest(text="Hello.", situation=NOW))  # waits for the warm-up
    for number in range(rounds):
        asked = f"What is a lamp number {number}?"
        _, text, _ = await answer(engine, ReplyRequest(text=asked, situation=NOW))
        history = (Message(role="user", text=asked), Message(role="assistant", text=text))
        again = ReplyRequest(text="And a chair?", history=history, situation=NOW)
        seconds.append((await answer(engine, again))[0])
        rates.append((await answer(engine, ReplyRequest(text=STORY, situation=NOW)))[2])
    return Measured(statistics.median(seconds), statistics.median(rates))


def alone(weights: Path, rounds: int) -> float:
    """Return the pieces a second that the package writes by itself."""
    import xllamacpp  # loaded before by the engine, with threads that sleep while they wait

    chosen = xllamacpp.CommonParams()
    chosen.model.path, chosen.n_ctx, chosen.n_parallel = str(weights), 4096, 1
    chosen.cpuparams.n_threads = chosen.cpuparams_batch.n_threads = min(cores(), THREADS)
    chosen.api_keys, chosen.ui, chosen.verbosity = ["key"], False, -1
    server, rates = xllamacpp.Server(chosen), []
    body = {"messages": [{"role": "user", "content": STORY}], "stream": True, "seed": 1}
    for _ in range(rounds):
        times: list[float] = []

        def take(chunk: Any, times: list[float] = times) -> bool:
            times.append(time.monotonic())
            return False

        server.handle_chat_completions({**body, "max_tokens": LONGEST}, take)
        rates.append((len(times) - 1) / (times[-1] - times[0]))
    return statistics.median(rates)


async def abandon(engine: Any, count: int) -> bool:
    """Abandon requests at their first word; return whether nothing is left of them."""
    await engine.load()
    await answer(engine, ReplyRequest(text="Hello."))
    process = psutil.Process()
    threads, before = threading.active_count(), process.memory_info().rss
    limit = MARGIN * (before + (CACHED_PROMPTS << 20))
    for number in range(count):
        async with aclosing(engine.reply(ReplyRequest(text=f"{STORY} {number}"))) as parts:
            async for _ in parts:
                break
        if number % 50 == 0:
            now = process.memory_info().rss >> 20
            print(f"{number}: {now} MiB, {threading.active_count()} threads", flush=True)
    await asyncio.sleep(2.0)
    after, left = process.memory_info().rss, threading.active_count()
    sizes = f"{before >> 20} and {after >> 20} MiB before and after, of at most {limit / 2**20:.0f}"
    print(f"{count} abandoned requests: {sizes}; ", end="")
    print(f"{threads} and {left} threads before and after")
    first, _, _ = await answer(engine, ReplyRequest(text="Hello."))
    print(f"first word of the next request: {first:.2f} s")
    return after <= limit and left <= threads + 1


async def compare(ours: Any, weights: Path, rounds: int, programs: list[str]) -> list[str]:
    """Measure both engines; return what is slower than it should be."""
    here = await measure(ours, rounds)
    print("| engine | first word of the second turn | tokens/s | ratio |\n|---|---|---|---|")
    limit = await asyncio.to_thread(alone, weights, rounds)
    print(f"| xllamacpp alone | | {limit:.0f} | |")
    print(f"| llamacpp | {here.second:.2f} s | {here.rate:.0f} | |", flush=True)
    slow = [] if here.second <= SECOND else ["the second turn begins late"]
    for program in programs:
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder), program) as host:
            file = Path(folder, "Modelfile")
            file.write_text(f'FROM {weights}\nTEMPLATE """{TOOLS}"""\n')
            options = Ollama.Options(
                model="bench", modelfile=str(file), host=host, timeout=600.0, **COMMON
            )
            peer = Ollama(options, EngineContext())
            there = await measure(peer, rounds)
            await peer.close()
        ratio = here.rate / there.rate
        print(f"| {program} | {there.second:.2f} s | {there.rate:.1f} | {ratio:.2f} |", flush=True)
        if ratio < FASTER:
            slow.append(f"less than {FASTER:g} times the tokens a second of {program}")
    return slow


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", choices=MODELS, default="smollm2-135m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ollama", nargs="*", help="programs; the one of the tests by default")
    parser.add_argument("--abandoned", type=int, default=0)
    chosen = parser.parse_args()
    weights = real_model(chosen.model) / "model.gguf"
    ours = LlamaCpp(LlamaCpp.Options(model=str(weights), **COMMON), EngineContext())
    if chosen.abandoned:
        clean = await abandon(ours, chosen.abandoned)
        failed = [] if clean else ["abandoned requests leave something"]
    else:
        programs = chosen.ollama
        if programs is None:
            found = ollama_server.installed()
            programs = [found] if found else []
            if not found:
                print(f"Ollama is missing: {ollama_server.INSTALL} builds it with Go")
        failed = await compare(ours, weights, chosen.rounds, programs)
    await ours.close()
    if failed:
        sys.exit(f"FAILED: {'; '.join(failed)}")


if __name__ == "__main__":
    asyncio.run(main())
