"""Whisper with real weights: names appear only where they were said, and silence is no text."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator

import numpy as np
import pytest

from satellite.values import SPEECH, TranscribeRequest
from servers.asr.whisper.engine import FasterWhisper
from tests.support.real_models import real_model
from tests.support.real_voice import VOICE, speak_all

pytestmark = pytest.mark.timeout(300)

NAMES = ("room", "bathroom", "kitchen", "living room", "lamp", "coffee machine", "garage")

REQUESTS = {
    "turn on the living room lamp": "turn on the living room lamp",
    "what time is it": "what time is it",
    "set a timer for ten minutes": "set a timer for 10 minutes",
    "what will the weather be like tomorrow": "what will the weather be like tomorrow",
    "who wrote romeo and juliet": "who wrote romeo and juliet",
}
"""Spoken text, and as Whisper spells it."""


@pytest.fixture(scope="module")
def spoken() -> dict[str, bytes]:
    """The requests, spoken by Piper without variation: 16 kHz mono."""
    sounds = asyncio.run(speak_all(real_model(VOICE), list(REQUESTS)))
    return dict(zip(REQUESTS, map(padded, sounds), strict=True))


def padded(speech: bytes) -> bytes:
    return bytes(SPEECH.bytes_of(0.3)) + speech + bytes(SPEECH.bytes_of(0.5))


@pytest.fixture
async def whisper() -> AsyncGenerator[FasterWhisper, None]:
    model = real_model("whisper-tiny.en")
    engine = FasterWhisper(FasterWhisper.Options(model=str(model), language="en"))
    await engine.load()
    yield engine
    await engine.close()


async def transcript(engine: FasterWhisper, audio: bytes) -> str:
    async def feed() -> AsyncIterator[bytes]:
        for start in range(0, len(audio), 6400):
            yield audio[start : start + 6400]

    request = TranscribeRequest(language="en", names=NAMES)
    texts = [part.text async for part in engine.transcribe(feed(), request) if part.final]
    return " ".join(re.findall(r"[a-z0-9']+", texts[-1].lower()))


async def test_requests_are_written_as_said_beside_set_names(
    whisper: FasterWhisper, spoken: dict[str, bytes]
) -> None:
    written = {text: await transcript(whisper, audio) for text, audio in spoken.items()}
    assert written == REQUESTS


@pytest.mark.parametrize("kind", ["silence", "noise", "hum", "clicks"])
async def test_sound_without_speech_is_no_text(whisper: FasterWhisper, kind: str) -> None:
    seconds = np.arange(3 * SPEECH.rate) / SPEECH.rate
    random = np.random.default_rng(0)
    sounds = {
        "silence": np.zeros(len(seconds)),
        "noise": random.normal(0, 800, len(seconds)),
        "hum": sum(2000 * np.sin(2 * np.pi * f * seconds) for f in (50, 100, 150)),
        "clicks": 12000.0 * (random.random(len(seconds)) < 0.0005),
    }
    audio = sounds[kind].clip(-32768, 32767).astype("<i2").tobytes()
    assert await transcript(whisper, audio) == ""
