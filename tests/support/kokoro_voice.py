"""Speech of Kokoro's int8 weights in languages that its five Japanese voices do not speak natively.

eSpeak NG makes the phonemes. The voices have an accent, which Whisper base understands in some
sentences. The weights have no noise of their own: each text sounds the same at every call.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import soxr

from tests.support.speech import RATE, ROOT

MODEL = "kokoro-int8"
"""Its name in `tests.support.real_models`."""

_RATE = 24000
"""Kokoro's rate in Hz."""

_PHONEMES = """
import ctypes, sys
import espeakng_loader
text, voice = sys.argv[1:]
library = ctypes.CDLL(espeakng_loader.get_library_path())
library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)
library.espeak_TextToPhonemes.restype = ctypes.c_char_p
library.espeak_SetVoiceByName(voice.encode())
rest, found = ctypes.c_char_p(text.encode()), []
while rest.value:
    found.append(library.espeak_TextToPhonemes(ctypes.byref(rest), 1, 2).decode())
sys.stdout.buffer.write(" ".join(found).encode())
"""


def phonemes(text: str, language: str) -> str:
    """Return eSpeak NG's phonemes of a text, in IPA, with the sign at its end."""
    command = [sys.executable, "-c", _PHONEMES, text, language]
    done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, timeout=60)
    return done.stdout.decode() + (text[-1] if text[-1] in ".?!" else "")


@functools.lru_cache(maxsize=16)
def speak(folder: Path, sounds: str, voice: str, speed: float = 1.0) -> bytes:
    """Return speech of phonemes in IPA: 16 kHz mono.

    `folder` is that of the weights, `voice` one of theirs: jf_alpha, jf_gongitsune, jf_nezumi,
    jf_tebukuro or jm_kumo. Phonemes that Kokoro does not know are left out.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # sums in another order would sound different
    session = onnxruntime.InferenceSession(folder / "model.onnx", options)
    numbers = json.loads((folder / "vocab.json").read_text("utf-8"))["vocab"]
    tokens = [numbers[sound] for sound in sounds if sound in numbers]
    styles = np.load(folder / "voices_ja.npz")[voice]
    values = (
        np.array([[0, *tokens, 0]], np.int64),
        styles[len(tokens)].astype(np.float32).reshape(1, -1),
        np.array([speed], np.float32),
    )
    names = (each.name for each in session.get_inputs())
    (spoken,) = session.run(None, dict(zip(names, values, strict=True)))[:1]
    samples = soxr.resample(np.squeeze(spoken), _RATE, RATE)
    return (samples * 32767).clip(-32768, 32767).astype("<i2").tobytes()
