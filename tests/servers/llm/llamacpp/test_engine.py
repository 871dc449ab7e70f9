"""The engine `llamacpp` with a real model."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from satellite.conformance import CHECKS, Check, LlmSample, fresh
from satellite.errors import EngineClosed, EngineFailed, ModelMissing
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import Message, ReplyRequest
from servers.llm.llamacpp.engine import LlamaCpp
from servers.llm.llamacpp.host import Host
from servers.llm.llamacpp.options import LlamaCppOptions
from servers.models.names import GGUF
from servers.models.store import Store
from servers.serve.server import serving
from tests.servers.llm.asking import ask, heard
from tests.support.real_models import real_model

pytest.importorskip("xllamacpp", reason="the package xllamacpp is not installed")

SAMPLE = LlmSample(text="Tell me a story.", other="And another one.", patience=60.0)


def file() -> str:
    return str(real_model("smollm2-135m") / "model.gguf")


def options(**more: Any) -> LlamaCppOptions:
    chosen = {"ctx_size": 1024, "n_predict": 12, "seed": 1, "local_first": False, "tool_rounds": 0}
    return LlamaCppOptions(**{"model": file(), **chosen, **more})


@asynccontextmanager
async def here() -> AsyncGenerator[Any, None]:
    chosen = options()
    async with fresh(lambda: LlamaCpp(chosen))() as engine:
        yield engine


@asynccontextmanager
async def there() -> AsyncGenerator[Any, None]:
    async with here() as engine:
        await engine.load()
        async with (
            serving("llm", engine, "tcp://127.0.0.1:0") as uri,
            fresh(lambda: remote(uri, "llm", pairing=Pairing()))() as far,
        ):
            yield far


@pytest.mark.timeout(300)
@pytest.mark.parametrize("place", [here, there])
@pytest.mark.parametrize("check", CHECKS["llm"], ids=[check.name for check in CHECKS["llm"]])
async def test_llamacpp_conforms(check: Check, place: Any) -> None:
    await check.run(place, SAMPLE)


@asynccontextmanager
async def host(**more: Any) -> AsyncGenerator[Host, None]:
    chosen = options(**more)
    made = Host(chosen, cores=2, nice=0)
    await asyncio.to_thread(made.load, Path(chosen.model))
    try:
        yield made
    finally:
        await made.close()


def body(text: str, longest: int = 16) -> dict[str, Any]:
    return {
        "messages": [{"role": "user", "content": text}],
        "max_tokens": longest,
        "stream": True,
        "seed": 1,
        "stream_options": {"include_usage": True},
    }


async def chunks_of(made: Host, asked: dict[str, Any]) -> list[Any]:
    async with aclosing(made.stream(asked)) as chunks:
        return [chunk async for chunk in chunks]


async def test_conversations_are_answered_side_by_side_and_the_rest_waits() -> None:
    async with host(parallel=2) as made, asyncio.TaskGroup() as tasks:
        answers = [tasks.create_task(chunks_of(made, body(f"Say {n}."))) for n in range(4)]
    assert all(len(answer.result()) > 3 for answer in answers)


async def test_an_abandoned_answer_ends_and_its_place_is_free_again() -> None:
    async with host(parallel=1) as made:
        before = threading.active_count()
        for _ in range(20):
            async with aclosing(made.stream(body("Tell me a story.", 512))) as chunks:
                async for _chunk in chunks:
                    break
        assert len(await chunks_of(made, body("Hello."))) > 1
        assert threading.active_count() <= before + 1
    # otherwise the thread of the last answer frees the model, after `close`
    assert "llamacpp" not in [thread.name for thread in threading.enumerate()]


async def test_an_abandoned_prompt_is_not_computed_to_its_end() -> None:
    """What was computed of a prompt is in the cache when it is asked for again."""
    prompt = body("We speak of dogs and cats. " * 220, 1)
    async with host(parallel=1, ctx_size=4096) as made:
        abandoned = asyncio.create_task(chunks_of(made, prompt))
        await asyncio.sleep(0.02)
        abandoned.cancel()
        await asyncio.wait([abandoned])
        first, second = [(await chunks_of(made, prompt))[-1].usage for _ in range(2)]
    assert first.details.cached_tokens < first.prompt_tokens / 2
    assert second.details.cached_tokens > 0.9 * second.prompt_tokens


async def test_an_answer_on_its_way_ends_when_the_host_is_closed() -> None:
    async with host() as made:
        answer = made.stream(body("Tell me a story.", 1024))
        await anext(answer)
        closing = asyncio.create_task(made.close())
        with pytest.raises(EngineClosed):
            async for _ in answer:
                pass
        await closing
        with pytest.raises(EngineClosed):
            await anext(made.stream(body("Hello.")))


async def test_a_prompt_longer_than_the_context_is_refused_in_words() -> None:
    async with host(ctx_size=512, parallel=1) as made:
        with pytest.raises(EngineFailed, match="exceeds the available context size"):
            await chunks_of(made, body("word " * 2000))
        assert len(await chunks_of(made, body("Hello."))) > 1


async def test_a_second_prompt_is_computed_from_its_first_new_word_on() -> None:
    async with host(parallel=1) as made:
        first = body("Tell me about lamps. " * 30)
        before = await chunks_of(made, first)
        text = "".join(choice.delta.content or "" for c in before for choice in c.choices)
        messages = [
            *first["messages"],
            {"role": "assistant", "content": text},
            {"role": "user", "content": "And chairs?"},
        ]
        again = await chunks_of(made, {**first, "messages": messages})
    (prompt,) = [chunk.usage.prompt_tokens for chunk in before if chunk.usage]
    (cached,) = [chunk.usage.details.cached_tokens for chunk in again if chunk.usage]
    assert cached >= prompt


async def test_its_own_port_refuses_every_request() -> None:
    async with host() as made:
        address = made.address.removeprefix("http://")
        for path in ("/v1/models", "/props", "/slots", "/metrics", "/"):
            connection = HTTPConnection(address, timeout=10)
            connection.request("GET", path)
            assert connection.getresponse().status in (401, 403, 404), path
            connection.close()


def test_a_file_that_is_no_model_is_reported(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(Path(file()).read_bytes()[:100_000])
    with pytest.raises(EngineFailed, match=r"llama\.cpp cannot load .*broken.gguf"):
        Host(options(), cores=2, nice=0).load(broken)


async def test_text_in_place_of_a_model_is_refused_before_the_library_reads_it(
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<html>log in</html>")
    engine = LlamaCpp(options(model=str(page)))
    with pytest.raises(ModelMissing, match="is no GGUF model"):
        await engine.load()
    await engine.close()


async def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    context = EngineContext(models=ModelSettings(folder=str(tmp_path)))
    engine = LlamaCpp(options(model="qwen2.5-0.5b"), context)
    with pytest.raises(ModelMissing, match=r"satellite models pull gguf:qwen2\.5-0\.5b"):
        await engine.load()
    await engine.close()


async def test_auto_takes_the_newest_model(tmp_path: Path) -> None:
    settings = ModelSettings(folder=str(tmp_path))
    assert await LlamaCpp.auto(EngineContext(models=settings)) is None
    name = await asyncio.to_thread(
        Store.for_settings(settings).take, GGUF, "qwen2.5-0.5b", Path(file())
    )
    assert name.is_dir()
    assert await LlamaCpp.auto(EngineContext(models=settings)) == "qwen2.5-0.5b"
    engine = LlamaCpp(options(model="qwen2.5-0.5b"), EngineContext(models=settings))
    assert heard(await ask(engine, "Hello."))
    await engine.close()


async def test_a_sentence_is_answered_without_the_model() -> None:
    engine = LlamaCpp(options(local_first=True))
    assert "AM" in heard(await ask(engine, "what time is it"))
    await engine.close()


async def test_a_conversation_is_longer_than_the_context() -> None:
    history = tuple(
        Message(role="assistant" if n % 2 else "user", text=f"Sentence {n} on lamps. " * 20)
        for n in range(40)
    )
    engine = LlamaCpp(options(ctx_size=1024))
    parts = [part async for part in engine.reply(ReplyRequest(text="Go on.", history=history))]
    assert parts
    await engine.close()


def test_a_model_is_named_without_its_folder() -> None:
    assert LlamaCpp(options()).describe().models[0].name == "model"
