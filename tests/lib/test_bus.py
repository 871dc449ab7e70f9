"""The bus passes events on in order and never makes a publisher wait."""

from __future__ import annotations

import logging

import pytest

from satellite.events import AudioEnd, AudioStart, Event, Mute
from satellite.lib.bus import Bus


async def test_every_subscriber_gets_everything_since_it_subscribed() -> None:
    bus = Bus()
    bus.publish(Mute(muted=True))
    first, second = AudioStart(), AudioEnd()
    async with bus.subscribe("one") as one, bus.subscribe("two") as two:
        bus.publish(first)
        bus.publish(second)
        bus.end()
        bus.end()
        assert [event async for event in one] == [first, second]
        assert [event async for event in two] == [first, second]
    bus.publish(first)


async def test_a_slow_subscriber_loses_the_newest_and_is_informed_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus = Bus()
    happened: list[Event] = [Mute(muted=bool(number % 2)) for number in range(5)]
    async with bus.subscribe("slow", capacity=3) as slow:
        with caplog.at_level(logging.WARNING):
            for event in happened:
                bus.publish(event)
        bus.end()
        assert [event async for event in slow] == happened[:3]
        assert slow.dropped == 2
    assert caplog.text.count("slow is 3 events behind") == 1
