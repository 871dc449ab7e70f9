"""The voice detector `sherpa-onnx`, with the Silero network of the package openwakeword."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("sherpa_onnx", reason="satellite-voice[sherpa] is not installed")

from satellite.components import spec
from satellite.conformance import CHECKS, Check, VadSample, fresh
from satellite.errors import EngineFailed, ModelMissing
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from servers.vad.sherpa import SherpaVad
from tests.support.nonspeech import nonspeech
from tests.support.speech import silence, speak


@pytest.fixture(scope="module")
def silero() -> Path:
    found = importlib.util.find_spec("openwakeword")
    if found is None or found.origin is None:
        pytest.skip("satellite-voice[openwakeword] is not installed, whose wheel has the network")
    return Path(found.origin).parent / "resources" / "models" / "silero_vad.onnx"


def share(vad: SherpaVad, audio: bytes) -> float:
    """Return the share of frames with speech."""
    size = 2 * vad.frame_samples
    found = [
        vad.probability(audio[start : start + size])
        for start in range(0, len(audio) - size + 1, size)
    ]
    return sum(found) / len(found)


def test_speech_is_distinguished_from_other_sounds(silero: Path) -> None:
    vad = SherpaVad(SherpaVad.Options(model=str(silero)))
    assert share(vad, speak("what time is it in London")) > 0.6
    for kind in ("hum", "clicks", "breath"):
        vad.reset()
        assert share(vad, nonspeech(kind, 3.0, seed=1)) < 0.1
    vad.reset()
    assert share(vad, silence(2.0)) == 0


def test_a_frame_of_another_size_is_refused(silero: Path) -> None:
    vad = SherpaVad(SherpaVad.Options(model=str(silero)))
    with pytest.raises(ValueError, match="a frame has 512 samples, not 100"):
        vad.probability(bytes(200))


def test_missing_damaged_and_other_files_are_reported(silero: Path, tmp_path: Path) -> None:
    context = EngineContext(models=ModelSettings(folder=str(tmp_path)))
    with pytest.raises(ModelMissing, match="satellite models pull sherpa:ten-vad"):
        SherpaVad(SherpaVad.Options(), context).load()
    damaged = tmp_path / "silero.onnx"
    damaged.write_bytes(silero.read_bytes()[:-100])
    with pytest.raises(EngineFailed, match="is not a complete ONNX model"):
        SherpaVad(SherpaVad.Options(model=str(damaged))).load()
    ten = tmp_path / "ten-vad.onnx"
    ten.write_bytes(silero.read_bytes())
    with pytest.raises(EngineFailed, match=r"cannot load .*ten-vad.onnx"):
        SherpaVad(SherpaVad.Options(model=str(ten))).load()
    with pytest.raises(ModelMissing, match="no such file"):
        SherpaVad(SherpaVad.Options(model=str(tmp_path / "none"))).load()


@pytest.mark.parametrize("check", CHECKS["vad"], ids=lambda check: check.name)
async def test_it_conforms(check: Check, silero: Path) -> None:
    make = fresh(lambda: spec.create("vad", f"sherpa-onnx:{silero}"))
    await check.run(make, VadSample(speak("how are you")))
