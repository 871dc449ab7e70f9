"""Conversion of sound between rates and channel counts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satellite.audio.resample import Resampler
from satellite.values import SPEECH, AudioFormat
from tests.support.sound import pitch, tone

RATES = st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000])
FORMATS = st.builds(AudioFormat, RATES, st.integers(1, 4))


@given(FORMATS, FORMATS, st.lists(st.integers(0, 3000), max_size=20))
@settings(max_examples=60, deadline=None)
def test_the_size_of_chunks_changes_nothing(
    source: AudioFormat, target: AudioFormat, sizes: list[int]
) -> None:
    noise = np.random.default_rng(sum(sizes) + 1)
    audio = noise.integers(-30000, 30000, 2500 * source.channels).astype("<i2").tobytes()
    whole = Resampler(source, target)
    expected = whole.convert(audio) + whole.flush()
    pieces = Resampler(source, target)
    result, position = b"", 0
    for size in sizes:
        result += pieces.convert(audio[position : position + size])
        position += size
    result += pieces.convert(audio[position:]) + pieces.flush()
    assert result == expected
    seconds = len(audio) / source.frame_bytes / source.rate
    assert target.seconds(result) == pytest.approx(seconds, abs=2 / target.rate)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_tone_stays_a_tone(rate: int, channels: int) -> None:
    there = Resampler(AudioFormat(rate, channels), SPEECH)
    audio = there.convert(tone(1000, 0.5, rate, channels)) + there.flush()
    assert pitch(audio) == pytest.approx(1000, abs=5)
    back = Resampler(SPEECH, AudioFormat(rate, channels))
    again = back.convert(audio) + back.flush()
    assert len(again) == pytest.approx(0.5 * rate * channels * 2, abs=8 * channels)
    first = np.frombuffer(again, "<i2").reshape(-1, channels)[:, 0]
    assert pitch(first.tobytes(), rate) == pytest.approx(1000, abs=5)
    middle = first[len(first) // 4 : -len(first) // 4]
    assert np.abs(middle).max() == pytest.approx(16384, rel=0.02)


def test_full_scale_does_not_overflow() -> None:
    square = (np.sign(np.sin(np.arange(4000) / 7)) * 32767).astype("<i2").tobytes()
    resampler = Resampler(AudioFormat(22050), AudioFormat(48000))
    result = np.frombuffer(resampler.convert(square) + resampler.flush(), "<i2").astype(int)
    assert np.abs(np.diff(result)).max() < 60000


def test_after_a_flush_another_stream_begins() -> None:
    resampler = Resampler(AudioFormat(44100), SPEECH)
    audio = tone(300, 0.1, 44100)
    first = resampler.convert(audio + b"\1") + resampler.flush()
    second = resampler.convert(audio) + resampler.flush()
    assert first == second


def test_equal_formats_import_nothing() -> None:
    code = (
        "import sys; from satellite.values import SPEECH;"
        "from satellite.audio.resample import Resampler; r = Resampler(SPEECH, SPEECH);"
        "assert r.convert(b'abc') + r.convert(b'd') == b'abcd' and r.flush() == b'';"
        "assert not {'numpy', 'soxr'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
