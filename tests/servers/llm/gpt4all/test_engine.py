"""The engine `gpt4all`: scripted, and with its package and a real model where installed."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from satellite.conformance import CHECKS, Check, LlmSample, fresh
from satellite.errors import EngineClosed, EngineFailed, ModelMissing
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.values import Message, ReplyRequest
from servers.llm.gpt4all.engine import Gpt4All, Gpt4AllPackage, available
from servers.llm.gpt4all.host import Host
from servers.llm.gpt4all.options import Gpt4AllOptions
from servers.serve.server import serving
from tests.support.real_models import real_model

INSTALLED = find_spec("gpt4all") is not None
real = pytest.mark.skipif(
    not INSTALLED,
    reason="gpt4all is not installed (222 MB): pip install 'satellite-voice[gpt4all]'",
)


class FakeGpt4All:
    """The package's class: one token for each word; `made` are the objects so far."""

    made: list[FakeGpt4All]
    words = "one two three"
    pause = 0.005
    fails: Exception | None = None

    def __init__(self, name: str, **keywords: Any) -> None:
        os.write(2, b"Failed to load llamamodel-mainline-cuda.so: dlopen\n")
        if self.fails is not None:
            os.write(2, b"error loading model: unknown pre-tokenizer type: 'smollm'\n")
            raise self.fails
        self.keywords = keywords
        self.sessions: list[tuple[str, str]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.running = self.most = 0
        self.closed = False
        self.model = self
        self.made.append(self)

    def set_thread_count(self, count: int) -> None:
        self.threads = count

    @contextmanager
    def chat_session(self, system: str, template: str) -> Iterator[None]:
        self.sessions.append((system, template))
        yield

    def generate(self, prompt: str, *, callback: Callable[[int, str], bool], **more: Any) -> None:
        self.asked.append((prompt, more))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if prompt.startswith("fail"):
                callback(-1, "ERROR: the prompt is too long")
                return
            for number, word in enumerate(self.words.split()):
                time.sleep(self.pause)
                if not callback(number, f" {word}" if number else word):
                    return
        finally:
            self.running -= 1

    def close(self) -> None:
        assert not self.running
        self.closed = True


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> type[FakeGpt4All]:
    """The package gpt4all with a scripted class."""
    kind = type("Scripted", (FakeGpt4All,), {"made": []})
    module = ModuleType("gpt4all")
    module.GPT4All = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gpt4all", module)
    return kind


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF" + bytes(64))
    return file


@asynccontextmanager
async def hosted(model: Path, **options: Any) -> AsyncGenerator[Host, None]:
    host = Host(Gpt4AllOptions(**options), "<|im_start|>%1<|im_end|>", cores=2, nice=0)
    await asyncio.to_thread(host.load, model)
    try:
        yield host
    finally:
        await host.close()


def messages(*texts: str) -> list[dict[str, Any]]:
    roles = ("user", "assistant")
    turns = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
    return [{"role": "system", "content": "Be kind."}, *turns]


async def answer(host: Host, *texts: str) -> str:
    async with aclosing(host.answer(messages(*texts), None)) as pieces:
        return "".join([piece async for piece in pieces])


async def test_a_conversation_is_computed_once(package: type[FakeGpt4All], model: Path) -> None:
    async with hosted(model) as host:
        assert await answer(host, "Hi\n[Now: Monday.]") == "one two three"
        assert await answer(host, "Hi", "one two three", "More\n[Now: Monday.]")
        (made,) = package.made
        assert [asked for asked, _ in made.asked] == ["Hi\n[Now: Monday.]", "More\n[Now: Monday.]"]
        assert len(made.sessions) == 1
        # another history, as when an answer was interrupted: it is computed again
        assert await answer(host, "Hi", "one", "More")
        system, template = made.sessions[1]
        assert "Be kind." in system
        assert system.endswith("<|im_start|>Hi<|im_end|>one<|im_end|>\n")
        assert "{0}" in template
    assert made.keywords["allow_download"] is False
    assert made.threads == 2
    assert made.closed


async def test_closing_an_answer_stops_it_and_the_next_one_waits(
    package: type[FakeGpt4All], model: Path
) -> None:
    package.words = "word " * 500
    async with hosted(model) as host:
        before = threading.active_count()
        for _ in range(20):
            async with aclosing(host.answer(messages("Go"), None)) as pieces:
                async for _piece in pieces:
                    break
        async with asyncio.TaskGroup() as tasks:
            package.words = "one two"
            both = [tasks.create_task(answer(host, f"Say {n}")) for n in range(2)]
        assert [task.result() for task in both] == ["one two"] * 2
        assert threading.active_count() <= before + 1
        assert package.made[0].most == 1


async def test_the_model_is_not_freed_during_an_answer_whose_reader_was_cancelled_twice(
    package: type[FakeGpt4All], model: Path
) -> None:
    """The package ends the process then; its scripted class raises in `close`."""
    package.pause = 0.2
    async with hosted(model) as host:
        reading = asyncio.create_task(answer(host, "Go"))
        while not (package.made and package.made[0].running):
            await asyncio.sleep(0.005)
        for _ in range(2):
            reading.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([reading])
        assert package.made[0].running
    assert package.made[0].closed


async def test_errors_are_in_words(package: type[FakeGpt4All], model: Path) -> None:
    async with hosted(model) as host:
        with pytest.raises(EngineFailed, match="the prompt is too long"):
            await answer(host, "fail")
        assert await answer(host, "Hi") == "one two three"
    with pytest.raises(EngineClosed):
        await answer(host, "Hi")


def test_a_newer_model_is_reported_with_another_way(
    package: type[FakeGpt4All], model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    package.fails = RuntimeError("Unable to instantiate model")
    host = Host(Gpt4AllOptions(), "", cores=2, nice=0)
    with pytest.raises(EngineFailed, match=r"unknown pre-tokenizer type.*newer.*--llm llamacpp:/"):
        host.load(model)
    assert "cuda" not in capfd.readouterr().err


def test_a_machine_without_a_wheel_is_named_with_another_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert available("linux", "x86_64")
    assert available("darwin", "arm64")
    assert available("win32", "AMD64")
    assert not available("linux", "aarch64")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert "use llamacpp" in str(Gpt4AllPackage().missing())


async def test_a_missing_model_names_the_command(
    package: type[FakeGpt4All], tmp_path: Path
) -> None:
    engine = Gpt4All(Gpt4AllOptions(model=str(tmp_path / "none.gguf")))
    with pytest.raises(ModelMissing, match="no such file"):
        await engine.load()


def test_a_prompt_of_short_tokens_fits() -> None:
    """The package counts none: a long history of numbers or Chinese has 2 characters a token."""
    for options in (Gpt4AllOptions(), Gpt4AllOptions(n_ctx=512, max_tokens=400)):
        assert options.prompt_tokens * 3 / 2 <= max(options.n_ctx - options.max_tokens, 256)


SAMPLE = LlmSample(text="Tell me a story.", other="And another one.", patience=120.0)


@asynccontextmanager
async def here(longest: int = 4) -> AsyncGenerator[Any, None]:
    file = str(real_model("qwen2.5-coder-0.5b") / "model.gguf")
    # two threads wait for each other on a busy machine, and a long system prompt takes a second
    chosen = Gpt4AllOptions(
        model=file,
        system="Be brief.",
        n_ctx=512,
        n_threads=1,
        max_tokens=longest,
        local_first=False,
    )
    async with fresh(lambda: Gpt4All(chosen))() as engine:
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


@real
@pytest.mark.timeout(400)
@pytest.mark.parametrize("place", [here, there])
@pytest.mark.parametrize("check", CHECKS["llm"], ids=[check.name for check in CHECKS["llm"]])
async def test_gpt4all_conforms(check: Check, place: Any) -> None:
    await check.run(place, SAMPLE)


@real
@pytest.mark.timeout(400)
async def test_a_real_model_answers_and_remembers() -> None:
    async with here(longest=12) as engine:
        history: list[Message] = []
        for text in ("My name is Anna. What is the capital of France?", "What is my name?"):
            request = ReplyRequest(text=text, history=tuple(history))
            said = "".join([part async for part in engine.reply(request) if isinstance(part, str)])
            history += [Message(role="user", text=text), Message(role="assistant", text=said)]
        assert "Paris" in history[1].text
        assert "Anna" in history[3].text


@real
def test_a_real_model_that_is_too_new_is_reported() -> None:
    host = Host(Gpt4AllOptions(), "", cores=2, nice=0)
    with pytest.raises(EngineFailed, match="newer than GPT4All"):
        host.load(real_model("smollm2-135m") / "model.gguf")
