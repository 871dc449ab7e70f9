"""WAV files that are still being sent."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.wavfile import wav_bytes
from satellite.errors import EngineFailed
from satellite.values import AudioFormat
from servers.tts.wav_stream import LONGEST, WavStream

FORM = AudioFormat(rate=24000)
SAMPLES = bytes(range(200))
WHOLE = wav_bytes(FORM, SAMPLES)


def read(content: bytes, size: int) -> tuple[WavStream, bytes]:
    stream = WavStream()
    parts = [stream.push(content[at : at + size]) for at in range(0, len(content), size)]
    return stream, b"".join(parts)


@given(st.integers(1, len(WHOLE)))
def test_the_samples_are_the_same_in_pieces_of_any_size(size: int) -> None:
    stream, samples = read(WHOLE, size)
    assert samples == SAMPLES
    assert stream.format == FORM


def test_false_lengths_and_further_chunks_are_passed_over() -> None:
    endless = WHOLE[:4] + b"\xff\xff\xff\xff" + WHOLE[8:36] + b"LIST\x03\0\0\0abc\0"
    content = endless + b"data\xff\xff\xff\xff" + SAMPLES
    assert read(content, 7)[1] == SAMPLES


SHORT = WHOLE[:40] + (50).to_bytes(4, "little") + SAMPLES


@pytest.mark.parametrize("size", [1, 3, 45, 1000])
@pytest.mark.parametrize(
    ("content", "samples"),
    [
        (WHOLE + b"LIST\x03\0\0\0abc\0" + b"id3 \x02\0\0\0ab", SAMPLES),
        (WHOLE + b"LIST\xff\x0f\0\0abc", SAMPLES),  # and is cut off
        (WHOLE * 3, SAMPLES * 3),  # a file for each sentence
        (WHOLE + b"LIST\x02\0\0\0ab" + WHOLE, SAMPLES * 2),
        (SHORT, SAMPLES),  # the header names the first piece alone
        (SHORT * 2, SAMPLES * 2),
        (WHOLE[:40] + bytes(4) + SAMPLES + WHOLE[:40] + b"\xff\xff\xff\xff" + SAMPLES, SAMPLES * 2),
        (WHOLE[:40] + bytes(4) + SAMPLES + b"\0" + WHOLE, SAMPLES * 2),  # half a sample
    ],
)
def test_what_surrounds_the_samples_is_not_heard(content: bytes, samples: bytes, size: int) -> None:
    assert read(content, size)[1] == samples


def test_a_second_file_of_another_rate_is_refused() -> None:
    with pytest.raises(EngineFailed, match="changes from 24000 to 16000"):
        read(WHOLE + wav_bytes(AudioFormat(16000), SAMPLES), 7)


def header(**changed: int) -> bytes:
    fields = {"kind": 1, "channels": 1, "rate": 24000, "bits": 16, **changed}
    chunk = struct.pack(
        "<HHIIHH", fields["kind"], fields["channels"], fields["rate"], 0, 2, fields["bits"]
    )
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + chunk + b"data\0\0\0\0"


@pytest.mark.parametrize(
    "content",
    [
        b"<html>log in</html>",
        b'{"error": "no voice"}',
        header(kind=3),
        header(bits=8),
        header(channels=6),
        header(rate=0),
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        b"RIFF\0\0\0\0WAVE" + b"LIST\xf0\xff\0\0" + bytes(LONGEST),
    ],
)
def test_other_sound_is_refused(content: bytes) -> None:
    with pytest.raises(EngineFailed):
        read(content, len(content))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(content: bytes) -> None:
    try:
        read(content, 13)
    except EngineFailed:
        pass
