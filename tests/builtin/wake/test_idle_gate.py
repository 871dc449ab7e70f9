"""An idle detector processes each sample once and in order, or skips it, and misses no word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.idle_gate import IdleGate
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.values import Detection
from tests.builtin.wake.feeding import detections
from tests.support.acoustics import at_level, pcm, room_noise, samples
from tests.support.speech import noise, speak

HOP = 1280


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 60)), min_size=1, max_size=12),
    st.integers(1, 8),
    st.integers(1, 12),
)
def test_every_sample_is_processed_once_or_skipped(
    runs: list[tuple[bool, int]], context: int, at_once: int
) -> None:
    loud, quiet = noise(0.08, 0.2), noise(0.08, 0.0005, 7)
    hops = [loud if voice else quiet for voice, count in runs for _ in range(count)]
    gate = IdleGate(HOP, context)
    position = 0
    for start in range(0, len(hops), at_once):
        for piece in gate.take(hops[start : start + at_once]):
            assert piece.skip % HOP == 0
            assert bool(piece.skip) == bool(piece.prime)
            assert len(piece.prime) == (2 * HOP * context if piece.skip else 0)
            position += piece.skip
            for audio in (piece.prime, piece.process):
                end = position + len(audio) // 2
                assert audio == b"".join(hops)[2 * position : 2 * end]
                position = end
    assert position <= len(hops) * HOP


def scene() -> bytes:
    """Words now and then, near and faint, in a quiet room; long pauses between them."""
    room = room_noise(66, -60)
    voices = (("en-us", 150), ("en-us+m3", 150), ("en-us", 175), ("en-us", 130))
    for number, start in enumerate(range(5, 65, 5)):
        voice, rate = voices[number % len(voices)]
        text = "turn on the lamp" if number % 5 == 4 else "okay nabu"
        said = at_level(samples(speak(text, voice, rate)), -20 - 3 * number)
        room[start * 16000 :][: len(said)] += said
    return pcm(room)


async def detections_of(kind: type[WakeEngine], **options: Any) -> list[Detection]:
    """Return the detections of an engine in the scene."""
    engine = kind(kind.Options(**options))  # type: ignore[attr-defined,arg-type]
    await engine.load()
    try:
        return await detections(engine, scene())
    finally:
        await engine.close()


@pytest.mark.parametrize("kind", [OpenWakeWord, MicroWakeWord])
async def test_no_word_is_lost_by_idling(kind: type[WakeEngine]) -> None:
    """openWakeWord's scores are even the same, since all that they depend on is primed."""
    always = await detections_of(kind, rest=False)
    idling = await detections_of(kind, rest=True)
    assert len(always) >= 5
    if kind is OpenWakeWord:
        assert [(d.word, d.sample) for d in idling] == [(d.word, d.sample) for d in always]
        assert [d.score for d in idling] == pytest.approx([d.score for d in always], abs=1e-5)
    else:
        assert len(idling) == len(always)
        for one, other in zip(idling, always, strict=True):
            assert abs(one.sample - other.sample) <= 1600
