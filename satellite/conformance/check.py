"""A check: one promise of a protocol, held against an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from typing import Any, TypeVar

import msgspec

from satellite.errors import DeviceError, EngineError, PackageMissing, WireError

T = TypeVar("T")

ALLOWED = (EngineError, PackageMissing, WireError)
"""What may come out of an engine's method."""

Make = Callable[[], AbstractAsyncContextManager[Any]]
"""Makes a fresh engine, not yet loaded, that is closed at the end of the block."""

Promise = Callable[[Make, Any], Awaitable[None]]
"""A check's function: its docstring is the promise."""


class Wrong(Exception):
    """What a check found; becomes `NotConforming`, with the check's name."""


class NotConforming(AssertionError):
    """The engine breaks a promise of its protocol; `check` names it, `why` says how."""

    def __init__(self, check: str, why: str) -> None:
        self.check = check
        self.why = why
        super().__init__(f"{check}: {why}")


class Check(msgspec.Struct, frozen=True):
    """One promise."""

    name: str
    promise: str
    function: Callable[[Make, Any], Awaitable[None]]

    async def run(self, make: Make, sample: Any) -> None:
        """Hold an engine to the promise.

        Raises `NotConforming`, or the `PackageMissing`, `EngineError` or `DeviceError` for which it
        cannot be loaded or opened.
        """
        try:
            await self.function(make, sample)
        except Wrong as wrong:
            raise NotConforming(self.name, str(wrong)) from wrong
        except (*ALLOWED, DeviceError):
            raise
        except Exception as error:
            raise NotConforming(self.name, f"raised {_named(error)}") from error


def checks_of(*promises: Promise) -> tuple[Check, ...]:
    """Return the checks of some promises, named after their functions."""
    return tuple(
        Check(
            promise.__name__.strip("_").replace("_", "-"),
            (promise.__doc__ or "").strip(),
            promise,
        )
        for promise in promises
    )


class Case(msgspec.Struct, frozen=True):
    """A request, and the judgement of its answer."""

    start: Callable[[Any], AsyncGenerator[Any, None]]
    """Ask an engine."""
    judge: Callable[[list[Any]], None] = lambda items: None
    """Look at everything it yielded. Raises `Wrong`."""


def expect(condition: object, why: str) -> None:
    """Raise `Wrong` unless the condition holds."""
    if not condition:
        raise Wrong(why)


def fresh(construct: Callable[[], Any]) -> Make:
    """A `Make` of a function that constructs an engine, or a vad, which has no `close`."""

    async def close(engine: Any) -> None:
        if hasattr(engine, "close"):
            await engine.close()

    @asynccontextmanager
    async def make() -> AsyncIterator[Any]:
        engine = construct()
        try:
            yield engine
        except BaseException:
            with suppress(Exception):  # what the check has found counts, not how closing fails
                await close(engine)
            raise
        await close(engine)

    return make


@asynccontextmanager
async def loaded(make: Make, seconds: float) -> AsyncIterator[Any]:
    """A fresh engine that has loaded."""
    async with make() as engine:
        await within(seconds, engine.load(), "load")
        yield engine


async def within(seconds: float, doing: Coroutine[Any, Any, T], what: str) -> T:
    """Await something that must end in time, even if it ignores that it is cancelled.

    Raises `Wrong` when it does not, or when what it raises is no error an engine may raise.
    """
    task = asyncio.create_task(doing)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if late := not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=1)  # to clean up; the verdict is clear already
    if late:
        raise Wrong(f"{what} did not end within {seconds:g} s")
    try:
        return task.result()
    except (Wrong, *ALLOWED):
        raise
    except asyncio.CancelledError:
        raise Wrong(f"{what} was cancelled by itself") from None
    except Exception as error:
        raise Wrong(f"{what} raised {_named(error)}") from error


async def collect(engine: Any, case: Case) -> list[Any]:
    """Ask, and return everything that is answered."""
    async with aclosing(case.start(engine)) as answers:
        return [item async for item in answers]


async def answer(engine: Any, case: Case, seconds: float, what: str = "a call") -> list[Any]:
    """Ask, judge the answer, and return it. Raises `Wrong`."""
    try:
        items = await within(seconds, collect(engine, case), what)
    except ALLOWED as error:
        raise Wrong(f"{what} raised {_named(error)}") from error
    try:
        case.judge(items)
    except Wrong as wrong:
        raise Wrong(f"{what}: {wrong}") from wrong
    return items


async def answer_or_error(engine: Any, case: Case, seconds: float, what: str) -> list[Any] | None:
    """As `answer`, but an error of the right kind is as good: None then."""
    try:
        items = await within(seconds, collect(engine, case), what)
    except ALLOWED:
        return None
    case.judge(items)
    return items


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
