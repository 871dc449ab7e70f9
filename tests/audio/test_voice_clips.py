"""Clips of cloned voices: which are taken, and how they are stored."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.voice_clips import LARGEST, MOST, ClipStore, StoredClip
from satellite.audio.wavfile import read_wav, wav_bytes
from satellite.errors import AudioFileError, SatelliteError, UsageError
from satellite.values import AudioFormat
from tests.support.speech import tone

CLIP = StoredClip(text="what it says", language="en")


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    return ClipStore(tmp_path / "voices")


def wav(folder: Path, seconds: float, *, rate: int = 16000, channels: int = 1) -> Path:
    """Write a tone; its pitch follows the rate."""
    samples = np.frombuffer(tone(seconds * rate / 16000), "<i2").repeat(channels)
    file = folder / "clip.wav"
    file.write_bytes(wav_bytes(AudioFormat(rate, channels), samples.tobytes()))
    return file


@pytest.mark.parametrize(
    ("rate", "channels", "stored"),
    [(16000, 1, 16000), (44100, 2, 44100), (48000, 1, 48000), (96000, 2, 48000)],
)
def test_a_clip_is_stored_with_one_channel(
    store: ClipStore, tmp_path: Path, rate: int, channels: int, stored: int
) -> None:
    made = store.add("anna", wav(tmp_path, 4.0, rate=rate, channels=channels), CLIP)
    form, audio = read_wav(made.path)
    assert form == AudioFormat(stored)
    assert form.seconds(audio) == pytest.approx(4.0, abs=0.001)
    assert made.rate == stored
    assert made.seconds == pytest.approx(4.0, abs=0.001)
    assert made.path.stat().st_mode & 0o077 == 0
    (voice,) = store.voices().values()
    assert (voice.ref_audio_path, voice.prompt_text, voice.prompt_lang) == (
        str(made.path),
        "what it says",
        "en",
    )


def test_floating_point_numbers_are_converted(store: ClipStore, tmp_path: Path) -> None:
    samples = (np.frombuffer(tone(4.0), "<i2") / 32768).astype("<f4").tobytes()
    head = struct.pack("<HHIIHH", 3, 1, 16000, 64000, 4, 32)
    file = tmp_path / "float.wav"
    file.write_bytes(
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0"
        + head
        + b"data"
        + struct.pack("<I", len(samples))
        + samples
    )
    assert read_wav(store.add("anna", file, CLIP).path)[0] == AudioFormat(16000)


@pytest.mark.parametrize(
    ("seconds", "more", "says"),
    [
        (2.9, {}, "lasts 2.9 s: cut it to 3 to 10 s"),
        (10.1, {}, "lasts 10.1 s: cut it to 3 to 10 s"),
        (61, {}, "longer than 60 s"),
        (4, {"channels": 3}, "3 channels"),
        (4, {"rate": 8000}, "8000 Hz: record the voice at 16000 Hz"),
    ],
)
def test_other_clips_are_refused(
    store: ClipStore, tmp_path: Path, seconds: float, more: dict[str, int], says: str
) -> None:
    with pytest.raises(AudioFileError, match=says):
        store.add("anna", wav(tmp_path, seconds, **more), CLIP)
    assert not store.clips()
    assert not store.path_of("anna").exists()


@pytest.mark.parametrize("seconds", [3.0, 10.0])
def test_the_limits_themselves_are_taken(store: ClipStore, tmp_path: Path, seconds: float) -> None:
    assert store.add("anna", wav(tmp_path, seconds), CLIP).seconds == seconds


@pytest.mark.parametrize(
    ("audio", "says"),
    [
        (bytes(2 * 16000 * 4), "is silent"),
        (tone(4.0, level=0.005), "is silent"),
        (tone(0.5) + bytes(2 * 16000 * 4), "0.5 s of sound and is silent otherwise"),
    ],
)
def test_silence_is_refused(store: ClipStore, tmp_path: Path, audio: bytes, says: str) -> None:
    file = tmp_path / "clip.wav"
    file.write_bytes(wav_bytes(AudioFormat(16000), audio))
    with pytest.raises(AudioFileError, match=says):
        store.add("anna", file, CLIP)


@pytest.mark.parametrize("content", [b"", b"<html>", b"RIFF\0\0\0\0WAVE", bytes(1000)])
def test_files_of_another_kind_are_refused(
    store: ClipStore, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "clip.wav"
    file.write_bytes(content)
    with pytest.raises(AudioFileError):
        store.add("anna", file, CLIP)
    with pytest.raises(AudioFileError, match="cannot read"):
        store.add("anna", tmp_path, CLIP)
    with pytest.raises(AudioFileError, match="cannot read"):
        store.add("anna", tmp_path / "missing.wav", CLIP)


def test_a_huge_file_is_refused(store: ClipStore, tmp_path: Path) -> None:
    file = tmp_path / "clip.wav"
    with file.open("wb") as stream:
        stream.truncate(LARGEST + 2)
    with pytest.raises(AudioFileError, match="larger than 64 MB"):
        store.add("anna", file, CLIP)


def test_a_voice_is_not_replaced_by_accident(store: ClipStore, tmp_path: Path) -> None:
    file = wav(tmp_path, 4.0)
    store.add("anna", file, CLIP)
    with pytest.raises(UsageError, match="satellite voices remove anna"):
        store.add("anna", file, CLIP)
    store.remove("anna")
    assert not store.path_of("anna").exists()
    with pytest.raises(UsageError, match="no voice anna is stored here"):
        store.remove("anna")


def test_names_that_leave_the_folder_are_not_stored(store: ClipStore, tmp_path: Path) -> None:
    file = wav(tmp_path, 4.0)
    for name in ("../anna", "", "a/b", "anna\n", "a" * 65):
        with pytest.raises(UsageError, match="no name of a voice"):
            store.add(name, file, CLIP)
    assert not store.clips()
    assert [*tmp_path.rglob("*.wav")] == [file]


def test_a_clip_whose_words_cannot_be_stored_is_not_either(
    store: ClipStore, tmp_path: Path
) -> None:
    with pytest.raises(SatelliteError, match="cannot be written"):
        store.add("anna", wav(tmp_path, 4.0), StoredClip(text=""))
    assert not store.path_of("anna").exists()


def test_the_number_of_voices_is_bounded(store: ClipStore, tmp_path: Path) -> None:
    entries = ", ".join(f'"v{number}": {{"text": "x"}}' for number in range(MOST))
    store.folder.mkdir()
    (store.folder / "voices.json").write_text(f"{{{entries}}}")
    with pytest.raises(UsageError, match="100 voices"):
        store.add("anna", wav(tmp_path, 4.0), CLIP)


def test_what_can_be_used_of_a_broken_file_is(store: ClipStore) -> None:
    store.folder.mkdir()
    (store.folder / "voices.json").write_text(
        '{"anna": {"text": "hello"}, "../bob": {"text": "x"}, "eve": {"text": 3}, "al": {}}'
    )
    assert store.clips() == {"anna": StoredClip(text="hello")}
    assert len([*store.folder.glob("voices.json.unusable-*")]) == 1
    assert ClipStore(store.folder).clips() == {"anna": StoredClip(text="hello")}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_voices_or_set_aside(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("clips")
    (folder / "voices.json").write_bytes(content)
    assert isinstance(ClipStore(folder).voices(), dict)
