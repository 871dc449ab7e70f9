"""Doubtful texts are decoded again at other temperatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.decoding import MAX_TOKENS, Decoder, DecodingOptions, token_limit
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Encoded, Floats, Model
from servers.asr.whisper.quality import Attempt, Thresholds, rejection
from servers.asr.whisper.tokens import Prompt
from servers.asr.whisper.windows import BRIEF, LONGEST, RATE
from tests.servers.asr.whisper.conftest import ONE
from tests.support.speech import speak
from tests.support.whisper_model import Manner, made_whisper


def no_prompt(language: str | None) -> Prompt:
    return Prompt(before=())


class Watched(BatchScheduler):
    """A scheduler that counts the encodings and records the temperature of each decoding."""

    def __init__(self, model: Model) -> None:
        super().__init__(model, Machine("cpu", "int8", threads=1, workers=1))
        self.windows = 0
        self.seconds: list[float] = []
        """Lengths of the windows."""
        self.temperatures: list[float] = []

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        found = await super().call(function, *arguments)
        if function.__name__ == "encode":
            self.windows += 1
            self.seconds.append(found.shape[1] / 50)
        return found

    async def generate(self, encoded: Encoded, prompt: Any, search: Any, token_limit: int) -> Any:
        self.temperatures.append(search.temperature)
        return await super().generate(encoded, prompt, search, token_limit)


@pytest.fixture(scope="module")
def sound() -> Floats:
    spoken = np.frombuffer(speak("turn on the lamp", "en-us"), "<i2")
    return spoken.astype(np.float32) / np.float32(32768)


async def decode(
    model: Model,
    sound: Floats,
    options: DecodingOptions,
    language: str | None = "en",
    brief: int = BRIEF,
) -> tuple[Watched, Attempt]:
    batches = Watched(model)
    decoder = Decoder(model, batches, options, brief)
    try:
        attempt, spoken = await decoder.decode(sound, no_prompt, language)
    finally:
        await batches.close()
    assert spoken == "en"
    return batches, attempt


async def test_a_good_text_is_decoded_once(model: Model, sound: Floats) -> None:
    batches, attempt = await decode(model, sound, DecodingOptions())
    assert (batches.windows, batches.temperatures) == (1, [0.0])
    assert attempt.ended


async def test_brief_sound_is_decoded_in_a_short_window(model: Model, sound: Floats) -> None:
    batches, attempt = await decode(model, sound, DecodingOptions())
    assert batches.seconds == [15.0]
    assert attempt.ended


async def test_a_doubtful_text_of_a_short_window_is_decoded_in_a_whole_one(sound: Floats) -> None:
    model = Model(made_whisper(Manner(certainty=2.0)), ONE)
    batches, attempt = await decode(model, sound, DecodingOptions())
    assert batches.seconds == [15.0, 30.0]
    _, whole = await decode(model, sound, DecodingOptions(), brief=0)
    assert attempt == whole


@pytest.mark.parametrize(("times", "language"), [(8, "en"), (1, None)])
async def test_long_sound_or_an_unknown_language_takes_a_whole_window(
    model: Model, sound: Floats, times: int, language: str | None
) -> None:
    long = np.tile(sound, times)
    batches, _ = await decode(model, long, DecodingOptions(), language)
    assert batches.seconds == [30.0]


async def test_the_language_is_detected_by_default(model: Model, sound: Floats) -> None:
    await decode(model, sound, DecodingOptions(), language=None)


async def test_a_doubtful_text_is_tried_at_every_temperature(sound: Floats) -> None:
    model = Model(made_whisper(Manner(certainty=2.0)), ONE)
    batches, _ = await decode(model, sound, DecodingOptions(temperatures=(0.0, 0.5, 1.0)), brief=0)
    assert batches.temperatures == [0.0, 0.5, 1.0]
    assert batches.windows == 1, "encoded once"


async def test_a_text_without_end_is_rejected(sound: Floats) -> None:
    model = Model(made_whisper(Manner(endless=True, words=(("so",),))), ONE)
    _, attempt = await decode(model, sound, DecodingOptions())
    assert len(attempt.tokens) == token_limit(len(sound))
    assert rejection(attempt, 1.0, Thresholds()) == "repeats itself"


async def test_a_window_without_speech_is_decoded_once(sound: Floats) -> None:
    model = Model(made_whisper(Manner(certainty=2.0, no_speech=True)), ONE)
    batches, attempt = await decode(model, sound, DecodingOptions(temperatures=(0.0, 0.5)), brief=0)
    assert batches.temperatures == [0.0]
    assert rejection(attempt, 1.0, Thresholds()) == "no speech"


def test_the_token_limit_exceeds_fast_speech() -> None:
    assert token_limit(0) > 20
    assert token_limit(2 * RATE) > 2 * 25
    assert token_limit(LONGEST) == MAX_TOKENS
