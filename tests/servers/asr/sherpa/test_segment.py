"""Where the voice of an utterance begins and ends, with real speech and sounds that are none."""

from __future__ import annotations

import random

import pytest

from satellite.builtin.vad.silero import SileroVad
from satellite.values import SPEECH
from servers.asr.sherpa.segment import FRAME, LEAD, LONG, LONGEST, TRAIL, AllIsVoice, Segment
from tests.support.nonspeech import nonspeech
from tests.support.speech import silence, speak, tone


def segment_of(audio: bytes, *, streaming: bool = False) -> Segment:
    """Return the segment of some sound, as far as it is not complete before."""
    segment = Segment(SileroVad(SileroVad.Options()), 0.5, streaming)
    for start in range(0, len(audio), 2 * FRAME):
        segment.add(audio[start : start + 2 * FRAME])
    return segment


def test_the_voice_is_found_within_silence() -> None:
    said = speak("what time is it")
    segment = segment_of(silence(2.0) + said + silence(2.0))
    assert segment.voiced
    begin, end = segment.span()
    assert 1.2 * SPEECH.rate <= begin <= (2.0 + LEAD) * SPEECH.rate
    length = 2.0 + len(said) / SPEECH.bytes_of(1)
    assert (length - 0.5) * SPEECH.rate <= end <= (length + TRAIL + 0.2) * SPEECH.rate


@pytest.mark.parametrize("kind", ["breath", "cough", "hum", "clicks"])
def test_other_sounds_are_no_voice(kind: str) -> None:
    assert not segment_of(nonspeech(kind, 3.0, seed=1)).voiced


def test_a_click_does_not_begin_a_voice() -> None:
    clicks = bytes(random.Random(1).randbytes(2 * FRAME)) + silence(2.0)
    assert not segment_of(clicks + tone(0.5) + silence(1.0)).voiced


def test_a_long_voice_is_cut() -> None:
    segment = Segment(AllIsVoice(), 0.5, streaming=False)
    frames = 0
    while not segment.complete:
        segment.add(bytes(2 * FRAME))
        frames += 1
    assert frames * FRAME == pytest.approx(LONGEST * SPEECH.rate, abs=FRAME)


def test_silence_alone_is_cut_so_that_memory_is_bounded() -> None:
    segment = segment_of(silence(LONG + 1))
    assert segment.complete
    assert not segment.voiced
    assert not segment_of(silence(LONG - 1)).complete
