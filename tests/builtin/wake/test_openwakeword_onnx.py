"""openWakeWord's .onnx models; needs the extra `openwakeword`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satellite.builtin.wake.openwakeword_onnx import OpenWakeWordOnnx
from satellite.builtin.wake.tflite import package_folder
from satellite.errors import EngineFailed, ModelMissing
from tests.builtin.wake.feeding import detections, spoken
from tests.support import recordings
from tests.support.speech import noise, silence, speak

for requirement in OpenWakeWordOnnx.requires:
    if hint := requirement.missing():
        pytest.skip(hint, allow_module_level=True)

MODELS = package_folder("openwakeword") / "resources" / "models"

_UPSTREAM = """
import sys, wave
import numpy as np
from openwakeword.model import Model
samples = np.frombuffer(sys.stdin.buffer.read(), "<i2")
model = Model(wakeword_model_paths=[sys.argv[1]])
for start in range(0, len(samples), 1280):
    print(*model.predict(samples[start : start + 1280]).values())
"""


@asynccontextmanager
async def engine(**options: Any) -> AsyncIterator[OpenWakeWordOnnx]:
    """Load an engine."""
    made = OpenWakeWordOnnx(OpenWakeWordOnnx.Options(**options))
    await made.load()
    try:
        yield made
    finally:
        await made.close()


def upstream_scores(model: Path, audio: bytes) -> list[float]:
    """Return the scores of the package openwakeword itself, hop by hop."""
    command = [sys.executable, "-c", _UPSTREAM, str(model)]
    done = subprocess.run(command, input=audio, capture_output=True, check=True, timeout=100)
    return [float(line) for line in done.stdout.split()]


async def test_detects_recorded_words() -> None:
    async with engine(words=("alexa", "hey_jarvis")) as loaded:
        found = await detections(loaded, recordings.samples("hey_jarvis") + silence(1))
        assert [detection.word for detection in found] == ["hey_jarvis"]
        assert await detections(loaded, recordings.samples("okay_nabu") + silence(1)) == []


async def test_scores_are_those_of_upstream() -> None:
    """Compared once upstream has forgotten the random noise with which its streams begin."""
    audio = silence(4) + speak("hey jarvis") + noise(1.0) + speak("hey jarvis") + silence(0.6)
    audio = audio[: len(audio) // 2560 * 2560]
    expected = upstream_scores(MODELS / "hey_jarvis_v0.1.onnx", audio)
    async with engine(threshold=0, refractory=0) as loaded:
        scores = [detection.score for detection in await detections(loaded, audio)]
    begin = 16000 * 3 // 1280
    assert max(scores[begin:]) > 0.9
    np.testing.assert_allclose(scores[begin:], expected[begin:], atol=1e-3)


@pytest.mark.parametrize("size", [1, 1281, 50_000])
async def test_chunk_size_makes_no_difference(size: int) -> None:
    async with engine() as loaded:
        expected = await detections(loaded, spoken("hey jarvis"))
        assert len(expected) == 1
        assert await detections(loaded, spoken("hey jarvis"), size=size) == expected


async def test_own_models_and_own_feature_networks(tmp_path: Path) -> None:
    words, features = tmp_path / "words", tmp_path / "features"
    words.mkdir()
    features.mkdir()
    shutil.copy(MODELS / "hey_jarvis_v0.1.onnx", words / "my_butler.onnx")
    for name in ("melspectrogram.onnx", "embedding_model.onnx"):
        shutil.copy(MODELS / name, features)
    async with engine(
        words=("my_butler",), custom_model_dir=str(words), feature_dir=str(features)
    ) as loaded:
        assert [model.name for model in loaded.describe().models] == ["my_butler"]
        [found] = await detections(loaded, spoken("hey jarvis"))
    assert (found.word, found.phrase) == ("my_butler", "my butler")


async def test_lists_what_comes_with_the_package() -> None:
    async with engine() as loaded:
        models = {model.name: model for model in loaded.describe().models}
    assert {"alexa", "hey_jarvis", "hey_mycroft"} <= set(models)
    assert not {"melspectrogram", "embedding_model", "silero_vad", "timer_v0.1"} & set(models)
    assert (models["alexa"].phrase, models["alexa"].version) == ("alexa", "0.1")


async def test_missing_feature_networks(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"has no embedding_model\.onnx.*set feature_dir"):
        async with engine(feature_dir=str(tmp_path)):
            pass


@pytest.mark.parametrize("content", [b"", b"<html>404</html>"])
async def test_an_invalid_own_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "my_word.onnx").write_bytes(content)
    with pytest.raises(EngineFailed, match=r"my_word\.onnx is not an ONNX model"):
        async with engine(words=("my_word",), custom_model_dir=str(tmp_path)):
            pass


async def test_a_model_with_several_outputs(tmp_path: Path) -> None:
    shutil.copy(MODELS / "timer_v0.1.onnx", tmp_path / "my_timer.onnx")
    with pytest.raises(EngineFailed, match="my_timer has 7 outputs"):
        async with engine(words=("my_timer",), custom_model_dir=str(tmp_path)):
            pass
