"""The pulse counts samples, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.heartbeat import STILL, Heartbeat


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Tape:
    """A source of chunks."""

    finished = False

    def __init__(self, chunks: int) -> None:
        self._chunks = chunks
        self.closed = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(self._chunks):
                yield bytes(1024)
        finally:
            self.closed = True


@given(st.lists(st.integers(1, 5000)), st.integers(1, 20000))
def test_there_is_a_beat_when_enough_has_moved_and_never_otherwise(
    chunks: list[int], every: int
) -> None:
    pulse, beats, waiting = Heartbeat(), [], 0
    pulse.every = every
    pulse.on_beat = lambda: beats.append(pulse.samples)
    for chunk in chunks:
        before = len(beats)
        pulse.moved(chunk)
        waiting += chunk
        assert len(beats) - before == (waiting >= every)
        waiting = 0 if waiting >= every else waiting
    assert pulse.samples == sum(chunks)


def test_it_beats_until_nothing_has_moved_for_too_long() -> None:
    clock = Clock()
    pulse = Heartbeat(clock)
    assert (pulse.age, pulse.beats) == (None, False)
    pulse.moved(512)
    clock.now += STILL - 0.1
    assert (pulse.age, pulse.beats) == (pytest.approx(STILL - 0.1), True)
    clock.now += 0.2
    assert not pulse.beats
    pulse.moved(512)
    assert pulse.beats


async def test_a_chunk_counts_when_its_listener_comes_back() -> None:
    """A listener that hangs over a chunk does not beat."""
    pulse, tape = Heartbeat(), Tape(3)
    ended: list[bool] = []
    pulse.on_end = lambda: ended.append(tape.closed)
    async with aclosing(pulse.of(tape).frames()) as frames:
        await anext(frames)
        assert pulse.samples == 0
        await anext(frames)
        assert pulse.samples == 512
        assert ended == []
    assert ended == [True]
    assert pulse.samples == 512
