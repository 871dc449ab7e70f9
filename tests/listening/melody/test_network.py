"""The network of Smart Turn, as its publisher runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from satellite.errors import EngineFailed
from satellite.listening.melody.network import SmartTurn
from satellite.values import SPEECH
from tests.support.real_models import real_model

FILE = "smart-turn-v3.2-cpu.onnx"


def vowel(seconds: float, begin: float, end: float) -> bytes:
    """Return a vowel whose pitch goes from `begin` to `end` (Hz), and 0.2 s of silence."""
    count = int(seconds * SPEECH.rate)
    time = np.arange(count) / SPEECH.rate
    phase = 2 * np.pi * np.cumsum(np.linspace(begin, end, count)) / SPEECH.rate
    sound = sum(np.sin(k * phase) / k for k in range(1, 20))
    sound = sound * np.minimum(1, (seconds - time) * 8) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))
    padded = np.concatenate([sound * 3000, np.zeros(int(0.2 * SPEECH.rate))])
    return padded.astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("sound", "probability"),
    [
        (vowel(2, 140, 80), 0.2348),
        (vowel(2, 100, 180), 0.0069),
        (vowel(1, 140, 80), 0.7122),
        (vowel(10, 140, 80), 0.5781),
        (vowel(0.5, 200, 90), 0.9108),
    ],
)
def test_it_hears_the_same_as_in_pipecat(sound: bytes, probability: float) -> None:
    """The numbers are those of pipecat 1.14.0's own features and session."""
    network = SmartTurn(real_model("smart-turn-v3.2") / FILE)
    assert network.probability(sound) == pytest.approx(probability, abs=0.005)


def test_no_sound_at_all_is_no_error() -> None:
    network = SmartTurn(real_model("smart-turn-v3.2") / FILE)
    assert 0 <= network.probability(b"") <= 1
    assert 0 <= network.probability(b"\1") <= 1


@pytest.mark.parametrize("content", [b"", b"no network", bytes(5000)])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(EngineFailed, match=FILE):
        SmartTurn(tmp_path / FILE)


def test_another_network_is_refused() -> None:
    with pytest.raises(EngineFailed, match=r"models pull turn:smart-turn-v3\.2"):
        SmartTurn(real_model("speaker-dvector") / "embedder.int8.onnx")
