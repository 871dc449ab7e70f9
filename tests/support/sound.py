"""Tones, and their detection in recordings."""

from __future__ import annotations

import numpy as np


def tone(frequency: float, seconds: float, rate: int = 16000, channels: int = 1) -> bytes:
    """Return a sine of `frequency` Hz at half of full scale, equal in all channels."""
    time = np.arange(int(seconds * rate)) / rate
    wave = np.rint(np.sin(2 * np.pi * frequency * time) * 16384).astype("<i2")
    return np.repeat(wave, channels).tobytes()


def pitch(audio: bytes, rate: int = 16000) -> float:
    """Return the strongest frequency in mono samples, in Hz, to about 5 Hz."""
    samples = np.frombuffer(audio, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), max(len(samples), rate // 5)))
    return float(np.argmax(spectrum) * rate / max(len(samples), rate // 5))


def trimmed(audio: bytes, threshold: int = 1000) -> bytes:
    """Return mono samples from the first loud one to the last; empty without one."""
    loud = np.flatnonzero(np.abs(np.frombuffer(audio, "<i2").astype(int)) > threshold)
    return audio[2 * loud[0] : 2 * loud[-1] + 2] if len(loud) else b""


def voiced(audio: bytes, rate: int = 16000) -> float:
    """Return the seconds from the first loud sample to the last; 0 without one."""
    return len(trimmed(audio)) / 2 / rate
