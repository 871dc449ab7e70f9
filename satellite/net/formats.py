"""The format of a peer's audio, limited to plausible values."""

from __future__ import annotations

from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event

from satellite.errors import BadFrame
from satellite.lib.samples import CHANNELS, RATES, WIDTHS, Encoding, to_s16
from satellite.net.messages import read
from satellite.values import AudioChunk as Sound
from satellite.values import AudioFormat

_WIDTHS = WIDTHS[Encoding.INTEGER]
"""Bytes of a sample. I2S microphones give 4, of which the lower ones are zero."""


def format_of(event: AudioChunk | AudioStart) -> AudioFormat:
    """Return the format of an event's audio, once it is read by `AudioReader`.

    Raises `BadFrame` if it is not supported.
    """
    if event.width not in _WIDTHS or event.rate not in RATES or event.channels not in CHANNELS:
        raise BadFrame(
            f"audio of {event.rate} Hz, {8 * event.width} bits and {event.channels} channels is "
            "not supported: use 8 to 32 bits at 4 to 384 kHz"
        )
    return AudioFormat(event.rate, event.channels)


class AudioReader:
    """Reads the audio of one stream as 16-bit samples; a chunk may end within a sample."""

    def __init__(self) -> None:
        self._width = 2
        self._rest = b""
        """The beginning of a sample whose end is in the next chunk."""

    def read(self, event: Event) -> Sound:
        """Return the audio of an `audio-chunk`. Raises `BadFrame`."""
        return self.convert(read(AudioChunk, event))

    def convert(self, chunk: AudioChunk) -> Sound:
        """Return the audio of a chunk. Raises `BadFrame`."""
        form = format_of(chunk)
        if chunk.width == 2:
            self._width, self._rest = 2, b""
            return Sound(audio=chunk.audio, format=form)
        audio = (self._rest if chunk.width == self._width else b"") + chunk.audio
        whole = len(audio) - len(audio) % chunk.width
        self._width, self._rest = chunk.width, audio[whole:]
        return Sound(audio=to_s16(audio[:whole], chunk.width), format=form)
