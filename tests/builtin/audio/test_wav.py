"""WAV files as microphone and speaker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

import pytest

from satellite.builtin.audio.wav import WavMic, WavSpeaker, read_wav, write_wav
from satellite.errors import AudioFileError, DeviceLost
from satellite.values import SPEECH, AudioFormat
from tests.support.sound import tone


def mic(path: Path, pace: float = 1.0) -> WavMic:
    return WavMic(WavMic.Options(path=str(path), pace=pace))


def speaker(path: Path, pace: float = 0.0) -> WavSpeaker:
    return WavSpeaker(WavSpeaker.Options(path=str(path), rate=16000, pace=pace))


async def test_the_file_is_played_at_its_pace_and_then_silence(tmp_path: Path) -> None:
    sound = tone(440, 0.5)
    write_wav(tmp_path / "in.wav", SPEECH, sound)
    source = mic(tmp_path / "in.wav", pace=4)
    assert await source.open() == SPEECH
    began, heard = monotonic(), b""
    while not source.finished:
        heard += await source.read()
    assert heard == sound
    assert monotonic() - began == pytest.approx(0.5 / 4, abs=0.1)
    assert monotonic() - began >= 0.5 / 4 - 0.01
    silence = [await source.read() for _ in range(5)]
    assert set(b"".join(silence)) == {0}
    assert source.finished
    await source.close()
    await source.close()


async def test_a_late_reader_catches_up(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", SPEECH, tone(440, 0.4))
    source = mic(tmp_path / "in.wav")
    await source.open()
    began = monotonic()
    await asyncio.sleep(0.2)
    while not source.finished:
        await source.read()
    assert monotonic() - began == pytest.approx(0.4, abs=0.1)
    await source.close()


async def test_reopening_restarts_the_file(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", SPEECH, tone(440, 0.1))
    source = mic(tmp_path / "in.wav", pace=100)
    chunks = []
    for _ in range(2):
        await source.open()
        chunks.append(await source.read())
        await source.close()
    assert chunks[0] == chunks[1]
    with pytest.raises(DeviceLost):
        await source.read()


async def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="No such file"):
        await mic(tmp_path / "no.wav").open()
    with pytest.raises(AudioFileError, match="is missing"):
        await speaker(tmp_path / "no" / "out.wav").open()


async def test_sound_is_appended_after_the_old_content_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "out.wav"
    file.write_bytes(b"something else")
    sink = speaker(file)
    for word in (b"\1\0", b"\2\0", b"\3\0"):
        assert await sink.open() == SPEECH
        await sink.write(word * 100)
        assert read_wav(file)[1].endswith(word * 100)
        await sink.drain()
        await sink.close()
        await sink.close()
    assert read_wav(file) == (SPEECH, b"\1\0" * 100 + b"\2\0" * 100 + b"\3\0" * 100)
    with pytest.raises(DeviceLost):
        await sink.write(b"\0\0")


async def test_without_a_pace_sound_is_taken_at_once(tmp_path: Path) -> None:
    sink = speaker(tmp_path / "out.wav")
    await sink.open()
    began = monotonic()
    await sink.write(bytes(AudioFormat(16000).bytes_of(60)))
    await sink.drain()
    assert monotonic() - began < 1
    assert sink.underruns == 0
    await sink.close()


async def test_with_a_pace_it_takes_sound_as_a_device_does(tmp_path: Path) -> None:
    sink = speaker(tmp_path / "out.wav", pace=4)
    await sink.open()
    began = monotonic()
    await sink.write(tone(440, 0.2))
    assert monotonic() - began < 0.05
    await sink.write(tone(440, 0.6))
    assert monotonic() - began >= 0.6 / 4 - 0.01
    await sink.drain()
    assert 0.8 / 4 - 0.01 <= monotonic() - began < 0.4
    assert sink.underruns == 0
    await sink.close()


async def test_stopping_cuts_samples_that_are_not_due(tmp_path: Path) -> None:
    sink = speaker(tmp_path / "out.wav", pace=1)
    await sink.open()
    await sink.write(tone(440, 0.3))
    await sink.stop()
    await sink.write(b"\7\0" * 160)
    await sink.close()
    audio = read_wav(tmp_path / "out.wav")[1]
    assert SPEECH.seconds(audio) < 0.25
    assert audio.endswith(b"\7\0" * 160)


async def test_late_sound_is_an_underrun(tmp_path: Path) -> None:
    sink = speaker(tmp_path / "out.wav", pace=1)
    await sink.open()
    await sink.write(tone(440, 0.01))
    await asyncio.sleep(0.03)
    await sink.write(tone(440, 0.01))
    assert sink.underruns == 1
    await sink.drain()
    await asyncio.sleep(0.03)
    await sink.write(tone(440, 0.01))  # another piece of sound
    assert sink.underruns == 1
    await sink.close()
