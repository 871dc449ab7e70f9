"""Speech at another speed: as long as it should be, at the same pitch, in any pieces."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.audio.tempo import Tempo
from satellite.values import AudioFormat
from tests.support.speech import speak, tone

FORM = AudioFormat(16_000)


def changed(sound: bytes, speed: float, size: int = 3200, form: AudioFormat = FORM) -> bytes:
    tempo = Tempo(speed, form)
    pieces = [tempo.convert(sound[at : at + size]) for at in range(0, len(sound), size)]
    return b"".join(pieces) + tempo.flush()


def pitch(sound: bytes) -> float:
    """Return the strongest frequency in Hz."""
    samples = np.frombuffer(sound, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * FORM.rate / len(samples)


@pytest.mark.parametrize("speed", [0.5, 0.7, 0.9, 1.2, 1.5, 2.0])
def test_length_changes_and_pitch_does_not(speed: float) -> None:
    sound = tone(2.0, 220.0)
    result = changed(sound, speed)
    assert len(result) == pytest.approx(len(sound) / speed, abs=FORM.bytes_of(0.06))
    assert pitch(result) == pytest.approx(220.0, abs=2.0)
    loud = np.frombuffer(result, "<i2")[800:-1600].astype(float)
    blocks = np.abs(loud[: len(loud) // 160 * 160].reshape(-1, 160)).max(axis=1)
    assert blocks.min() > 0.8 * blocks.max()  # no hole and no beat


@pytest.mark.parametrize("speed", [0.7, 1.5])
def test_the_size_of_the_pieces_does_not_matter(speed: float) -> None:
    sound = speak("the kettle boils")
    whole = changed(sound, speed, len(sound))
    for size in (2, 322, 4096):
        assert changed(sound[: 2 * 16_000], speed, size) == changed(
            sound[: 2 * 16_000], speed, 2 * 16_000
        )
    assert len(whole) == pytest.approx(len(sound) / speed, abs=FORM.bytes_of(0.06))


def test_channels_stay_together_and_short_sounds_are_not_lost() -> None:
    form = AudioFormat(16_000, channels=2)
    mono = np.frombuffer(tone(1.0, 330.0), "<i2")
    stereo = np.stack([mono, mono // 2], axis=1).astype("<i2").tobytes()
    result = np.frombuffer(changed(stereo, 1.3, form=form), "<i2").reshape(-1, 2)
    assert np.abs(result[:, 0] / 2 - result[:, 1]).max() <= 2
    assert changed(tone(0.02), 1.5)
    assert changed(b"", 1.5) == b""
