"""The heartbeat counts samples, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.heartbeat import STILL, Heartbeat


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.integers(1, 5000)), st.integers(1, 20000))
def test_there_is_a_beat_when_enough_has_moved_and_never_otherwise(
    chunks: list[int], every: int
) -> None:
    beats: list[None] = []
    waiting = 0
    heartbeat = Heartbeat(every=every, on_beat=lambda: beats.append(None))
    for chunk in chunks:
        before = len(beats)
        heartbeat.hear(bytes(2 * chunk))
        waiting += chunk
        assert len(beats) - before == (waiting >= every)
        waiting = 0 if waiting >= every else waiting
    assert heartbeat.samples == sum(chunks)


def test_it_beats_until_nothing_has_moved_for_too_long() -> None:
    clock = Clock()
    heartbeat = Heartbeat(clock)
    assert (heartbeat.age, heartbeat.beats) == (None, False)
    heartbeat.hear(bytes(1024))
    clock.now += STILL - 0.1
    assert (heartbeat.age, heartbeat.beats) == (pytest.approx(STILL - 0.1), True)
    clock.now += 0.2
    assert not heartbeat.beats
    heartbeat.hear(bytes(1024))
    assert heartbeat.beats


def test_the_end_of_the_loop_is_reported() -> None:
    ended: list[None] = []
    heartbeat = Heartbeat(on_end=lambda: ended.append(None))
    heartbeat.hear(bytes(1024))
    assert ended == []
    heartbeat.end()
    assert ended == [None]
