"""Conversion of sound between rates and channel counts, chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from satellite.values import AudioFormat

if TYPE_CHECKING:
    import numpy as np

QUALITY = "HQ"
"""soxr's name for the filter: flat to 7 kHz at 16 kHz.

In chunks of 32 ms from 48 or 44.1 kHz to 16 kHz it holds back 20 ms of sound on average and 40 at
most, as does MQ; LQ holds back 11 and 22, but takes 13 dB off at 7 kHz (measured).
"""


class Resampler:
    """Converts one stream from one format to another, in chunks of any size.

    Several channels become one by their mean; other counts repeat that one. Where both formats are
    the same, nothing is computed and nothing imported.
    """

    def __init__(self, source: AudioFormat, target: AudioFormat) -> None:
        self._source = source
        self._target = target
        self._rest = b""
        """The beginning of an incomplete frame."""
        self._stream: Any = None
        if source.rate != target.rate:
            self._stream = self._begin()

    def convert(self, audio: bytes) -> bytes:
        """Convert the next samples, possibly into none yet. Part of a frame waits for the rest."""
        if self._rest:
            audio = self._rest + audio
        whole = len(audio) - len(audio) % self._source.frame_bytes
        audio, self._rest = audio[:whole], audio[whole:]
        if self._source == self._target or not audio:
            return audio
        return self._convert(audio, last=False)

    def flush(self) -> bytes:
        """Return the samples held back, and start another stream."""
        self._rest = b""
        if self._stream is None:
            return b""
        audio = self._convert(b"", last=True)
        self._stream = self._begin()
        return audio

    def _begin(self) -> Any:
        import soxr

        return soxr.ResampleStream(
            self._source.rate, self._target.rate, 1, dtype="float32", quality=QUALITY
        )

    def _convert(self, audio: bytes, last: bool) -> bytes:
        import numpy as np

        samples = np.frombuffer(audio, "<i2").astype(np.float32)
        if self._source.channels > 1:
            samples = samples.reshape(-1, self._source.channels).mean(axis=1, dtype=np.float32)
        if self._stream is not None:
            samples = self._stream.resample_chunk(samples, last=last)
        return _spread(samples, self._target.channels)


def _spread(samples: np.ndarray[Any, np.dtype[np.float32]], channels: int) -> bytes:
    import numpy as np

    whole = np.clip(np.rint(samples), -32768, 32767).astype("<i2")
    return (np.repeat(whole, channels) if channels > 1 else whole).tobytes()
