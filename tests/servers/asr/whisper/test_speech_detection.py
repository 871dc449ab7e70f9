"""The voice detector of faster-whisper, with sound in chunks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from servers.asr.whisper.sound_buffer import SoundBuffer
from servers.asr.whisper.speech_detection import BLOCK, FRAME, Silero
from tests.support import recordings
from tests.support.speech import noise, silence, speak

SAMPLES_OF_A_WORD = 1600


@pytest.fixture(scope="module")
def session() -> Any:
    from faster_whisper.vad import get_vad_model

    return get_vad_model().session


def test_the_probabilities_equal_those_of_faster_whisper(session: Any) -> None:
    from faster_whisper.vad import get_vad_model

    pcm = silence(0.5) + speak("turn on the lamp") + noise(0.5)
    blocks = len(pcm) // 2 // (BLOCK * FRAME)
    sound = np.frombuffer(pcm, "<i2")[: blocks * BLOCK * FRAME].astype(np.float32) / 32768
    theirs = np.ravel(get_vad_model()(sound))
    detector = Silero(session)
    ours = [p for block in sound.reshape(blocks, -1) for p in detector.judge(block)]
    assert ours == pytest.approx(theirs.tolist(), abs=1e-4)
    assert max(ours[:14]) < 0.5 < max(ours)


@pytest.mark.parametrize("loudness", [1.0, 0.1, 0.02])
@pytest.mark.parametrize("name", ["hey_jarvis", "okay_nabu", "turn_on_the_living_room_lamp"])
def test_voices_are_detected_at_any_volume(session: Any, name: str, loudness: float) -> None:
    pcm = np.frombuffer(recordings.samples(name), "<i2") * loudness
    sound = SoundBuffer(Silero(session), 0.5, SAMPLES_OF_A_WORD)
    sound.add(pcm.astype("<i2").tobytes())
    window = sound.last()
    assert window is not None
    assert window.voice > 0.5 * 16000
