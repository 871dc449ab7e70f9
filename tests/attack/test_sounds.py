"""Sound of strangers: one limit of formats and lengths at every door, and no long step of work."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from wyoming.audio import AudioStart

from satellite.audio.cues import Cues
from satellite.audio.playback import Playback
from satellite.audio.resample import Resampler
from satellite.audio.wavfile import parse_wav, read_wav
from satellite.builtin.audio.wav import WavMic
from satellite.errors import (
    AudioFileError,
    BadFrame,
    ConfigError,
    DeviceMissing,
    EngineFailed,
    UsageError,
)
from satellite.http.request_body import SLICE, SMALL, read_facts
from satellite.lib.decoding import from_json
from satellite.net.formats import format_of
from satellite.values import AudioChunk, AudioFormat
from tests.support.devices import ScriptedSpeaker

MB = 2**20
STRANGE = [(1, 1), (100, 1), (3999, 1), (384_001, 1), (8_000_000, 1), (2**32 - 1, 1), (16000, 33)]
STRANGE += [(0, 1), (16000, 0), (16000, 65535), (2**32 - 1, 65535)]
"""Rates in Hz and channels that no door accepts."""
USUAL = [(4000, 1), (16000, 1), (44100, 2), (384_000, 32)]


def wav(rate: int, channels: int, data: bytes, bits: int = 16) -> bytes:
    """Return a WAV file, with whatever its header claims."""
    frame = channels * bits // 8
    shape = struct.pack(
        "<HHIIHH", 1, channels, rate, (rate * frame) & 0xFFFFFFFF, frame & 0xFFFF, bits
    )
    chunks = b"fmt " + struct.pack("<I", 16) + shape + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(("rate", "channels"), STRANGE)
async def test_no_door_takes_a_strange_format(rate: int, channels: int, tmp_path: Path) -> None:
    file = tmp_path / "awake.wav"
    file.write_bytes(wav(rate, channels, bytes(64 * max(1, channels))))
    with pytest.raises(AudioFileError):
        read_wav(file)
    with pytest.raises(ConfigError):
        Cues(str(tmp_path))
    with pytest.raises(AudioFileError):
        await WavMic(WavMic.Options(path=str(file))).open()
    with pytest.raises(BadFrame):
        format_of(AudioStart(rate=rate, width=2, channels=channels))
    form = AudioFormat(rate, channels)
    speaker = ScriptedSpeaker()
    output = Playback(speaker, lambda event: None)
    with pytest.raises(EngineFailed):
        await output.play_clip(AudioChunk(audio=bytes(64), format=form))
    assert not speaker.heard
    with pytest.raises(DeviceMissing):
        await Playback(ScriptedSpeaker(form), lambda event: None).open()
    await output.close()


@pytest.mark.parametrize(("rate", "channels"), USUAL)
def test_every_door_takes_a_usual_format(rate: int, channels: int) -> None:
    form, audio = parse_wav(wav(rate, channels, bytes(8 * 2 * channels)), "it")
    assert (form, len(audio)) == (AudioFormat(rate, channels), 8 * 2 * channels)
    assert format_of(AudioStart(rate=rate, width=2, channels=channels)) == form


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_the_length_of_a_sound_is_limited_in_seconds(bits: int) -> None:
    whole = wav(8000, 1, bytes(8000 * bits // 8), bits)
    assert parse_wav(whole, "it", 1.0)[0] == AudioFormat(8000)
    with pytest.raises(AudioFileError, match=r"lasts 1 s, longer than 0\.5 s"):
        parse_wav(whole, "it", 0.5)


def test_a_file_of_empty_chunks_takes_no_time() -> None:
    # each `data` of no length asks whether only whole chunks follow: the square of two millions
    with pytest.raises(AudioFileError):
        parse_wav(b"RIFF\0\0\0\0WAVE" + b"data\0\0\0\0" * (2 * MB), "it")


async def test_minutes_of_sound_are_converted_in_small_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    convert = Resampler.convert

    def counted(self: Resampler, audio: bytes) -> bytes:
        sizes.append(len(audio))
        return convert(self, audio)

    monkeypatch.setattr(Resampler, "convert", counted)
    form = AudioFormat(4000)
    speaker = ScriptedSpeaker(AudioFormat(48000))

    async def sound() -> AsyncGenerator[AudioChunk, None]:
        yield AudioChunk(audio=bytes(form.bytes_of(30)), format=form)

    output = Playback(speaker, lambda event: None)
    async with aclosing(sound()) as audio:
        await output.play(audio)
    await output.close()
    assert sum(sizes) == form.bytes_of(30)
    assert max(sizes) <= form.bytes_of(0.1)
    assert abs(len(speaker.heard) / 2 / 48000 - 30) < 0.1


async def test_a_sound_in_pieces_is_the_sound_at_once() -> None:
    source, target = AudioFormat(22050, 2), AudioFormat(48000)
    audio = bytes(range(256)) * 500
    whole = Resampler(source, target)
    expected = whole.convert(audio) + whole.flush()
    speaker = ScriptedSpeaker(target)
    output = Playback(speaker, lambda event: None)
    await output.play_clip(AudioChunk(audio=audio, format=source))
    await output.close()
    assert speaker.heard == expected


BIG = base64.b64encode(bytes(range(256)) * 40_000)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":[' + b"1," * 4_000_000 + b"1]}",
        b"{" + b",".join(b'"a%d":1' % i for i in range(100_000)) + b"}",
        b'{"text":"' + b"x" * MB + b'"}',
        b'{"text":"' + b"x" * MB + b'","wav":"AAAA"}',
        b'{"wav":["' + BIG + b'"]}',
        b'{"wav" "' + BIG + b'"}',
        b'{"wav":"' + BIG,
        b'{"wav":"A' + BIG + b'"}',
        b'{"wav":"AA==' + BIG + b'"}',
        b'{"wav":"\xff' + BIG + b'"}',
        b'{"text":"\\"wav\\":\\"' + BIG + b'"}',
        b"[" * MB,
        b'{"a":' + b"[" * 50_000,
        b"null",
        b"7",
        b"\xff\xfe",
    ],
)
async def test_a_big_or_broken_body_is_refused_without_decoding_it(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def counted(text: bytes, kind: type[object]) -> object:
        sizes.append(len(text))
        return from_json(text, kind)

    monkeypatch.setattr("satellite.http.request_body.from_json", counted)
    with pytest.raises(UsageError):
        await read_facts(body)
    assert all(size <= SMALL for size in sizes)


@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, SMALL, 3 * MB + 1])
async def test_a_sound_in_base64_arrives_whole(size: int, escaped: bool) -> None:
    sound = (b"\xff\xfe\xfd" + bytes(range(250))) * (size // 253 + 1)
    sound = sound[:size]
    text = json.dumps({"chime": False, "wav": base64.b64encode(sound).decode(), "to": "all"})
    body = (text.replace("/", "\\/") if escaped else text).encode()
    assert await read_facts(body) == {"chime": False, "wav": sound, "to": "all"}


async def test_base64_is_decoded_off_the_loop_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    decode = binascii.a2b_base64

    def counted(part: bytes, *, strict_mode: bool) -> bytes:
        sizes.append(len(part))
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return decode(part, strict_mode=strict_mode)

    monkeypatch.setattr(binascii, "a2b_base64", counted)
    facts = await read_facts(b'{"wav":"' + BIG + b'"}')
    assert len(facts["wav"]) == 256 * 40_000
    assert max(sizes) <= SLICE
