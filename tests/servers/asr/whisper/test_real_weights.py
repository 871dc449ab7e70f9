"""Whisper with real weights: names only where they were said, and no text for other sounds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator

import numpy as np
import pytest

from satellite.builtin.vad.silero import SileroVad
from satellite.values import SPEECH, TranscribeRequest
from servers.asr.whisper.engine import FasterWhisper
from tests.support.engines import ScriptedWake
from tests.support.nonspeech import NONSPEECH, nonspeech
from tests.support.real_models import real_model
from tests.support.real_voice import VOICE, speak_all
from tests.support.tape import utterances

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


@pytest.mark.parametrize("kind", NONSPEECH)
async def test_sound_without_speech_is_no_text(whisper: FasterWhisper, kind: str) -> None:
    assert {await transcript(whisper, nonspeech(kind, 4.0, seed)) for seed in range(2)} == {""}


async def test_a_television_behind_a_wall_is_no_request(whisper: FasterWhisper) -> None:
    """After a wake word, the satellite sends what its own voice detector takes for a request."""
    wake, vad = ScriptedWake((2 * SPEECH.rate,)), SileroVad(SileroVad.Options())
    for seed in range(3):
        quiet = bytes(SPEECH.bytes_of(2.0))
        television = nonspeech("next room", 5.0, seed)
        (found,) = await utterances(quiet + television + quiet, wake, vad)
        assert await transcript(whisper, found[1]) == ""


async def test_a_request_over_a_television_is_written(
    whisper: FasterWhisper, spoken: dict[str, bytes]
) -> None:
    for text in REQUESTS:
        request = np.frombuffer(spoken[text], "<i2").astype(np.int32)
        behind = np.frombuffer(nonspeech("next room", 5.0, 1), "<i2")[: len(request)]
        both = (request + behind).clip(-32768, 32767).astype("<i2").tobytes()
        written = await transcript(whisper, both)
        assert written.split()[:2] == REQUESTS[text].split()[:2]  # some are misheard, none rejected
