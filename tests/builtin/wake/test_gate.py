"""The gate is shut in steady noise of any level, and open during other sound."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.builtin.wake.gate import HOLD, MEMORY, SpeechGate
from tests.support.acoustics import at_level, pcm, room_noise, samples
from tests.support.speech import noise, silence, speak

HOP = 1280
WARM = round(MEMORY * 16000 / HOP)
"""Hops after which the noise is known."""


def opened(sound: bytes, hop: int = HOP) -> list[bool]:
    """Return for each hop whether the gate is open."""
    gate = SpeechGate(hop)
    starts = range(0, len(sound) - 2 * hop + 1, 2 * hop)
    return [gate.opens([sound[start : start + 2 * hop]])[0] for start in starts]


@pytest.mark.parametrize("hop", [HOP, 2 * HOP])
@pytest.mark.parametrize(
    "room",
    [
        silence(60),
        noise(60, 0.0005),
        noise(60, 0.05),
        pcm(room_noise(60, -58)),
        np.random.default_rng(1).integers(-1, 2, 960000).astype("<i2").tobytes(),
    ],
    ids=["nothing", "hiss", "roar", "room", "last bit"],
)
def test_steady_noise_keeps_it_shut(room: bytes, hop: int) -> None:
    known = opened(room, hop)[round((MEMORY + HOLD) * 16000 / hop) :]
    assert sum(known) / len(known) < 0.06


def test_it_is_open_until_the_noise_is_known() -> None:
    assert all(opened(noise(2, 0.001)))


@pytest.mark.parametrize("above", [6.0, 0.0, -3.0])
def test_a_voice_in_noise_opens_it(above: float) -> None:
    """At once or nearly, and to its end, even where it is weaker than the noise."""
    room = room_noise(10, -50)
    said = at_level(samples(speak("okay nabu")), -50 + above)
    start = 6 * 16000
    room[start : start + len(said)] += said
    open_ = opened(pcm(room))
    first, last = start // HOP, (start + len(said)) // HOP
    assert not any(open_[WARM + 20 : first])
    assert all(open_[first + 4 : last + 4])


def test_it_shuts_again() -> None:
    room, said = room_noise(14, -58), samples(speak("okay nabu"))
    room[6 * 16000 : 6 * 16000 + len(said)] += said
    assert not any(opened(pcm(room))[-30:])


def test_it_adapts_to_louder_noise() -> None:
    open_ = opened(noise(6, 0.001) + noise(10, 0.01))
    assert open_[6 * 16000 // HOP + 2]
    assert not any(open_[-30:])


def test_continuous_talk_keeps_it_open() -> None:
    talk = b"".join(speak(text) for text in ("nobody knows when the train arrives", "let us wait"))
    assert sum(opened(talk * 5)) / len(opened(talk * 5)) > 0.95


def test_a_single_knock_does_not_open_it_but_two_do() -> None:
    knock = at_level(np.random.default_rng(2).normal(0, 1, 320), -20)
    room = room_noise(20, -58)
    for start in (8.0, 14.0, 14.25):
        room[round(start * 16000) :][:320] += knock
    open_ = opened(pcm(room))
    assert not any(open_[80 : 14 * 16000 // HOP])
    assert any(open_[14 * 16000 // HOP :])


def test_several_hops_at_once_give_the_result_of_one_by_one() -> None:
    sound = pcm(room_noise(6, -58)) + speak("okay nabu") + pcm(room_noise(6, -58))
    hops = [sound[start : start + 2560] for start in range(0, len(sound) - 2560, 2560)]
    gate, judged = SpeechGate(HOP), []
    for start in range(0, len(hops), 7):
        judged += gate.opens(hops[start : start + 7])
    assert judged == opened(sound)[: len(hops)]
