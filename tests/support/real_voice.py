"""Speech by the real Piper voice en_US-joe-medium, the same at every call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from satellite.audio.resample import Resampler
from satellite.values import SPEECH, SpeechRequest
from servers.tts.piper.engine import Piper

VOICE = "piper-en_US-joe-medium"
"""Its name in `tests.support.real_models`."""

AUDIBLE = 150
"""Amplitude from which a sample belongs to the speech."""
LEAD, TRAIL = 160, 320
"""Samples (10 and 20 ms) that remain before and after the speech."""


async def speak_all(folder: Path, texts: Sequence[str], length_scale: float = 1.0) -> list[bytes]:
    """Speak texts without variation: 16 kHz mono, without the silence around the speech.

    `folder` is the voice's, as `real_model(VOICE)` returns it; `length_scale` above 1 is slower.
    """
    options = Piper.Options(
        voice=str(folder / "en_US-joe-medium.onnx"),
        noise_scale=0.0,
        noise_w_scale=0.0,
        length_scale=length_scale,
    )
    piper = Piper(options)
    await piper.load()
    try:
        return [await _speak(piper, text) for text in texts]
    finally:
        await piper.close()


async def _speak(piper: Piper, text: str) -> bytes:
    chunks = [chunk async for chunk in piper.synthesize(SpeechRequest(text=text))]
    resampler = Resampler(chunks[0].format, SPEECH)
    audio = b"".join(resampler.convert(chunk.audio) for chunk in chunks) + resampler.flush()
    samples = np.frombuffer(audio, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE)
    return samples[max(0, loud[0] - LEAD) : loud[-1] + TRAIL].tobytes()
