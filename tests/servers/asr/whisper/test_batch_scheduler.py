"""Tasks for the model: the oldest first, batched where possible, removed on cancellation."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from satellite.errors import EngineClosed, EngineFailed
from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Decoded, Encoded, Model, Search
from servers.caller import CALLER, Caller
from tests.support.peers import until

NOTHING = np.zeros(32000, np.float32)
ONE = Machine("cpu", "int8", threads=1, workers=1)
TWO = Machine("cpu", "int8", threads=1, workers=2)


class Gate:
    """Occupies a thread until it is opened."""

    def __init__(self, batches: BatchScheduler) -> None:
        self._open = threading.Event()
        self._begun = threading.Event()
        self.call = asyncio.ensure_future(batches.call(self._wait))

    def _wait(self) -> None:
        self._begun.set()
        self._open.wait(10)

    async def begun(self) -> None:
        await until(self._begun.is_set)

    @property
    def has_begun(self) -> bool:
        return self._begun.is_set()

    async def open(self) -> None:
        self._open.set()
        await self.call


class Watched:
    """The real model, with a record of the sizes of all batches."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.vocabulary = model.vocabulary
        self.sizes: list[int] = []

    def generate(self, encoded: Any, *arguments: Any) -> list[Decoded]:
        self.sizes.append(len(encoded))
        return self.model.generate(encoded, *arguments)


@pytest.fixture
def watched(model: Model) -> Watched:
    return Watched(model)


def decoding(
    batches: BatchScheduler, model: Model, frames: int = 600, beam: int = 1
) -> Callable[[], Any]:
    encoded: Encoded = model.encode(NOTHING, frames)
    prompt = model.vocabulary.start("en", "transcribe")
    return lambda: batches.generate(encoded, prompt, Search(beam_size=beam), 50)


async def test_a_lone_text_is_decoded_at_once(watched: Watched) -> None:
    batches = BatchScheduler(watched, ONE)  # type: ignore[arg-type]
    assert (await decoding(batches, watched.model)()).ended
    assert watched.sizes == [1]
    assert batches.idle
    await batches.close()


async def test_waiting_texts_of_one_kind_are_decoded_in_a_batch(
    watched: Watched,
) -> None:
    batches = BatchScheduler(watched, ONE)  # type: ignore[arg-type]
    gate = Gate(batches)
    await gate.begun()
    assert not batches.idle
    makes = [decoding(batches, watched.model)] * (ONE.batch + 2)
    makes += [
        decoding(batches, watched.model, frames=700),
        decoding(batches, watched.model, 600, 2),
    ]
    async with asyncio.TaskGroup() as tasks:
        for make in makes:
            tasks.create_task(make())
        await asyncio.sleep(0)
        await gate.open()
    assert watched.sizes == [ONE.batch, 2, 1, 1]
    await batches.close()


async def test_a_cancelled_waiting_task_is_removed(model: Model) -> None:
    batches = BatchScheduler(model, ONE)
    gate = Gate(batches)
    await gate.begun()
    encoded = np.zeros((1, 300, 64), np.float32)
    held = weakref.ref(encoded)
    prompt = model.vocabulary.start("en", "transcribe")
    call = asyncio.ensure_future(batches.generate(encoded, prompt, Search(), 50))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    del encoded, call
    gc.collect()
    assert held() is None
    await gate.open()
    await until(lambda: batches.idle)
    await batches.close()


async def test_half_of_the_workers_encode_and_the_others_decode(watched: Watched) -> None:
    batches = BatchScheduler(watched, TWO)  # type: ignore[arg-type]
    first, second = Gate(batches), Gate(batches)
    await first.begun()
    await decoding(batches, watched.model)()
    assert not second.has_begun, "two windows at once need twice the memory"
    await first.open()
    await second.begun()
    await second.open()
    await batches.close()


async def test_a_cancelled_encoding_leaves_its_place(batches: BatchScheduler) -> None:
    gate = Gate(batches)
    await gate.begun()
    calls = [asyncio.ensure_future(batches.call(lambda: None)) for _ in range(3)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await gate.open()
    assert await batches.call(lambda: 7) == 7


async def test_windows_go_on_when_the_text_that_waited_for_them_is_cancelled(model: Model) -> None:
    batches = BatchScheduler(model, ONE)
    first = Gate(batches)
    await first.begun()
    text = asyncio.ensure_future(decoding(batches, model)())
    windows = [Gate(batches) for _ in range(3)]
    await first.open()
    await windows[0].open()
    await windows[1].begun()  # the text would be next
    text.cancel()
    await windows[1].open()
    async with asyncio.timeout(10):
        await windows[2].open()
    await batches.close()


async def test_close_finishes_running_tasks_and_refuses_waiting_ones(model: Model) -> None:
    batches = BatchScheduler(model, ONE)
    gate = Gate(batches)
    await gate.begun()
    waiting = asyncio.ensure_future(batches.call(lambda: 1))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(batches.close())
    with pytest.raises(EngineClosed):
        await waiting
    await gate.open()
    await closing
    await batches.close()
    with pytest.raises(EngineClosed):
        await batches.call(lambda: 1)


async def test_a_failure_reaches_only_its_own_callers(
    batches: BatchScheduler,
) -> None:
    def fail() -> None:
        raise RuntimeError("CUDA failed with error out of memory")

    with pytest.raises(EngineFailed, match="out of memory"):
        await batches.call(fail)
    assert await batches.call(lambda: 7) == 7


async def test_memory_is_returned_once_after_an_idle_time(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    returned: list[str] = []
    monkeypatch.setattr(
        "servers.asr.whisper.batch_scheduler.give_back",
        lambda: returned.append(threading.current_thread().name),
    )
    batches = BatchScheduler(watched, TWO, idle_trim=0.01)  # type: ignore[arg-type]
    try:
        for turn in (1, 2):
            await batches.call(lambda: None)
            await until(lambda turn=turn: len(returned) == turn)  # type: ignore[misc]
            await asyncio.sleep(0.05)
        assert len(returned) == 2
        assert all(name.startswith("whisper-") for name in returned)
        await until(lambda: batches.idle)
    finally:
        await batches.close()


async def test_addresses_take_turns(watched: Watched) -> None:
    batches = BatchScheduler(watched, ONE)  # type: ignore[arg-type]
    gate = Gate(batches)
    await gate.begun()
    order: list[str] = []

    async def ask(address: str) -> None:
        CALLER.set(Caller(address))
        await batches.call(order.append, address)

    asked = [asyncio.create_task(ask(a)) for a in ("10.0.0.1",) * 4 + ("10.0.0.2",) * 2]
    await asyncio.sleep(0.05)
    await gate.open()
    await asyncio.gather(*asked)
    assert order[:4] == ["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"]
    await batches.close()


async def test_memory_is_returned_in_a_short_pause_of_long_work(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    returned: list[bool] = []
    scheduler = "servers.asr.whisper.batch_scheduler"
    monkeypatch.setattr(f"{scheduler}.give_back", lambda: returned.append(True))
    monkeypatch.setattr(f"{scheduler}.BUSY", 0.5)
    monkeypatch.setattr(f"{scheduler}.PAUSE", 0.05)
    batches = BatchScheduler(watched, ONE)  # type: ignore[arg-type]
    try:
        await batches.call(lambda: None)
        await asyncio.sleep(0.2)
        assert not returned, "a question is often followed by another"
        await asyncio.sleep(0.4)
        await batches.call(lambda: None)
        await until(lambda: returned)
    finally:
        await batches.close()
