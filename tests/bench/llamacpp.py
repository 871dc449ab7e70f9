"""The engine `llamacpp` beside `ollama` with the same model, in one run on one machine.

    python -m tests.bench.llamacpp [--model NAME] [--abandoned N]

Both engines have their default options but for a fixed seed, and a conversation of two turns. The
first one's prompt has the persona and the tools, which a warm-up has computed; the second one's has
only the newest sentences to compute. Then N requests are abandoned at their first word.
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

from satellite.ports import EngineContext
from satellite.values import Message, ReplyRequest, Situation
from servers.llm.llamacpp.engine import LlamaCpp
from servers.llm.ollama.engine import Ollama
from tests.bench.tools import MODELS, TOOLS
from tests.support import ollama_server
from tests.support.real_models import real_model

NOW = Situation(now="2026-11-20T10:25:00+01:00")
SECOND = 0.3
"""Most seconds to the first word of the second turn with SmolLM2 on 2 cores."""
FASTER = 5.0
"""Least ratio of the words a second to Ollama's."""
MARGIN = 1.1
"""Most growth of the memory over the abandoned requests, as a factor."""
ROUNDS = 5
STORY = "Tell me a long story about a lamp, in many sentences."


class Measured(msgspec.Struct):
    """Medians of one engine."""

    second: float
    """Seconds to the first word of the second turn."""
    rate: float
    """Pieces of text, which are tokens, a second."""


async def answer(engine: Any, request: ReplyRequest) -> tuple[float, str, float]:
    """Return the seconds to the first word, the text, and the pieces a second after it."""
    began, first, pieces = time.monotonic(), 0.0, []
    async with aclosing(engine.reply(request)) as parts:
        async for part in parts:
            if isinstance(part, str):
                first = first or time.monotonic()
                pieces.append(part)
    took = time.monotonic() - (first or began)
    return (first or began) - began, "".join(pieces), (len(pieces) - 1) / max(took, 1e-6)


async def measure(engine: Any) -> Measured:
    """Hold conversations of two turns, and let it tell a story."""
    await engine.load()
    seconds, rates = [], []
    await answer(engine, ReplyRequest(text="Hello.", situation=NOW))  # waits for the warm-up
    for number in range(ROUNDS):
        asked = f"What is a lamp number {number}?"
        _, text, _ = await answer(engine, ReplyRequest(text=asked, situation=NOW))
        history = (Message(role="user", text=asked), Message(role="assistant", text=text))
        again = ReplyRequest(text="And a chair?", history=history, situation=NOW)
        seconds.append((await answer(engine, again))[0])
        rates.append((await answer(engine, ReplyRequest(text=STORY, situation=NOW)))[2])
    return Measured(statistics.median(seconds), statistics.median(rates))


async def abandon(engine: Any, count: int) -> bool:
    """Abandon requests at their first word; return whether nothing is left of them."""
    process = psutil.Process()
    before = (process.memory_info().rss, threading.active_count())
    for number in range(count):
        async with aclosing(engine.reply(ReplyRequest(text=f"{STORY} {number}"))) as parts:
            async for _ in parts:
                break
    await asyncio.sleep(2.0)
    after = (process.memory_info().rss, threading.active_count())
    print(f"{count} abandoned requests: {before[0] >> 20} to {after[0] >> 20} MiB, ", end="")
    print(f"{before[1]} to {after[1]} threads")
    return after[0] <= MARGIN * before[0] and after[1] <= before[1] + 1


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", choices=MODELS, default="smollm2-135m")
    parser.add_argument("--abandoned", type=int, default=500)
    chosen = parser.parse_args()
    weights = real_model(chosen.model) / "model.gguf"
    common: dict[str, Any] = {"local_first": False, "seed": 1}
    ours = LlamaCpp(LlamaCpp.Options(model=str(weights), **common), EngineContext())
    here = await measure(ours)
    clean = await abandon(ours, chosen.abandoned)
    await ours.close()
    with tempfile.TemporaryDirectory() as folder, ollama_server.serving(Path(folder)) as host:
        file = Path(folder, "Modelfile")
        file.write_text(f'FROM {weights}\nTEMPLATE """{TOOLS}"""\n')
        options = Ollama.Options(
            model="bench", modelfile=str(file), host=host, timeout=600.0, **common
        )
        peer = Ollama(options, EngineContext())
        there = await measure(peer)
        await peer.close()
    print("| engine | first word of the second turn | tokens/s |\n|---|---|---|")
    print(f"| llamacpp | {here.second:.2f} s | {here.rate:.0f} |")
    print(f"| ollama | {there.second:.2f} s | {there.rate:.0f} |")
    print(f"ratio of tokens/s: {here.rate / there.rate:.2f}")
    failed = [
        *([] if here.second <= SECOND else ["the second turn begins late"]),
        *([] if here.rate >= FASTER * there.rate else ["too few tokens a second"]),
        *([] if clean else ["abandoned requests leave something"]),
    ]
    if failed:
        sys.exit(f"FAILED: {'; '.join(failed)}")


if __name__ == "__main__":
    asyncio.run(main())
