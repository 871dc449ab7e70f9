"""Tones, and how to find them again in what was recorded."""

from __future__ import annotations

import numpy as np


def tone(frequency: float, seconds: float, rate: int = 16000, channels: int = 1) -> bytes:
    """A sine of `frequency` Hz at half of full scale, the same in every channel."""
    time = np.arange(int(seconds * rate)) / rate
    wave = np.rint(np.sin(2 * np.pi * frequency * time) * 16384).astype("<i2")
    return np.repeat(wave, channels).tobytes()


def pitch(audio: bytes, rate: int = 16000) -> float:
    """The strongest frequency in mono samples, in Hz, to about 5 Hz."""
    samples = np.frombuffer(audio, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), max(len(samples), rate // 5)))
    return float(np.argmax(spectrum) * rate / max(len(samples), rate // 5))


def trimmed(audio: bytes, threshold: int = 1000) -> bytes:
    """Mono samples from the first loud one to the last; nothing where there is none."""
    loud = np.flatnonzero(np.abs(np.frombuffer(audio, "<i2").astype(int)) > threshold)
    return audio[2 * loud[0] : 2 * loud[-1] + 2] if len(loud) else b""


def voiced(audio: bytes, rate: int = 16000) -> float:
    """Seconds from the first loud sample to the last; 0 where there is none."""
    return len(trimmed(audio)) / 2 / rate
