"""Time to the first words of a request: without a warm-up, during one, and after it.

    python -m tests.bench.warm_up [--model NAME] [--rounds N]

The engine `ollama` as a satellite runs it, with a real Ollama (`tests/support/install_ollama.sh`)
and a model of `tests.support.real_models`. Each request has a system prompt of its own, so that
nothing of its prompt is in Ollama's cache but what the warm-up has computed. A warm-up must not
delay a request: what comes during one takes no longer than without any.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import aclosing
from pathlib import Path
from uuid import uuid4

from satellite.ports import EngineContext
from satellite.values import ReplyRequest
from servers.llm.chat.prompt import DEFAULT_SYSTEM
from servers.llm.ollama import modelfile
from servers.llm.ollama.client import OllamaClient
from servers.llm.ollama.engine import WARM_UP_AFTER, Ollama
from tests.bench.tools import MODELS, TOOLS
from tests.support import ollama_server
from tests.support.real_models import real_model

SHARES = {"none": None, "early": 0.2, "late": 0.8, "after": 1.5}
"""When the request comes: without a warm-up, or in shares of the time that one takes."""

ALLOWED = 1.25
"""Times without a warm-up that a request during one may take: the measurements vary by as much."""


class Bench:
    """One model in one Ollama."""

    def __init__(self, host: str, model: str) -> None:
        self._host = host
        self._model = model

    async def create(self) -> None:
        """Create the model and load it."""
        client = OllamaClient(self._host, 600.0)
        try:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "Modelfile")
                weights = real_model(self._model) / "model.gguf"
                file.write_text(f'FROM {weights}\nTEMPLATE """{TOOLS}"""\nPARAMETER num_thread 1\n')
                await modelfile.create(client, self._model, str(file))
            await client.load(self._model, parameters={"num_ctx": 4096}, keep_alive="30m")
        finally:
            await client.close()

    async def first_words(self, wait: float | None) -> float:
        """Return the seconds to the first words of a request `wait` seconds after the warm-up's
        beginning; without one for None."""
        options = Ollama.Options(
            model=self._model,
            host=self._host,
            local_first=False,
            system=f"{uuid4().hex} {DEFAULT_SYSTEM}",
            num_predict=16,
            temperature=0.0,
            timeout=600.0,
        )
        engine = Ollama(options, EngineContext())
        try:
            if wait is not None:
                await engine.load()
                await asyncio.sleep(WARM_UP_AFTER + wait)
            began = time.monotonic()
            async with aclosing(engine.reply(ReplyRequest(text="Tell me a joke."))) as parts:
                await anext(parts)
            return time.monotonic() - began
        finally:
            await engine.close()


async def measure(host: str, model: str, rounds: int) -> bool:
    """Print a row of the table; return whether no warm-up delayed a request."""
    bench = Bench(host, model)
    await bench.create()
    await bench.first_words(None)  # loads what the first answer of all needs
    took: dict[str, list[float]] = {name: [] for name in SHARES}
    for _ in range(rounds):
        for name, share in SHARES.items():
            whole = statistics.median(took["none"]) if took["none"] else 0.0
            took[name].append(await bench.first_words(None if share is None else share * whole))
    medians = {name: statistics.median(seconds) for name, seconds in took.items()}
    print(f"| {model} | {' | '.join(f'{medians[name]:.1f} s' for name in SHARES)} |", flush=True)
    return max(medians["early"], medians["late"]) <= ALLOWED * medians["none"]


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", choices=MODELS, default="smollm2-135m")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print("| model | no warm-up | at 20 % of one | at 80 % of one | after one |")
    print("|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        ollama_server.serving(Path(folder), slots=1) as host,
    ):
        if not await measure(host, chosen.model, chosen.rounds):
            sys.exit("a warm-up delays requests")


if __name__ == "__main__":
    asyncio.run(main())
