"""A conversation of many turns with a real model, with tools and answers that are given up.

    python -m tests.soak.brains {openai,gpt4all,llamacpp} [--model NAME] [--turns N]

`openai` asks llama.cpp's own server, which the package xllamacpp runs in a process of its own.
Every fifth answer is given up at its first word, and every tenth turn asks for a timer, which is a
tool; the tools are offered in every turn, but gpt4all has none. Prints a line for each turn and how
many the model left without an answer of its own, which a person hears in words. Exits with 1 if a
turn failed, more than a tenth had no answer of the model, or threads are left.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager
from pathlib import Path
from typing import Any

from satellite.errors import EngineError
from satellite.ports import EngineContext
from satellite.values import Action, Message, ReplyRequest, Situation
from servers.llm.gpt4all.engine import Gpt4All
from servers.llm.llamacpp.engine import LlamaCpp
from servers.llm.openai.engine import OpenAi
from tests.support.real_models import real_model

REMEMBERED = 8
"""Messages of the history."""
LONGEST = 96
"""Tokens of an answer: with 24, written tool calls were cut in the middle."""
KEY = "key"
SERVER = """
import sys, xllamacpp
chosen = xllamacpp.CommonParams()
chosen.model.path, chosen.n_ctx, chosen.n_parallel = sys.argv[1], 8192, 2
chosen.api_keys, chosen.ui, chosen.verbosity = [sys.argv[2]], False, -1
running = xllamacpp.Server(chosen)
print(running.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def llama_server(weights: Path) -> Iterator[str]:
    """Run llama.cpp's server, whose threads sleep while they wait; yield its URL."""
    variables = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, "-c", SERVER, str(weights), KEY]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=variables) as process:
        assert process.stdout is not None
        try:
            yield f"{process.stdout.readline().strip()}/v1"
        finally:
            process.terminate()


def engine_of(name: str, weights: Path, url: str, folder: Path) -> Any:
    """Return the engine, which answers in a few words and leaves no request to the sentences."""
    common: dict[str, Any] = {"local_first": False}
    if name == "gpt4all":
        model: dict[str, Any] = {"model": str(weights), "max_tokens": LONGEST}
        return Gpt4All(Gpt4All.Options(**model, **common), EngineContext())
    if name == "llamacpp":
        local: dict[str, Any] = {"model": str(weights), "n_predict": LONGEST, "seed": 1}
        return LlamaCpp(LlamaCpp.Options(**local, **common), EngineContext())
    (folder / "key").write_text(KEY)
    far: dict[str, Any] = {
        "url": url,
        "key_file": str(folder / "key"),
        "max_tokens": LONGEST,
        "seed": 1,
    }
    return OpenAi(OpenAi.Options(**far, context=4096, **common))


async def turn(engine: Any, request: ReplyRequest, give_up: bool) -> tuple[str, int]:
    """Return the answer, which is empty if there is none of the model, and the number of
    actions."""
    text, actions = "", 0
    async with asyncio.timeout(300), aclosing(engine.reply(request)) as parts:
        async for part in parts:
            text += part if isinstance(part, str) else ""
            actions += isinstance(part, Action)
            if give_up and text:
                break
    return text, actions


async def converse(engine: Any, turns: int) -> int:
    """Hold the conversation; return how many turns failed, and those without an answer where these
    are more than a tenth."""
    history: tuple[Message, ...] = ()
    failed = silent = done = 0
    for number in range(1, turns + 1):
        asked = f"Tell me about the number {number}."
        if number % 10 == 0:
            asked = f"Set a timer for {number} minutes."
        request = ReplyRequest(
            text=asked, history=history, situation=Situation(now="2026-11-20T10:25:00+01:00")
        )
        began = time.monotonic()
        try:
            text, actions = await turn(engine, request, give_up=number % 5 == 4)
            silent += not text
        except (EngineError, TimeoutError) as error:
            text, actions = "", 0
            failed += 1
            print(f"{number}: {type(error).__name__}: {error}", flush=True)
        done += actions
        print(f"{number}: {time.monotonic() - began:.1f} s, {actions}: {text[:60]!r}", flush=True)
        if text:
            said = (Message(role="user", text=asked), Message(role="assistant", text=text))
            history = (*history, *said)[-REMEMBERED:]
    print(f"{turns} turns, {failed} failed, {silent} without an answer of the model", end=", ")
    print(f"{done} actions of {turns // 10} timers")
    return failed + (silent if silent > turns // 10 else 0)


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engine", choices=("openai", "gpt4all", "llamacpp"))
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--turns", type=int, default=40)
    chosen = parser.parse_args()
    weights = real_model(chosen.model) / "model.gguf"
    before = threading.active_count()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = stack.enter_context(llama_server(weights)) if chosen.engine == "openai" else ""
        engine = engine_of(chosen.engine, weights, url, Path(folder))
        await engine.load()
        failed = await converse(engine, chosen.turns)
        await engine.close()
    left = [t.name for t in threading.enumerate() if "llamacpp" in t.name or "gpt4all" in t.name]
    print(f"threads: {before} before, {threading.active_count()} after; of the engine: {left}")
    if failed or left:
        sys.exit("FAILED")


if __name__ == "__main__":
    asyncio.run(main())
