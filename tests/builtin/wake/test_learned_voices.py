"""Voices that taught how they say the wake word are heard with a lower score; others as before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from satellite.builtin.wake.learned_voices import (
    LOWEST,
    MOST_VOICES,
    REACH,
    WINDOWS,
    LearnedVoice,
    VoiceCheck,
    VoiceFile,
    learned,
)
from satellite.builtin.wake.learning import learn
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import TwoStage
from satellite.errors import UsageError
from satellite.ports import EngineContext
from tests.builtin.wake.feeding import detections, spoken
from tests.support.speech import silence, speak

WORD = "okay_nabu"
VOICE = "en-gb+m3"
"""A voice whose "okay nabu" gets scores from 0.16 to 0.3 at most paces."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def voice() -> LearnedVoice:
    """The voice, learned from three paces."""
    return asyncio.run(_learned())


async def _learned() -> LearnedVoice:
    engine = OpenWakeWord(OpenWakeWord.Options())
    paces = {str(pace): speak("okay nabu", VOICE, pace) for pace in (140, 155, 170)}
    taught = await learn(engine, WORD, "Ann", paces)
    await engine.close()
    assert all(0.1 < score < 0.5 for score in taught.scores.values())
    return taught.voice


def windows(seed: int, count: int = 4) -> list[np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """Return windows of embeddings that are alike for the same seed."""
    middle = np.random.default_rng(seed).normal(0, 10, (WINDOWS, 96))
    random = np.random.default_rng(99)
    return [(middle + random.normal(0, 2, middle.shape)).astype(np.float32) for _ in range(count)]


def test_a_similar_sound_needs_a_low_score_and_others_are_left_as_they_are() -> None:
    check = VoiceCheck([learned("Ann", WORD, [*windows(1), *windows(2)], 2)])
    before = np.zeros((REACH - WINDOWS, 96), np.float32)
    similar, other = (np.concatenate([windows(seed)[0], before]) for seed in (1, 3))
    assert check.similarity(similar) > 0.9
    assert check.similarity(other) < 0.3
    assert check.adjusted(LOWEST, similar) == 1.0
    assert check.adjusted(LOWEST / 2, similar) == LOWEST / 2
    assert check.adjusted(0.7, other) == 0.7


@pytest.mark.parametrize("kind", [OpenWakeWord, TwoStage])
async def test_a_learned_voice_is_heard_where_it_was_not(
    kind: type[OpenWakeWord] | type[TwoStage], voice: LearnedVoice
) -> None:
    VoiceFile("kitchen").add(voice)
    options = kind.Options(threshold=0.5)
    usual = kind(options)  # type: ignore[arg-type]
    knowing = kind(options, EngineContext(satellite="kitchen"))  # type: ignore[arg-type]
    said = spoken("okay nabu", VOICE, 147) + silence(0.5)
    assert await detections(usual, said) == []
    [found] = await detections(knowing, said)
    assert found.word == WORD
    guest = spoken("okay nabu", "en-us+m2", 170) + silence(0.5)
    assert len(await detections(usual, guest)) == 1
    assert len(await detections(knowing, guest)) == 1
    for text in ("what is the time now", "turn on the lamp in the kitchen"):
        assert await detections(knowing, spoken(text, VOICE)) == []
    await usual.close()
    await knowing.close()


async def test_recordings_without_the_word_are_refused() -> None:
    engine = OpenWakeWord(OpenWakeWord.Options())
    word = speak("okay nabu", "en-us+m2", 160)
    with pytest.raises(UsageError, match="3 to 10 recordings"):
        await learn(engine, WORD, "Ann", {"a": word, "b": word})
    with pytest.raises(UsageError, match="c: okay_nabu is not heard in it"):
        await learn(engine, WORD, "Ann", {"a": word, "b": word, "c": speak("good morning")})
    await engine.close()


def test_voices_are_stored_replaced_and_deleted(voice: LearnedVoice) -> None:
    file = VoiceFile("kitchen")
    file.add(voice)
    file.add(voice)
    assert file.read().voices == (voice,)
    assert file.path.stat().st_mode & 0o077 == 0
    file.remove("Ann")
    assert file.read().voices == ()
    with pytest.raises(UsageError, match="Ann"):
        file.remove("Ann")


def test_the_number_of_voices_is_limited() -> None:
    file = VoiceFile("kitchen")
    for number in range(MOST_VOICES):
        file.add(learned(f"Guest {number}", WORD, windows(1, 1), 1))
    with pytest.raises(UsageError, match="stored already"):
        file.add(learned("One more", WORD, windows(1, 1), 1))


def test_a_damaged_file_hears_no_one(voice: LearnedVoice) -> None:
    file = VoiceFile("kitchen")
    file.add(voice)
    file.path.write_bytes(file.path.read_bytes()[:500])
    assert file.read().voices == ()
