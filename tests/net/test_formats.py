"""The format of a peer's audio: implausible formats are refused everywhere."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event

from satellite.errors import BadFrame
from satellite.net.formats import AudioReader, format_of
from satellite.net.incoming_speech import MOST_BYTES, IncomingSpeech
from satellite.net.wire import Limits
from satellite.values import AudioChunk as Sound
from satellite.values import AudioFormat


@pytest.mark.parametrize(("rate", "channels"), [(4000, 1), (16000, 1), (44100, 2), (384000, 32)])
def test_plausible_formats_are_accepted(rate: int, channels: int) -> None:
    assert format_of(AudioStart(rate, 2, channels)) == AudioFormat(rate, channels)


@given(rate=st.integers(), width=st.integers(), channels=st.integers())
def test_other_formats_are_refused(rate: int, width: int, channels: int) -> None:
    if width in (1, 2, 3, 4) and 4000 <= rate <= 384_000 and 1 <= channels <= 32:
        return
    with pytest.raises(BadFrame, match="is not supported"):
        format_of(AudioChunk(rate, width, channels, b""))


@pytest.mark.parametrize("wrong", [{"channels": 2**63}, {"rate": 0}, {"width": 5}, {"rate": -1}])
def test_formats_of_home_assistant_are_checked(wrong: dict[str, int]) -> None:
    """Such a number of channels once crashed the satellite."""
    facts = {"rate": 16000, "width": 2, "channels": 1, **wrong}
    with pytest.raises(BadFrame):
        AudioReader().read(Event("audio-chunk", facts, b"\x00\x00"))


@pytest.mark.parametrize("size", [2, Limits().payload])
def test_audio_sent_ahead_takes_bounded_memory(size: int) -> None:
    """Studio formats make many bytes of few seconds; small pieces cost more each."""
    speech, piece = IncomingSpeech(), bytes(size)
    rate = AudioFormat(384_000, 32)
    taken = 0
    for _ in range(400_000 if size == 2 else 40):
        speech.put(Sound(audio=piece, format=rate))
        taken += max(size, 256)
    assert speech._bytes <= MOST_BYTES + max(size, 256)  # noqa: SLF001
    assert taken > MOST_BYTES


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 5, 7, 1000])
def test_audio_of_any_width_in_chunks_of_any_size(width: int, size: int) -> None:
    values = [0, 1 << 8, -1 << 8, 12032, -12032]
    shift = 8 * (width - 2)
    encoded = b"".join(
        struct.pack("<i", value << shift if shift >= 0 else value >> 8)[:width] for value in values
    )
    reader, audio = AudioReader(), b""
    for start in range(0, len(encoded), size):
        piece = encoded[start : start + size]
        chunk = AudioChunk(rate=16000, width=width, channels=1, audio=piece)
        audio += reader.read(chunk.event()).audio
    assert audio == struct.pack("<5h", *values)


def test_the_rest_of_a_sample_is_dropped_if_the_width_changes() -> None:
    reader = AudioReader()
    for width, audio in ((4, b"\1\2\3"), (3, b"\0\0\1"), (2, b"\5\0")):
        chunk = AudioChunk(rate=16000, width=width, channels=1, audio=audio)
        last = reader.read(chunk.event())
    assert last.audio == b"\5\0"
