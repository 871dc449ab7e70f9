"""One channel of a microphone with several."""

from __future__ import annotations

from satellite.audio.format import AudioFormat


def one_channel(audio: bytes, form: AudioFormat, channel: int) -> bytes:
    """The samples of one channel, counted from 1, of whole frames."""
    import numpy as np

    return np.frombuffer(audio, "<i2")[channel - 1 :: form.channels].tobytes()
