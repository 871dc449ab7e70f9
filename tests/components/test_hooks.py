"""A hook is told every event in order; when it fails or hangs, nothing else notices."""

from __future__ import annotations

import asyncio
import logging

import pytest

from satellite import events
from satellite.components import hooks
from satellite.events import Event
from satellite.lib.bus import Bus


class Notebook:
    """A hook that writes events down; fails at or hangs on those of some kinds."""

    def __init__(self, fails: str = "", hangs: str = "", start: Exception | None = None) -> None:
        self.seen: list[str] = []
        self.closed = 0
        self._fails = fails
        self._hangs = hangs
        self._start = start

    async def start(self) -> None:
        if self._start is not None:
            raise self._start

    async def handle(self, event: Event) -> None:
        self.seen.append(event.kind)
        if event.kind == self._fails:
            raise ZeroDivisionError("a hook's mistake")
        if event.kind == self._hangs:
            await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed += 1


async def told(hook: Notebook, *happened: Event) -> None:
    """Run a hook while something happens, to the end."""
    bus = Bus()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(hooks.run_hook("test", hook, bus))
        await asyncio.sleep(0)
        for event in happened:
            bus.publish(event)
        bus.end()


STORY = (events.AudioStart(), events.AudioEnd(), events.Mute(muted=True))
KINDS = ["audio_start", "audio_end", "mute"]


async def test_a_hook_receives_every_event_in_order() -> None:
    hook = Notebook()
    await told(hook, *STORY)
    assert (hook.seen, hook.closed) == (KINDS, 1)


@pytest.mark.parametrize("trouble", ["fails", "hangs"])
async def test_a_hook_receives_later_events_after_a_failure(
    trouble: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hooks, "PATIENCE", 0.01)
    hook = Notebook(**{trouble: "audio_end"})
    with caplog.at_level(logging.WARNING):
        await told(hook, *STORY)
    assert (hook.seen, hook.closed) == (KINDS, 1)
    assert "hook test failed at audio_end" in caplog.text


async def test_a_hook_that_cannot_start_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    hook = Notebook(start=OSError("no lamp"))
    with caplog.at_level(logging.WARNING):
        await told(hook, *STORY)
    assert (hook.seen, hook.closed) == ([], 1)
    assert "no lamp" in caplog.text
