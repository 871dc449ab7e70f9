"""What engines that listen (asr, wake) promise of their input."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from typing import Any

import msgspec

from satellite.conformance.check import (
    Case,
    Check,
    Make,
    Wrong,
    answer,
    collect,
    expect,
    loaded,
    within,
)
from satellite.conformance.feeding import CHUNK, InputFailed, feed, feed_and_fail, feed_uneven

SIZES = (160, CHUNK + 640, 64_000)
"""Bytes of a chunk: 5 ms, one that fits no power of two, 2 s; all at once comes beside them."""

Ask = Callable[[Any, AsyncIterator[bytes]], AsyncGenerator[Any, None]]
"""Ask an engine about some audio."""


class Listening(msgspec.Struct, frozen=True):
    """What a role gives to these checks."""

    ask: Ask
    judge: Callable[[list[Any], Any], None]
    """Look at an answer to a sample's audio. Raises `Wrong`."""
    same: Callable[[list[Any], list[Any]], bool]
    """Whether two answers say the same."""


def listening_checks(role: Listening) -> tuple[Check, ...]:
    """The checks of an engine that listens."""
    return (
        Check(
            "takes-any-chunk-size",
            "The result does not depend on the size of chunks.",
            partial(_any_size, role),
        ),
        Check(
            "takes-uneven-chunks",
            "Chunks of mixed sizes, empty ones, and chunks that split a sample change nothing.",
            partial(_uneven, role),
        ),
        Check(
            "passes-on-errors-of-its-input",
            "What its input raises comes out as it is, and the next call works.",
            partial(_failing, role),
        ),
    )


async def _same(
    role: Listening, make: Make, sample: Any, feeds: dict[str, Callable[[], Any]]
) -> None:
    usual = feeds | {"chunks of 64 ms": lambda: feed(sample.audio)}
    async with loaded(make, sample.patience) as engine:
        results = {}
        for name, make_feed in usual.items():
            case = Case(
                lambda engine, make_feed=make_feed: role.ask(engine, make_feed()),  # type: ignore[misc]
                lambda items: role.judge(items, sample),
            )
            what = f"the same sound in {name}"
            results[name] = await answer(engine, case, sample.patience, what)
    first = results["chunks of 64 ms"]
    for name, items in results.items():
        expect(role.same(first, items), f"{name} make {items} of what else is {first}")


async def _any_size(role: Listening, make: Make, sample: Any) -> None:
    whole = len(sample.audio)
    await _same(
        role,
        make,
        sample,
        {
            f"chunks of {size} bytes": lambda size=size: feed(sample.audio, size)  # type: ignore[misc]
            for size in (*SIZES, whole)
        },
    )


async def _uneven(role: Listening, make: Make, sample: Any) -> None:
    await _same(role, make, sample, {"uneven chunks": lambda: feed_uneven(sample.audio)})


async def _failing(role: Listening, make: Make, sample: Any) -> None:
    async with loaded(make, sample.patience) as engine:
        error = InputFailed("the microphone failed")
        case = Case(lambda engine: role.ask(engine, feed_and_fail(sample.audio, error)))
        what = "a call whose input raised"
        try:
            await within(sample.patience, collect(engine, case), what)
        except Wrong as wrong:
            if wrong.__cause__ is not error:
                raise
        except Exception as other:
            raise Wrong(f"{what} raised {type(other).__name__} instead: {other}") from other
        else:
            raise Wrong(f"{what} ended as if nothing had happened")
        usual = Case(
            lambda engine: role.ask(engine, feed(sample.audio)),
            lambda items: role.judge(items, sample),
        )
        await answer(engine, usual, sample.patience, "the next call")
