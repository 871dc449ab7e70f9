"""A source that can wait, such as a file, loses nothing to a wake engine that is slower than it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from satellite.values import Detection, DetectRequest
from tests.listening.test_listener import SILENCE, VOICE, Ears, FailingWake, sound
from tests.support.engines import ScriptedWake

REQUEST = sound((VOICE, 1.0))
SAID = sound((SILENCE, 12.0)) + REQUEST + sound((SILENCE, 2.0))


class SlowWake(ScriptedWake):
    """Takes many times as long for a chunk as its source."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        async def slowly() -> AsyncGenerator[bytes, None]:
            async for piece in audio:
                for _ in range(40):
                    await asyncio.sleep(0)
                yield piece

        async with aclosing(super().detect(slowly(), request)) as detections:
            async for detection in detections:
                yield detection


class StuckWake(ScriptedWake):
    """Reads nothing."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        await asyncio.Event().wait()
        yield Detection(word="never", score=1.0, sample=0)


async def test_a_slow_wake_engine_hears_every_sample() -> None:
    wake = SlowWake([12 * 16000])
    ears = Ears(SAID, wake, waits=True)
    (heard,) = await ears.listen()
    assert REQUEST in heard
    assert [event.kind for event in ears.events] == ["speech_start", "speech_end"]
    assert wake.samples >= len(SAID) // 2


async def test_a_source_that_cannot_wait_loses_sound_to_it() -> None:
    ears = Ears(SAID, wake := SlowWake([12 * 16000]))
    await ears.listen()
    assert wake.samples < len(SAID) // 2
    assert "audio_loss" in {event.kind for event in ears.events}


async def test_the_source_does_not_wait_for_a_failed_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("satellite.listening.listener.RETRY", 0.001)
    wake = FailingWake([12 * 16000])
    ears = Ears(SAID, wake, waits=True)
    await ears.listen()
    assert len(wake.requests) == 2
    assert wake.samples > 0


async def test_a_stuck_engine_does_not_stop_the_source(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("satellite.listening.listener.STUCK", 0.01)
    ears = Ears(SAID, StuckWake(), waits=True)
    with caplog.at_level(logging.WARNING):
        assert await ears.listen() == []
    assert "the wake engine takes no sound" in caplog.text
