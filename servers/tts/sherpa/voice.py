"""A voice for sherpa-onnx in memory: text in, samples out."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import numpy as np

from satellite.errors import EngineFailed, PackageMissing
from satellite.requirements import install_command
from satellite.text.quoted import quoted
from servers.espeak.library import library
from servers.espeak.phonemizer import espeak_voice, phonemize
from servers.models.sherpa_voices import KITTEN, KOKORO, MATCHA, VITS, VoiceFiles
from servers.tts.sherpa.catalog import Choice, Voice

_FULL_SCALE = 32767
_STOP, _GO_ON = 0, 1
"""Answers of a callback to the library."""


class SpeakingStyle(msgspec.Struct, frozen=True):
    """How to speak."""

    speed: float
    """Above 1: faster."""
    volume: float


class Loading(msgspec.Struct, frozen=True):
    """The parameters of a voice that are fixed once it is loaded, with sherpa-onnx's names."""

    num_threads: int
    provider: str = "cpu"
    noise_scale: float | None = None
    noise_scale_w: float | None = None
    silence_scale: float = 0.2


class SherpaVoice:
    """The loaded model of a voice. Use it from one thread at a time."""

    def __init__(self, voice: Voice, loading: Loading) -> None:
        """Load the model, in about a second. Raises `EngineFailed`, `PackageMissing`."""
        self.voice = voice
        try:
            import sherpa_onnx
        except ImportError as error:
            raise PackageMissing(
                f"sherpa-onnx cannot be loaded ({error}): {install_command('sherpa')}"
            ) from error
        self._library = sherpa_onnx
        files = voice.files
        config = sherpa_onnx.OfflineTtsConfig(
            model=_model(sherpa_onnx, files, loading),
            rule_fsts=_joined(files.grammars),
            rule_fars=_joined(files.archives),
            silence_scale=loading.silence_scale,
        )
        try:
            self._tts = sherpa_onnx.OfflineTts(config)
        except Exception as error:
            raise EngineFailed(
                f"{files.network} cannot be loaded by sherpa-onnx ({_line(error)}): "
                "to check for damage, run satellite models verify"
            ) from error

    def speak(
        self, text: str, choice: Choice, style: SpeakingStyle, stopped: threading.Event
    ) -> bytes:
        """Synthesize a piece of text: mono samples (signed 16-bit) at the voice's rate.

        Empty if the text has no sounds that the voice knows. Ends after the current sentence once
        `stopped` is set. Raises `EngineFailed`, also where the library yields nothing for phonemes.
        """
        config = self._library.GenerationConfig()
        config.sid, config.speed = choice.speaker, style.speed
        clean = text.replace("\0", " ").encode("utf-8", "replace").decode()
        files = self.voice.files
        phonetic = not files.reads(choice.language)
        if phonetic:
            sentences = _sentences(clean, files, choice.language)
            if not sentences:
                return b""
            config.phoneme_codepoints = [list(map(ord, sentence)) for sentence in sentences]
        elif not any(map(str.isalnum, clean)):
            return b""
        samples = self._generated(clean, config, stopped)
        if not samples.size and phonetic and not stopped.is_set():
            raise EngineFailed(
                f"the sherpa-onnx voice {self.voice.name} yields no sound for {quoted(text, 60)}"
            )
        scaled = np.clip(samples * style.volume, -1.0, 1.0) * _FULL_SCALE
        audio: bytes = scaled.astype("<i2").tobytes()
        return audio

    def _generated(self, text: str, config: Any, stopped: threading.Event) -> Any:
        """Return the samples, as float32 within -1 to 1."""

        def go_on(_samples: Any, _progress: float) -> int:  # after each sentence but the last one
            return _STOP if stopped.is_set() else _GO_ON

        try:
            audio = self._tts.generate(text, config, go_on)
        except Exception as error:
            raise EngineFailed(
                f"the sherpa-onnx voice {self.voice.name} cannot speak {quoted(text, 60)}: "
                f"{_line(error)}"
            ) from error
        samples = np.asarray(audio.samples, dtype=np.float32)
        if not np.isfinite(samples).all():
            raise EngineFailed(
                f"the sherpa-onnx voice {self.voice.name} yields samples that are no numbers"
            )
        return samples


def _model(sherpa: Any, files: VoiceFiles, loading: Loading) -> Any:
    """Return the library's description of a voice."""
    network, tokens = str(files.network), str(files.tokens)
    lexicon = "" if files.kind == KITTEN else _joined(files.lexicons)
    config = sherpa.OfflineTtsModelConfig()
    config.num_threads, config.provider = loading.num_threads, loading.provider
    noise = _first(loading.noise_scale, files.scales.get("noise_scale"))
    if files.kind == VITS:
        rhythm = _first(loading.noise_scale_w, files.scales.get("noise_w"))
        scales = {"noise_scale": noise, "noise_scale_w": rhythm}
        config.vits = sherpa.OfflineTtsVitsModelConfig(
            model=network, lexicon=lexicon, tokens=tokens, **_set_values(scales)
        )
    elif files.kind == MATCHA:
        config.matcha = sherpa.OfflineTtsMatchaModelConfig(
            acoustic_model=network,
            vocoder=str(files.vocoder),
            lexicon=lexicon,
            tokens=tokens,
            **_set_values({"noise_scale": noise}),
        )
    elif files.kind == KOKORO:
        config.kokoro = sherpa.OfflineTtsKokoroModelConfig(
            model=network, voices=str(files.styles), tokens=tokens, lexicon=lexicon
        )
    else:
        config.kitten = sherpa.OfflineTtsKittenModelConfig(
            model=network, voices=str(files.styles), tokens=tokens
        )
    return config


def _sentences(text: str, files: VoiceFiles, language: str) -> list[str]:
    """Return the phonemes of each sentence that the voice knows, in parts of bounded length."""
    espeak = library()
    name = espeak_voice(espeak, language) or espeak_voice(espeak, files.espeak)
    if name is None:
        raise EngineFailed(f"eSpeak NG has no phonemes of {quoted(language)}: choose another voice")
    found = []
    for sentence in phonemize(espeak, text, name):
        known = "".join(symbol for symbol in sentence if symbol in files.symbols)
        if any(map(str.isalpha, known)):
            found += _parts(known, files.longest)
    return found


def _parts(sentence: str, longest: int) -> list[str]:
    """Divide a long sentence, between words as far as possible."""
    parts = []
    while len(sentence) > longest:
        end = sentence.rfind(" ", 1, longest)
        end = longest if end < 0 else end
        parts.append(sentence[:end])
        sentence = sentence[end:].lstrip()
    return [*parts, sentence] if sentence else parts


def _joined(paths: tuple[Any, ...]) -> str:
    return ",".join(map(str, paths))


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _set_values(values: dict[str, float | None]) -> dict[str, float]:
    return {key: value for key, value in values.items() if value is not None}


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
