"""The format of a peer's audio: implausible formats are refused everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event

from satellite.errors import BadFrame
from satellite.net.formats import audio_of, format_of
from satellite.net.incoming_speech import MOST_BYTES, IncomingSpeech
from satellite.net.wire import Limits
from satellite.values import AudioChunk as Sound
from satellite.values import AudioFormat


@pytest.mark.parametrize(("rate", "channels"), [(4000, 1), (16000, 1), (44100, 2), (384000, 32)])
def test_plausible_formats_are_accepted(rate: int, channels: int) -> None:
    assert format_of(AudioStart(rate, 2, channels)) == AudioFormat(rate, channels)


@given(rate=st.integers(), width=st.integers(), channels=st.integers())
def test_other_formats_are_refused(rate: int, width: int, channels: int) -> None:
    if width == 2 and 4000 <= rate <= 384_000 and 1 <= channels <= 32:
        return
    with pytest.raises(BadFrame, match="is not supported"):
        format_of(AudioChunk(rate, width, channels, b""))


@pytest.mark.parametrize("wrong", [{"channels": 2**63}, {"rate": 0}, {"width": 1}, {"rate": -1}])
def test_formats_of_home_assistant_are_checked(wrong: dict[str, int]) -> None:
    """Such a number of channels once crashed the satellite."""
    facts = {"rate": 16000, "width": 2, "channels": 1, **wrong}
    with pytest.raises(BadFrame):
        audio_of(Event("audio-chunk", facts, b"\x00\x00"))


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
