"""The promises of a hook."""

from __future__ import annotations

import asyncio
import typing
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from satellite import events
from satellite.conformance.check import Check, Make, checks_of, expect, within
from satellite.conformance.drive import longest_gap, settle

GAP = 0.25
"""Longest time in seconds that an event may block the event loop, as for engines."""


class HookSample(msgspec.Struct, frozen=True):
    """Patience alone: a hook receives one event of every kind."""

    patience: float = 5.0
    """Seconds for one call; the satellite gives a hook as long for one event."""


def every_event() -> list[events.Event]:
    """Return one event of every kind."""
    kinds = [kind for kind in vars(events).values() if _is_event(kind)]
    return [kind(**_required_fields(kind)) for kind in kinds]


def _is_event(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, events.Event) and value != events.Event


def _required_fields(kind: type[events.Event]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = msgspec.structs.fields(kind)
    return {field.name: _example(hints[field.name]) for field in fields if field.required}


def _example(hint: Any) -> Any:
    """Return a value of a field's type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return arguments[0]
    if origin is tuple:
        return (_example(arguments[0]),)
    if origin is dict:
        return {_example(arguments[0]): _example(arguments[1])}
    if origin is not None:  # a union
        return _example(arguments[0])
    return {str: "example", int: 1, float: 1.0, bool: True}[hint]


@asynccontextmanager
async def _started(make: Make, seconds: float) -> AsyncGenerator[Any, None]:
    async with make() as hook:
        await within(seconds, hook.start(), "start")
        yield hook


async def _handles_every_event(make: Make, sample: Any) -> None:
    """It handles an event of every kind in time, without an error."""
    async with _started(make, sample.patience) as hook:
        for event in every_event():
            await within(sample.patience, hook.handle(event), f"handle({event.kind})")


async def _stops_handling(make: Make, sample: Any) -> None:
    """A call that is cancelled ends and leaves no task; the next event is handled."""
    async with _started(make, sample.patience) as hook:
        before = asyncio.all_tasks()
        first, second, *_ = every_event()
        handling = asyncio.create_task(hook.handle(first))
        await asyncio.sleep(0)
        handling.cancel()
        done, _ = await asyncio.wait({handling}, timeout=sample.patience)
        expect(done, "a cancelled call did not end")
        await settle(before, "a cancelled call")
        await within(sample.patience, hook.handle(second), "the next event")


async def _closes_twice(make: Make, sample: Any) -> None:
    """Closing is idempotent, whether the hook was started or not."""
    async with make() as hook:
        await within(sample.patience, hook.close(), "close before start")
    async with _started(make, sample.patience) as hook:
        for number in ("first", "second"):
            await within(sample.patience, hook.close(), f"the {number} close")


async def _leaves_the_loop_free(make: Make, sample: Any) -> None:
    """An event blocks the event loop for at most 0.25 s."""

    async def handle_all() -> None:
        for event in every_event():
            await hook.handle(event)

    async with _started(make, sample.patience) as hook:
        gap = await longest_gap(handle_all(), sample.patience * len(every_event()))
        expect(gap <= GAP, f"handling events blocked the event loop for {gap:.2f} s")


HOOK_CHECKS: tuple[Check, ...] = checks_of(
    _handles_every_event, _stops_handling, _closes_twice, _leaves_the_loop_free
)
