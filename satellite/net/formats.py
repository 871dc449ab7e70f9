"""The format of a peer's audio, limited to plausible values."""

from __future__ import annotations

from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event

from satellite.errors import BadFrame
from satellite.net.messages import read
from satellite.values import AudioChunk as Sound
from satellite.values import AudioFormat

_RATES = range(4000, 384_001)
"""Hz, from telephone to studio equipment."""
_CHANNELS = range(1, 33)


def format_of(event: AudioChunk | AudioStart) -> AudioFormat:
    """Return the format of an event. Raises `BadFrame` if it is not supported."""
    if event.width != 2 or event.rate not in _RATES or event.channels not in _CHANNELS:
        raise BadFrame(
            f"audio of {event.rate} Hz, {8 * event.width} bits and {event.channels} channels is "
            "not supported: use 16 bits at 4 to 384 kHz"
        )
    return AudioFormat(event.rate, event.channels)


def audio_of(event: Event) -> Sound:
    """Return the audio of an `audio-chunk`. Raises `BadFrame`."""
    chunk = read(AudioChunk, event)
    return Sound(audio=chunk.audio, format=format_of(chunk))
