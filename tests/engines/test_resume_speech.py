"""A sentence whose voice died goes on with the next voice where it broke off."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import numpy as np
import pytest

from satellite.engines.resume_speech import DONE, PACE, PlayedSpeech, SpeechRates, skipping
from satellite.values import SPEECH, AudioChunk

TEXT = "a sentence of forty characters, with end"


async def spoken(audio: bytes, chunk: float = 0.05) -> AsyncGenerator[AudioChunk, None]:
    size = SPEECH.bytes_of(chunk)
    for start in range(0, len(audio), size):
        yield AudioChunk(audio=audio[start : start + size], format=SPEECH)


async def rest_of(audio: bytes, skip: float) -> bytes:
    return b"".join([chunk.audio async for chunk in skipping(spoken(audio), skip)])


def level(value: int, seconds: float) -> bytes:
    return np.full(int(seconds * SPEECH.rate), value, "<i2").tobytes()


@pytest.mark.parametrize("skip", [0.0, 0.02, 0.5, 0.99, 1.0, 1.5])
async def test_so_much_is_left_out_to_the_sample_where_there_is_no_pause(skip: float) -> None:
    audio = b"".join(level(5000 + n, 0.01) for n in range(100))
    assert await rest_of(audio, skip) == audio[SPEECH.bytes_of(min(skip, 1.0)) :]


async def test_it_goes_on_at_the_pause_nearby() -> None:
    audio = level(9000, 0.8) + level(0, 0.1) + level(8000, 0.6) + level(0, 0.1) + level(7000, 0.4)
    rest = np.frombuffer(await rest_of(audio, 1.1), "<i2")
    first_sound = rest[np.flatnonzero(rest)[0]]
    assert first_sound == 8000, "from the word on that was being said"
    assert 9000 not in rest


async def test_nothing_at_all_is_left_of_silence() -> None:
    assert await rest_of(b"", 1.0) == b""


def test_a_voice_that_is_quicker_is_further() -> None:
    paces = SpeechRates()
    paces.learn("slow", TEXT, 4.0)
    paces.learn("quick", TEXT, 2.0)
    heard = PlayedSpeech(TEXT, paces)
    assert heard.begin("slow") == 0.0
    heard.add(2.0)
    assert heard.begin("quick") == pytest.approx(1.0)
    heard.add(0.5)
    assert heard.begin("slow") == pytest.approx(3.0), "three quarters were heard of two voices"
    assert not heard.whole
    heard.add(DONE * 4.0 - 3.0)
    assert heard.whole


def test_voices_that_are_not_known_are_taken_to_be_alike() -> None:
    heard = PlayedSpeech(TEXT, SpeechRates())
    heard.begin("one")
    heard.add(1.0)
    assert heard.begin("other") == pytest.approx(1.0)
    heard.add(10 * len(TEXT) / PACE)
    assert not heard.whole, "nobody knows how long they take"
