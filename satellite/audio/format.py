"""The shape of PCM audio."""

from __future__ import annotations

import msgspec


class AudioFormat(msgspec.Struct, frozen=True):
    """Signed 16-bit little-endian PCM: `rate` in Hz, `channels` interleaved."""

    rate: int
    channels: int = 1

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return 2 * self.channels

    def seconds(self, audio: bytes) -> float:
        """How long `audio` lasts."""
        return len(audio) / (self.frame_bytes * self.rate)

    def bytes_of(self, seconds: float) -> int:
        """Bytes that last `seconds`, a whole number of frames."""
        return int(seconds * self.rate) * self.frame_bytes


SPEECH = AudioFormat(rate=16000)
"""What every listening engine (wake, vad, asr) takes: 16 kHz mono."""
