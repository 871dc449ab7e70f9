"""WAV files that are read, written and extended."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.wavfile import WavWriter, read_wav, write_wav
from satellite.errors import AudioFileError
from satellite.values import AudioFormat


def riff(fmt: bytes, data: bytes, before: bytes = b"") -> bytes:
    """Return a WAV file with these chunks."""
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", len(fmt)) + fmt
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def shape(kind: int, channels: int, rate: int, bits: int) -> bytes:
    width = channels * bits // 8
    return struct.pack("<HHIIHH", kind, channels, rate, rate * width, width, bits)


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_every_integer_width_is_read_as_its_upper_sixteen_bits(tmp_path: Path, bits: int) -> None:
    values = [0, 0x1234, -0x1234, 0x7F00, -0x8000]
    if bits == 8:
        data = bytes((value >> 8) + 128 for value in values)
        expected = [(value >> 8) << 8 for value in values]
    else:
        data = b"".join(
            (value << (bits - 16)).to_bytes(bits // 8, "little", signed=True) for value in values
        )
        expected = values
    file = tmp_path / "x.wav"
    file.write_bytes(riff(shape(1, 1, 8000, bits), data))
    form, audio = read_wav(file)
    assert form == AudioFormat(8000)
    assert list(struct.unpack(f"<{len(values)}h", audio)) == expected


def test_an_extensible_file_with_other_chunks_is_read(tmp_path: Path) -> None:
    extension = struct.pack("<HHI", 22, 16, 3) + struct.pack("<H", 1) + bytes(14)
    before = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    file = tmp_path / "x.wav"
    file.write_bytes(riff(shape(0xFFFE, 2, 44100, 16) + extension, b"\1\0\2\0", before))
    assert read_wav(file) == (AudioFormat(44100, 2), b"\1\0\2\0")


def test_a_file_that_was_cut_off_or_streamed_gives_its_whole_frames(tmp_path: Path) -> None:
    content = bytearray(riff(shape(1, 2, 16000, 16), bytes(range(11))))
    content[-15:-11] = b"\xff\xff\xff\xff"
    file = tmp_path / "x.wav"
    file.write_bytes(content)
    assert read_wav(file) == (AudioFormat(16000, 2), bytes(range(8)))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file"),
        (b"", "not a WAV file"),
        (b"RIFFxxxxAVI and so on", "not a WAV file"),
        (b"ID3 an MP3 file of sorts", "not a WAV file"),
        (riff(shape(3, 1, 16000, 16), bytes(8)), "unknown encoding"),
        (riff(shape(2, 1, 16000, 4), bytes(8)), "unknown encoding"),
        (riff(shape(1, 0, 16000, 16), bytes(8)), "0 channels"),
        (riff(shape(1, 1, 16000, 16)[:10], bytes(8)), "too short"),
        (riff(shape(1, 1, 16000, 16), b""), "contains no sound"),
        (riff(shape(1, 1, 16000, 16), b"\1"), "contains no sound"),
    ],
)
def test_an_unreadable_file_is_reported_in_one_line(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "x.wav"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AudioFileError, match=problem) as caught:
        read_wav(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=400))
def test_no_content_makes_reading_fail_otherwise(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.wav"
    file.write_bytes(b"RIFF\0\0\0\0WAVEfmt " + tail)
    try:
        form, audio = read_wav(file)
    except AudioFileError:
        return
    assert len(audio) % form.frame_bytes == 0


def test_a_growing_file_is_valid_after_every_call(tmp_path: Path) -> None:
    file = tmp_path / "x.wav"
    writer = WavWriter(file, AudioFormat(8000, 2))
    for count in range(1, 4):
        writer.append(bytes([count] * 8))
        with wave.open(str(file)) as reader:
            assert (reader.getframerate(), reader.getnchannels()) == (8000, 2)
            assert reader.getnframes() == 2 * count
    writer.cut(12)
    writer.close()
    again = WavWriter(file, AudioFormat(8000, 2), keep=writer.size)
    again.append(b"\7\7\7\7")
    again.close()
    assert read_wav(file)[1] == b"\1" * 8 + b"\2" * 4 + b"\7" * 4


def test_writing_to_a_missing_folder_raises_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"the folder .* is missing"):
        write_wav(tmp_path / "nowhere" / "x.wav", AudioFormat(8000), b"\0\0")


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ((3, 1, 16000, 32), struct.pack("<2f", 0.5, -0.5)),
        ((3, 1, 16000, 64), struct.pack("<2d", 0.5, -0.5)),
        ((1, 1, 16000, 24), b"\0\0\x40\0\0\xc0"),
        ((1, 1, 16000, 8), b"\xc0\x40"),
    ],
)
def test_other_encodings_of_the_same_sound(
    tmp_path: Path, encoding: tuple[int, int, int, int], data: bytes
) -> None:
    (tmp_path / "x.wav").write_bytes(riff(shape(*encoding), data))
    assert read_wav(tmp_path / "x.wav") == (AudioFormat(16000), struct.pack("<2h", 16384, -16384))


@pytest.mark.parametrize("law", [6, 7])
def test_encodings_of_the_telephone_are_read(tmp_path: Path, law: int) -> None:
    (tmp_path / "x.wav").write_bytes(riff(shape(law, 1, 8000, 8), bytes(range(256))))
    form, audio = read_wav(tmp_path / "x.wav")
    assert form == AudioFormat(8000)
    assert len(audio) == 512


def test_the_data_of_a_stream_ends_with_the_file(tmp_path: Path) -> None:
    """Streaming servers write the header before they know the length."""
    whole = riff(shape(1, 1, 16000, 16), b"\1\0" * 9)
    at = whole.index(b"data") + 4
    for unknown in (0, 0xFFFFFFFF, 0x7FFFFFFF):
        (tmp_path / "x.wav").write_bytes(whole[:at] + struct.pack("<I", unknown) + whole[at + 4 :])
        assert read_wav(tmp_path / "x.wav")[1] == b"\1\0" * 9
    (tmp_path / "x.wav").write_bytes(riff(shape(1, 1, 16000, 16), b"") + b"LIST\2\0\0\0ab")
    with pytest.raises(AudioFileError, match="contains no sound"):
        read_wav(tmp_path / "x.wav")


def rf64(name: bytes, audio: bytes) -> bytes:
    """Return a file whose lengths are in 64 bits, with more behind its sound."""
    whole = riff(shape(1, 1, 16000, 16), audio, b"ds64" + struct.pack("<IQQQI", 28, 0, 2, 1, 0))
    at = whole.index(b"data") + 4
    head = name + b"\xff" * 4 + whole[8:at] + b"\xff" * 4
    return head + whole[at + 4 :] + b"LIST" + struct.pack("<I", 4) + b"INFO"


SOUND = struct.pack("<h", 0x1234)
LISTED = b"LIST" + struct.pack("<I", 3) + b"abc"


@pytest.mark.parametrize(
    "content",
    [
        rf64(b"RF64", SOUND),
        rf64(b"BW64", SOUND),
        riff(shape(1, 1, 16000, 16), SOUND, LISTED),  # no byte makes its length even
        riff(shape(1, 1, 16000, 16), SOUND, b"data" + bytes(4)),
        riff(shape(0xFFFE, 1, 16000, 16) + b"\0\0", SOUND),
        riff(shape(1, 1, 16000, 12), SOUND),
        riff(shape(1, 1, 16000, 20)[:12] + b"\3\0\x14\0", b"\0" + SOUND),
        riff(shape(1, 1, 16000, 24)[:12] + b"\4\0\x18\0", b"\0\0" + SOUND),
        b"ID3\3\0\0\0\0\1\0" + bytes(128) + riff(shape(1, 1, 16000, 16), SOUND),
    ],
    ids=["RF64", "BW64", "odd", "two", "short", "12", "20", "24 in 32", "ID3"],
)
def test_files_of_other_programs_are_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    assert read_wav(tmp_path / "x.wav") == (AudioFormat(16000), SOUND)
