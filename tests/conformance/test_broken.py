"""Each check of the kit fails for an engine that breaks just its promise, and says why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from satellite.conformance import CHECKS, NotConforming, fresh
from tests.conformance import broken
from tests.conformance.broken_devices import BROKEN_DEVICES
from tests.conformance.broken_order import ORDER
from tests.conformance.broken_vad import BROKEN_VADS
from tests.conformance.engines import SAMPLES

BROKEN: list[tuple[str, Any, str, str]] = [
    ("tts", broken.LoadsOnce, "loads-twice", "the second load raised RuntimeError: loaded already"),
    ("tts", broken.Nameless, "describes-itself", "gives no name"),
    ("tts", broken.WithoutModels, "describes-itself", "names no model"),
    ("tts", broken.OnlyOnce, "answers-rightly", "the second call raised EngineFailed: used up"),
    ("llm", broken.FailsOnEmpty, "takes-empty-input", "an empty request raised IndexError"),
    ("llm", broken.EndsNever, "takes-long-input", "did not end within 2 s"),
    ("llm", broken.RaisesAnything, "raises-only-engine-errors", "raised UnicodeEncodeError"),
    ("asr", broken.MixesCalls, "keeps-calls-apart", "instead of"),
    (
        "tts",
        broken.Swallows,
        "stops-at-any-await",
        "cancelled at its 1. await, a call went on to its end",
    ),
    (
        "tts",
        broken.StaysBusy,
        "stops-at-any-await",
        "after one cancelled at 1, raised EngineFailed",
    ),
    ("tts", broken.LeavesTask, "stops-at-any-await", "left tasks behind: ['sleep']"),
    ("tts", broken.StaysBusy, "stops-after-any-item", "after a call closed after 1 items"),
    ("tts", broken.LeavesTask, "stops-after-any-item", "left tasks behind"),
    ("tts", broken.Blocks, "leaves-the-loop-free", "kept the event loop for 0."),
    ("tts", broken.ClosesOnce, "closes-twice", "the second close, unloaded, raised RuntimeError"),
    ("tts", broken.NeverClosed, "is-closed-when-closed", "a call after close was answered"),
    ("tts", broken.HangsUnderClose, "closes-under-a-call", "did not end within 2 s"),
    ("tts", broken.RaisesUnderClose, "closes-under-a-call", "raised AttributeError"),
    ("asr", broken.DropsRest, "takes-any-chunk-size", "chunks of 160 bytes"),
    ("wake", broken.SplitsSamples, "takes-uneven-chunks", "raised EngineFailed: not whole samples"),
    ("wake", broken.SwallowsInput, "passes-on-errors-of-its-input", "as if nothing had happened"),
    ("asr", broken.WrapsInput, "passes-on-errors-of-its-input", "raised EngineFailed instead"),
    ("wake", broken.HidesWord, "hears-the-words-asked-for", "raised EngineFailed: words cannot be"),
    *ORDER,
    *BROKEN_DEVICES,
    *BROKEN_VADS,
]


@pytest.mark.parametrize(
    ("role", "kind", "name", "words"),
    BROKEN,
    ids=[f"{kind.__name__}-{name}" for _, kind, name, _ in BROKEN],
)
async def test_a_broken_promise_is_found(role: str, kind: Any, name: str, words: str) -> None:
    check = next(check for check in CHECKS[role] if check.name == name)
    with pytest.raises(NotConforming) as found:
        await check.run(fresh(kind), SAMPLES[role])
    left = asyncio.all_tasks() - {asyncio.current_task()}  # what a broken engine leaves behind
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    assert found.value.check == name
    assert words in str(found.value)


def test_every_check_is_broken_by_some_engine() -> None:
    broken = {name for _, _, name, _ in BROKEN}
    assert broken == {check.name for checks in CHECKS.values() for check in checks}
