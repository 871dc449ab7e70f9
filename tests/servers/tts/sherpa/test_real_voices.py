"""Real voices by sherpa-onnx, joe of Piper and Kokoro: Whisper writes down what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from satellite.components import spec
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import SpeechRequest
from tests.bench.word_errors import errors
from tests.support.real_models import real_model
from tests.support.sherpa_voices import make_joe, make_kokoro

pytest.importorskip("sherpa_onnx")

ENGLISH = {
    "The lamp in the kitchen is on.": "the lamp in the kitchen is on",
    "Your timer for 20 minutes has ended.": "your timer for 20 minutes has ended",
    "It is cold outside; take your coat, please.": "it is cold outside take your coat please",
}
SPANISH = {"La luz de la cocina está encendida.": "la luz de la cocina esta encendida"}


@pytest.fixture(scope="module")
def ear() -> Any:
    folder = real_model("whisper-base")
    from faster_whisper import WhisperModel
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # otherwise it leaves a thread behind
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)


async def heard(ear: Any, component: str, text: str, language: str) -> tuple[str, float]:
    """Return what Whisper writes of a text, in plain letters, and how long the speech lasts."""
    models = ModelSettings(folder="/none", offline=True)
    engine: Any = spec.create("tts", f"sherpa-onnx:{component}", EngineContext(models=models))
    request = SpeechRequest(text=text, language=language)
    found = [chunk async for chunk in engine.synthesize(request)]
    await engine.close()
    rate = found[0].format.rate
    samples = np.frombuffer(b"".join(chunk.audio for chunk in found), "<i2") / np.float32(32768)
    segments, _ = ear.transcribe(
        soxr.resample(samples.astype(np.float32), rate, 16000), language=language, beam_size=5
    )
    text = "".join(segment.text for segment in segments).lower()
    plain = text.translate(str.maketrans("áéíóúñ", "aeioun")).replace("twenty", "20")
    return " ".join(re.findall(r"[a-z0-9]+", plain)), len(samples) / rate


@pytest.mark.timeout(300)
async def test_joe_of_piper_is_understood(tmp_path: Path, ear: Any) -> None:
    voice = make_joe(tmp_path / "joe")
    steady = f"{voice}?noise_scale=0&noise_scale_w=0"
    for text, expected in ENGLISH.items():
        words, seconds = await heard(ear, steady, text, "en")
        assert errors(expected.split(), words.split()) <= 1, "processors differ in what is heard"
    _, slower = await heard(ear, f"{steady}&rate=0.7", text, "en")
    assert slower / seconds > 1.15  # not 1.43: Piper rounds the length of each sound up


@pytest.mark.timeout(400)
async def test_kokoro_is_understood(tmp_path: Path, ear: Any) -> None:
    voice = make_kokoro(tmp_path / "kokoro")
    for (text, expected), speaker in zip(
        ENGLISH.items(), ("jf_alpha", "jm_kumo", "3"), strict=True
    ):
        words, _ = await heard(ear, f"{voice}?speaker={speaker}", text, "en")
        assert words == expected


@pytest.mark.timeout(300)
async def test_kokoro_of_many_languages_speaks_the_requested_one(tmp_path: Path, ear: Any) -> None:
    """Its speakers, who are Japanese, are named as one of Spain and four Americans."""
    names = ("ef_one", "af_two", "af_three", "af_four", "am_five")
    voice = make_kokoro(tmp_path / "kokoro", version=2, names=names)
    for text, expected in SPANISH.items():
        words, _ = await heard(ear, str(voice), text, "es")
        assert words == expected
