"""Addresses share the processors: who has computed the least comes first, over all engines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from satellite.lib.worker import Worker
from servers.asr.batches import Batches
from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.machine import Machine
from servers.caller import CALLER, Caller
from servers.processor_shares import LINGER, MOST, RECENT, SLACK, ProcessorShares
from servers.tts.scheduler import Scheduler

Call = Callable[[Callable[[], Any]], Awaitable[Any]]
STRANGER, ORDINARY = "192.0.2.66", "192.0.2.1"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Processors:
    """Shares in which a stranger has computed all the time and the ordinary client a moment."""

    def __init__(self, cores: int = 2) -> None:
        self.clock = Clock()
        self.shares = ProcessorShares(cores, self.clock)
        self.compute(ORDINARY, 0.1)
        self.compute(STRANGER, 30.0)

    def compute(self, address: str, seconds: float) -> None:
        pieces = [self.shares.piece(address) for _ in range(3)]
        for piece in pieces:
            piece.begin()
        self.clock.now += seconds
        for piece in pieces:
            piece.end()


def test_an_address_that_is_alone_has_all_to_itself() -> None:
    processors = ProcessorShares(2)
    pieces = [processors.piece(STRANGER) for _ in range(5)]
    for piece in pieces:
        assert piece.may_begin()
        piece.begin()


def test_addresses_of_about_equal_use_are_not_held_back() -> None:
    clock = Clock()
    processors = ProcessorShares(2, clock)
    pieces = {address: processors.piece(address) for address in (ORDINARY, STRANGER)}
    for piece in pieces.values():
        piece.begin()
    clock.now += 10.0
    pieces[ORDINARY].end()
    clock.now += SLACK / 2
    pieces[STRANGER].end()
    first, second = processors.piece(STRANGER), processors.piece(ORDINARY)
    first.begin()
    assert second.may_begin()
    assert processors.piece(STRANGER).may_begin()


def test_who_has_computed_more_waits_for_all_pieces_of_a_request_of_another() -> None:
    processors = Processors()
    theirs = processors.shares.piece(STRANGER)
    assert theirs.may_begin()
    for _ in range(3):
        mine = processors.shares.piece(ORDINARY)
        assert not theirs.may_begin()
        assert mine.may_begin()
        mine.begin()
        assert not theirs.may_begin()
        mine.end()
        assert not theirs.may_begin(), "the next piece of the same request is about to come"
    processors.clock.now += 2 * LINGER
    assert theirs.may_begin()


def test_a_piece_that_is_given_up_holds_no_other_back() -> None:
    processors = Processors()
    theirs, mine = processors.shares.piece(STRANGER), processors.shares.piece(ORDINARY)
    mine.end()
    mine.end()
    mine.begin()
    processors.clock.now += 2 * LINGER
    assert theirs.may_begin()


def test_who_has_computed_more_begins_one_piece_at_a_time_as_long_as_others_may_come() -> None:
    processors = Processors()
    first, second = processors.shares.piece(STRANGER), processors.shares.piece(STRANGER)
    assert first.may_begin()
    first.begin()
    assert not second.may_begin()
    first.end()
    assert second.may_begin()
    second.begin()
    processors.clock.now += RECENT
    assert processors.shares.piece(STRANGER).may_begin()


def test_cores_that_another_leaves_are_used() -> None:
    processors = Processors(cores=8)
    mine, theirs = processors.shares.piece(ORDINARY), processors.shares.piece(STRANGER)
    mine.begin()
    assert theirs.may_begin()
    theirs.begin()
    assert not processors.shares.piece(STRANGER).may_begin()


def test_a_newcomer_does_not_come_before_who_keeps_to_its_share() -> None:
    processors = ProcessorShares(2, clock := Clock())
    for _ in range(100):
        piece = processors.piece(ORDINARY)
        piece.begin()
        clock.now += 0.4
        piece.end()
        clock.now += 0.6
        assert processors.piece(ORDINARY).may_begin()
    processors.piece(STRANGER).begin()
    assert processors.piece(ORDINARY).may_begin()


def test_what_was_computed_long_ago_is_forgotten() -> None:
    processors = Processors()
    processors.clock.now += 200.0
    processors.shares.piece(ORDINARY)
    assert processors.shares.piece(STRANGER).may_begin()


def test_the_addresses_that_are_known_are_bounded() -> None:
    processors = Processors()
    for number in range(MOST):
        processors.compute(f"2001:db8::{number:x}", 0.0)
    theirs = processors.shares.piece(STRANGER)
    assert theirs.may_begin(), "what it had computed is forgotten"


async def synthesis(processors: ProcessorShares) -> tuple[Call, Callable[[], Awaitable[None]]]:
    scheduler = Scheduler("test", 1, processors=processors)
    return lambda work: scheduler.call(None, work), scheduler.close


async def recognition(processors: ProcessorShares) -> tuple[Call, Callable[[], Awaitable[None]]]:
    machine = Machine("cpu", "int8", threads=1, workers=2)
    batches = BatchScheduler(None, machine, processors=processors)  # type: ignore[arg-type]
    return batches.call, batches.close


async def recognition_in_batches(
    processors: ProcessorShares,
) -> tuple[Call, Callable[[], Awaitable[None]]]:
    """As sherpa-onnx and PocketSphinx do."""
    worker = Worker("test")
    batches: Batches[Callable[[], Any], Any] = Batches(
        worker, lambda works: [work() for work in works], 2, processors
    )
    return batches.run, worker.close


@pytest.mark.parametrize("engine", [synthesis, recognition, recognition_in_batches])
async def test_an_ordinary_request_waits_for_one_piece_of_a_stranger_and_no_more(
    engine: Callable[[ProcessorShares], Awaitable[tuple[Call, Callable[[], Awaitable[None]]]]],
) -> None:
    """The pieces of one engine in the order in which they are worked on."""
    processors, order, go = Processors(), list[str](), threading.Event()
    call, close = await engine(processors.shares)

    async def stranger(number: int) -> None:
        CALLER.set(Caller(STRANGER))

        def work() -> None:
            order.append(f"theirs {number}")
            go.wait(10)

        await call(work)

    async def ordinary() -> None:
        CALLER.set(Caller(ORDINARY))
        for number in range(4):
            await call(lambda number=number: order.append(f"mine {number}"))  # type: ignore[misc]
        processors.clock.now += 2 * LINGER

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for number in range(3):
            tasks.create_task(stranger(number))
        while not order:
            await asyncio.sleep(0.001)
        tasks.create_task(ordinary())
        await asyncio.sleep(0)
        go.set()
    mine = [f"mine {number}" for number in range(4)]
    assert order == ["theirs 0", *mine, "theirs 1", "theirs 2"]
    await close()


async def test_an_engine_waits_for_a_request_of_another_engine() -> None:
    processors, order = Processors(), list[str]()
    speak, close_speech = await synthesis(processors.shares)
    hear, close_hearing = await recognition(processors.shares)
    begun, go = threading.Event(), threading.Event()

    async def stranger() -> None:
        CALLER.set(Caller(STRANGER))
        await hear(lambda: order.append("theirs"))

    async def ordinary() -> None:
        CALLER.set(Caller(ORDINARY))

        def first() -> None:
            begun.set()
            go.wait(10)
            order.append("mine 0")

        await speak(first)
        await speak(lambda: order.append("mine 1"))
        processors.clock.now += 2 * LINGER

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(ordinary())
        while not begun.is_set():
            await asyncio.sleep(0.001)
        tasks.create_task(stranger())
        await asyncio.sleep(0)
        go.set()
    assert order == ["mine 0", "mine 1", "theirs"]
    await close_speech()
    await close_hearing()
