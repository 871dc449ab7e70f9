"""The engine `openai` with llama.cpp's own server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from satellite.errors import EngineFailed
from satellite.values import Message, ReplyRequest
from servers.llm.openai.engine import OpenAi
from tests.servers.llm.asking import ask, heard
from tests.support.real_models import real_model

TURNS = 12
"""Turns of the conversation: more than the history that is sent with each."""

xllamacpp = pytest.importorskip("xllamacpp", reason="the package xllamacpp is not installed")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the URL of a server with a small model, whose key is `key`."""
    chosen = xllamacpp.CommonParams()
    chosen.model.path = str(real_model("smollm2-135m") / "model.gguf")
    chosen.n_ctx, chosen.n_parallel = 4096, 2
    chosen.api_keys, chosen.ui, chosen.verbosity = ["key"], False, -1
    running = xllamacpp.Server(chosen)
    yield f"{running.listening_address}/v1"
    del running


@pytest.fixture
async def engine(server: str, tmp_path: Path) -> AsyncIterator[OpenAi]:
    (tmp_path / "key").write_text("key")
    made = OpenAi(options(server, key_file=str(tmp_path / "key")))
    yield made
    await made.close()


def options(url: str, **more: Any) -> Any:
    chosen = {"max_tokens": 12, "seed": 1, "local_first": False, "tool_rounds": 0, "context": 2048}
    return OpenAi.Options(url=url, **{**chosen, **more})


async def test_the_program_is_recognized(engine: OpenAi) -> None:
    found = await engine.served_by()
    assert (found.name, found.roles, len(found.models)) == ("llama.cpp", ("llm",), 1)


async def test_every_turn_of_a_conversation_is_answered(engine: OpenAi) -> None:
    """`python -m tests.soak.brains openai` has forty."""
    await engine.load()
    assert engine.describe().models[0].name
    history: tuple[Message, ...] = ()
    for number in range(TURNS):
        text = f"Tell me about the number {number}."
        reply = heard(await ask(engine, text, history=history))
        assert reply
        history = (*history, Message(role="user", text=text))[-8:]
        history = (*history, Message(role="assistant", text=reply))


async def test_an_answer_that_is_given_up_leaves_the_server_free(engine: OpenAi) -> None:
    for _ in range(10):
        async with aclosing(engine.reply(ReplyRequest(text="Tell me a story."))) as parts:
            async for _part in parts:
                break
    assert heard(await ask(engine, "Hello."))


async def test_tools_are_offered(server: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("key")
    made = OpenAi(options(server, key_file=str(tmp_path / "key"), tool_rounds=1, context=4096))
    assert await ask(made, "What time is it?")
    await made.close()


async def test_a_wrong_key_is_reported(server: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("other")
    made = OpenAi(options(server, key_file=str(tmp_path / "key"), model="m"))
    with pytest.raises(EngineFailed, match="refuses the key"):
        await ask(made, "hello")
    await made.close()
