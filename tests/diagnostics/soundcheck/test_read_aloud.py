"""Voices of this machine read aloud: in turn, as in rooms, from the cache."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from satellite.diagnostics.soundcheck.read_aloud import Reading, SpeechCache, read_aloud
from satellite.diagnostics.soundcheck.reading_voices import ReadingVoice, reading_voices
from satellite.diagnostics.soundcheck.speech_texts import book, dialogue, read_sentences
from satellite.errors import UsageError
from satellite.lib import paths
from satellite.ports import EngineContext
from satellite.values import SPEECH, AudioChunk, SpeechRequest

TONE = (8000 * np.sin(np.arange(SPEECH.rate) / 3)).astype("<i2").tobytes()


class Speaks:
    """An engine that speaks for a second, and counts."""

    def __init__(self) -> None:
        self.spoken: list[tuple[str | None, str]] = []

    async def synthesize(self, request: SpeechRequest) -> AsyncIterator[AudioChunk]:
        self.spoken.append((request.voice, request.text))
        yield AudioChunk(audio=TONE, format=SPEECH)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


async def read(
    voices: Sequence[ReadingVoice], texts: Sequence[str], seconds: float
) -> list[Reading]:
    return [each async for each in read_aloud(voices, texts, seconds)]


async def test_every_voice_reads_every_text_once_and_the_same_again_from_the_cache() -> None:
    engine = Speaks()
    voices = [ReadingVoice(engine, "piper", "1", name) for name in ("joe", "amy")]
    first = await read(voices, ("a", "b", "c"), 1000)
    assert [(each.voice, each.text) for each in first] == [
        *(("piper joe", "a"), ("piper amy", "b"), ("piper joe", "c")),
        *(("piper amy", "a"), ("piper joe", "b"), ("piper amy", "c")),
    ]
    assert len(engine.spoken) == 6
    assert await read(voices, ("a", "b", "c"), 1000) == first
    assert len(engine.spoken) == 6, "speech is made once"
    other = [ReadingVoice(engine, "piper", "2", "joe")]
    await read(other, ("a",), 1000)
    assert len(engine.spoken) == 7, "another version of a voice speaks itself"


async def test_reading_ends_after_the_seconds_and_differs_in_level() -> None:
    voices = [ReadingVoice(Speaks(), "piper", "1", "joe")]
    found = await read(voices, [str(number) for number in range(20)], 9.5)
    seconds = [SPEECH.seconds(each.audio) for each in found]
    assert sum(seconds[:-1]) < 9.5 <= sum(seconds)
    levels = [np.frombuffer(each.audio, "<i2").std() for each in found]
    assert max(levels) > 2 * min(levels)


async def test_a_damaged_file_and_a_full_disk_cost_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Speaks()
    voice = ReadingVoice(engine, "piper", "1", "joe")
    folder = paths.cache_folder() / "wake-speech"
    [first] = await read([voice], ("a",), 1)
    [file] = folder.glob("*.wav")
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(b"RIFF")
    assert await read([voice], ("a",), 1) == [first]
    assert len(engine.spoken) == 2

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("satellite.diagnostics.soundcheck.read_aloud.atomic_write", full)
    assert len(await read([voice], ("b", "c"), 100)) == 2
    [warning] = [each for each in caplog.messages if "not cached" in each]
    assert "No space left" in warning


async def test_the_oldest_speech_makes_room(tmp_path: Path) -> None:
    for number in range(4):
        file = tmp_path / f"{number}.wav"
        file.write_bytes(bytes(100))
        os.utime(file, (number, number))
    SpeechCache(tmp_path, largest=250).limit()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["2.wav", "3.wav"]


async def test_espeak_reads_by_several_voices_without_a_cache(tmp_path: Path) -> None:
    async with reading_voices("espeak", EngineContext()) as voices:
        found = await read(voices, dialogue(), 12)
    assert len({each.voice for each in found}) > 1
    assert not list(tmp_path.rglob("*.wav"))
    async with reading_voices("espeak", EngineContext(language="de")) as voices:
        assert [each.name for each in voices][:2] == ["espeak de", "espeak de+m3"]


def test_the_texts_last_for_an_hour_by_several_voices_and_hold_no_wake_word() -> None:
    texts = (*dialogue(), *book())
    assert sum(len(text.split()) for text in texts) > 6000
    for word in ("nabu", "jarvis", "alexa", "mycroft", "rhasspy", "computer"):
        assert not [text for text in texts if word in text.lower()]


def test_a_text_of_ones_own_is_read_sentence_by_sentence(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("\ufeffGuten Morgen.\n\n - \n 你好。\n", encoding="utf-8")
    assert read_sentences(file) == ["Guten Morgen.", "你好。"]
    for content, reason in (
        (b"\n - \n", "has no text: write a sentence a line"),
        (b"\xff\xc0", "is no text in UTF-8"),
        (1_000_001 * b"a", "is larger than 1000 kB"),
    ):
        file.write_bytes(content)
        with pytest.raises(UsageError, match=reason):
            read_sentences(file)
    with pytest.raises(UsageError, match="No such file"):
        read_sentences(tmp_path / "none.txt")
