"""Sound of servers that do not send what was asked for."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.wavfile import wav_bytes
from satellite.errors import EngineFailed
from satellite.values import AudioFormat
from servers.tts.sound_stream import SoundStream
from tests.support.speech import tone

ASKED = AudioFormat(rate=24000)
SENT = AudioFormat(rate=22050)
TONE = tone(0.05)
WAV = wav_bytes(SENT, TONE)
MP3 = (bytes.fromhex("fff344c4") + bytes(92)) * 2
AAC = bytes.fromhex("fff15080049ffc") + bytes(29) + bytes.fromhex("fff15080049ffc") + bytes(29)


def heard(content: bytes, size: int, form: AudioFormat | None = None) -> tuple[bytes, set[int]]:
    stream = SoundStream("openai: http://x", form, "ask for pcm")
    chunks = [stream.push(content[at : at + size]) for at in range(0, len(content), size)]
    stream.end()
    found = [chunk for chunk in chunks if chunk is not None]
    return b"".join(chunk.audio for chunk in found), {chunk.format.rate for chunk in found}


def events(sound: bytes, line: str, end: str) -> bytes:
    """Return sound in base64, in events of a kind that real servers have."""
    parts = [sound[at : at + 999] for at in range(0, len(sound), 999)]
    kinds = [{"type": "speech.audio.delta", "audio": base64.b64encode(p).decode()} for p in parts]
    text = "".join(f"{line}{json.dumps(kind)}{end}{end}" for kind in kinds)
    done = f'{line}{{"type": "speech.audio.done", "usage": {{}}}}{end}{end}{line}[DONE]{end}{end}'
    return f": ping{end}{end}event: speech.audio.delta{end}{text}{done}".encode()


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize("line", ["data: ", "data:"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sound_in_events_is_read(size: int, line: str, end: str) -> None:
    assert heard(events(WAV, line, end), size) == (TONE, {SENT.rate})
    assert heard(events(TONE, line, end), size, ASKED) == (TONE, {ASKED.rate})


@pytest.mark.parametrize("size", [1, 13, 1 << 20])
def test_a_wav_file_in_place_of_samples_has_its_own_rate(size: int) -> None:
    assert heard(WAV, size, ASKED) == (TONE, {SENT.rate})


@given(size=st.integers(1, 3000))
def test_samples_are_the_same_in_pieces_of_any_size(size: int) -> None:
    assert heard(TONE, size, ASKED) == (TONE, {ASKED.rate})


def test_samples_that_resemble_the_beginning_of_a_frame_are_samples() -> None:
    for first in (bytes.fromhex("fff344c4"), bytes.fromhex("fffb90c4"), b"\xff\xff\xfe\xff"):
        assert heard(first + TONE, 4096, ASKED)[0] == first + TONE


@pytest.mark.parametrize("form", [None, ASKED])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (MP3, "MP3"),
        (b"ID3\x04\0\0\0\0\0\0\0\0" + MP3, "MP3"),
        (AAC, "AAC"),
        (b"OggS\0\x02" + bytes(60), "Ogg"),
        (b"fLaC\0\0\0\x22" + bytes(60), "FLAC"),
        (b"\0\0\0\x20ftypM4A " + bytes(60), "MP4"),
        (b'{"error": {"message": "no voice zf", "code": 400}}', "no voice zf"),
        (b'{"detail": "no voice zf"}', "no voice zf"),
        (b'{"message": "no voice zf"}', "no voice zf"),
        (b'{"a": 1}', "no sound"),
        (b"<!DOCTYPE html><title>Log in</title>", "Log in"),
        (b'data: {"error": {"message": "no voice zf"}}\n\n', "no voice zf"),
        (b'event: error\ndata: {"message": "no voice zf"}\n\n', "no voice zf"),
        (b'data: {"audio": "%%%"}\n\n', "base64"),
    ],
)
def test_what_is_no_sound_is_refused_by_name(
    content: bytes, says: str, form: AudioFormat | None
) -> None:
    with pytest.raises(EngineFailed, match=says):
        heard(content, 1 << 20, form)


def test_samples_in_place_of_a_wav_file_name_the_option() -> None:
    with pytest.raises(EngineFailed, match=r"openai: http://x: .*ask for pcm"):
        heard(TONE, 4096)


@given(content=st.binary(max_size=300), size=st.integers(1, 300))
def test_arbitrary_bytes_raise_nothing_else(content: bytes, size: int) -> None:
    for form in (None, ASKED):
        try:
            heard(content, size, form)
        except EngineFailed:
            pass
