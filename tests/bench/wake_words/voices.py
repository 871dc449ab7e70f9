"""Voices that say wake words and other texts: Piper's joe, Kokoro's five and blends of them, and
eSpeak NG's as a control. Speech is cached as WAV files, named by a hash of what made them.

A speaker is a voice and a size of the vocal tract: playing sound faster moves pitch and formants
as those of a smaller person; the voice speaks that much slower to begin with, so that the pace is
the one asked for.
"""

from __future__ import annotations

import functools
import hashlib
import json
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import soxr

from tests.support import kokoro_voice, speech
from tests.support.acoustics import RATE, Samples, pcm, samples
from tests.support.real_models import cache, fetched

PIPER = "piper-en_US-joe-medium"
TRIM = 0.002
"""Part of the peak below which the ends of speech are cut off."""

_MISAKI = {"eɪ": "A", "oʊ": "O", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y", "dʒ": "ʤ", "tʃ": "ʧ", "ː": ""}
"""eSpeak NG's phonemes, and the signs with which Kokoro was trained."""


class Speaker(msgspec.Struct, frozen=True):
    """One who speaks."""

    voice: str
    """`piper`, `kokoro:STYLE` or `kokoro:STYLE+STYLE`, or `espeak:VOICE`."""
    size: float = 1.0
    """Factor of pitch and formants."""

    @property
    def kind(self) -> str:
        """The program that speaks."""
        return self.voice.partition(":")[0]

    def __str__(self) -> str:
        return self.voice if self.size == 1 else f"{self.voice} x{self.size:g}"


STYLES = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
SPEAKERS = (
    *(Speaker("piper", size) for size in (0.86, 0.93, 1.0, 1.08, 1.18)),
    *(Speaker(f"kokoro:{style}") for style in STYLES),
    Speaker("kokoro:jf_alpha+jm_kumo"),
    Speaker("kokoro:jf_nezumi+jm_kumo", 0.92),
    Speaker("kokoro:jm_kumo", 0.9),
    Speaker("kokoro:jf_tebukuro", 1.1),
)
"""Those whose recall counts."""
CONTROL = tuple(Speaker(f"espeak:{voice}") for voice in ("en-us", "en-us+f3", "en-gb+m3"))
"""Those of a kind that is unlike people; counted apart."""


def speak(text: str, speaker: Speaker, pace: float = 1.0, take: int = 0) -> Samples:
    """Return speech without the silence around it, `pace` times as fast as usual, from the cache if
    it was spoken before. `take` distinguishes Piper's attempts, of which no two are equal."""
    slow = pace / speaker.size
    key = json.dumps([1, text, speaker.voice, round(slow, 4), take])
    file = _folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.wav"
    if not file.exists():
        sound = _trimmed(_MAKERS[speaker.kind](text, speaker.voice.partition(":")[2], slow))
        part = file.with_suffix(".part")
        speech.write_wav(part, pcm(sound))
        part.replace(file)
    with wave.open(str(file)) as reader:
        sound = samples(reader.readframes(reader.getnframes()))
    if speaker.size != 1:
        ratio = Fraction(speaker.size).limit_denominator(100)
        sound = np.asarray(soxr.resample(sound, ratio.numerator, ratio.denominator), np.float64)
    return sound


def _folder() -> Path:
    folder = cache().parent / "wake-words"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _trimmed(sound: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(sound) > TRIM * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound


def _piper(text: str, voice: str, pace: float) -> Samples:
    from piper import SynthesisConfig

    config = SynthesisConfig(length_scale=1 / pace)
    chunks = list(_piper_voice().synthesize(text, config))
    sound = samples(b"".join(chunk.audio_int16_bytes for chunk in chunks))
    return np.asarray(soxr.resample(sound, chunks[0].sample_rate, RATE))


@functools.cache
def _piper_voice() -> Any:
    from piper import PiperVoice

    return PiperVoice.load(str(fetched(PIPER) / "en_US-joe-medium.onnx"))


def _kokoro(text: str, voice: str, pace: float) -> Samples:
    session, numbers, styles = _kokoro_model()
    sounds = kokoro_voice.phonemes(text, "en-us")
    for sign, other in _MISAKI.items():
        sounds = sounds.replace(sign, other)
    tokens = [numbers[sound] for sound in sounds if sound in numbers]
    style = np.mean([styles[name][len(tokens)] for name in voice.split("+")], axis=0)
    values = (
        np.array([[0, *tokens, 0]], np.int64),
        style.astype(np.float32).reshape(1, -1),
        np.array([pace], np.float32),
    )
    names = (each.name for each in session.get_inputs())
    (spoken,) = session.run(None, dict(zip(names, values, strict=True)))[:1]
    return np.asarray(soxr.resample(np.squeeze(spoken), 24000, RATE), np.float64) * 32767


@functools.cache
def _kokoro_model() -> tuple[Any, dict[str, int], dict[str, Any]]:
    import onnxruntime

    folder = fetched(kokoro_voice.MODEL)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "model.onnx", options)
    numbers = json.loads((folder / "vocab.json").read_text("utf-8"))["vocab"]
    return session, numbers, dict(np.load(folder / "voices_ja.npz"))


def _espeak(text: str, voice: str, pace: float) -> Samples:
    return samples(speech.speak(text, voice, round(160 * pace)))


_MAKERS: dict[str, Callable[[str, str, float], Samples]] = {
    "piper": _piper,
    "kokoro": _kokoro,
    "espeak": _espeak,
}
