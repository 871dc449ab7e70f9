"""PocketSphinx as a recognizer of one grammar: a decoder for the words beside one for phonemes.

Both hear the same sound. The first must explain it with a sentence of the grammar, the second may
use any phonemes, and `servers.asr.sphinx.confidence` judges by how much better the second can.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from satellite.values import SPEECH
from servers.asr.sphinx.confidence import Segment, confidence
from servers.asr.sphinx.vocabulary import Vocabulary, model_folder, phoneme_loop

BLOCK = SPEECH.bytes_of(0.1)
"""Bytes that are decoded at once. Fixed, so that the result does not depend on who sends how."""

_STEP = SPEECH.bytes_of(0.02)
"""Bytes that a decoder takes in one call, 1 to 3 ms, in which no other thread can run Python."""

_LEVEL = SPEECH.bytes_of(1.2)
"""Bytes from the beginning of an utterance whose loudest sample decides how far it is amplified."""
_FULL = 32767
_PEAK = 0.25
"""What that sample becomes; full scale is 1. With `_MEAN`, which is that of a peak of 0.4, more
commands of eSpeak's voices are right than with 0.4 or 0.6, and as many with 0.18."""
_LOUDEST = 0.6
"""Where a later sample becomes more, the utterance is decoded again from its beginning, amplified
less: the 1.2 s were a pause, or the end of a wake word, and what is clipped is not understood."""
_AMPLIFY = 30.0
"""At most, so that a silent room stays one."""

_FLOOR = 0.001
"""Root mean square of a hiss that is added to all sound: 48 dB below the loudest sample. The model
was made of recordings in rooms; where there is no noise at all it understands synthetic voices
worse, and voices made of recordings no better."""
_SETTLING = 3200
"""Samples (0.2 s) of louder hiss, decoded before each utterance: each begins in the same state."""
_SETTLED = 5.0
"""How much louder."""

_MEAN = "44.80,-8.18,-1.91,5.51,-5.42,-2.02,-4.00,-6.30,-2.49,-2.11,1.18,-0.85,-0.34"
"""Cepstral mean that the decoder subtracts: that of the commands of tests/bench/rejection_texts in
nine voices with a peak of 0.4. The mean of an utterance's own beginning is mostly that of the room:
of four commands at 30 dB above white noise it lost two, this one none; at 25 dB both lose most."""

LONGEST = SPEECH.bytes_of(30)
"""Bytes. No command takes longer; what does is not decoded any further, and rejected. It bounds
time and the decoder's history, which grows by about 1 kB a frame (10 ms)."""

_WORDS = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60, "wip": 0.5, "pip": 0.3}
"""Beams wide enough to keep what is said among some 5,000 words that may begin at any time: those
of PocketSphinx (1e-48) lose every third command of eSpeak's voice f3, wider ones than these win
none. Each word and each phoneme costs a little, so that no optional word is heard in a noise."""
_PHONEMES = {"wip": 0.3}
_COMMON: dict[str, Any] = {
    "lm": None,
    "bestpath": False,
    "loglevel": "FATAL",
    # every senone is scored in every frame, so that the scores of both decoders can be compared
    "compallsen": True,
}


class Recognizer:
    """Hears one utterance after another. Blocks; used from one thread at a time."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Load the model, twice 10 MB. Raises `RuntimeError` where there is none."""
        with tempfile.TemporaryDirectory(prefix="satellite-asr-") as folder:
            files = {"words.dict": vocabulary.dictionary, "words.fsg": vocabulary.network}
            for name, text in {**files, "phonemes.fsg": phoneme_loop()}.items():
                Path(folder, name).write_text(text, "utf-8")
            self._words = _decoder(Path(folder), "words.fsg", _WORDS)
            self._phonemes = _decoder(Path(folder), "phonemes.fsg", _PHONEMES)
        self._hiss = _hiss()
        self._open = False
        self._audio = bytearray()
        self._decoded = 0
        self._heard = 0
        self._gain = 1.0

    def begin(self) -> None:
        """Start an utterance, forgetting everything before it."""
        self._close()
        self._audio.clear()
        self._decoded = self._heard = 0

    def feed(self, audio: bytes) -> None:
        """Hear more of the utterance: whole samples, 16 kHz mono, any length."""
        self._heard += len(audio)
        if self._heard > LONGEST:
            self._audio.clear()
            return
        self._audio += audio
        if not self._open:
            if len(self._audio) < _LEVEL:
                return
            self._start(_LEVEL)
        while self._decoded + BLOCK <= len(self._audio):
            self._decode(BLOCK)

    def finish(self) -> tuple[str, float]:
        """End the utterance: its words, and how sure they are (see `confidence`)."""
        if self._heard > LONGEST or not self._audio:
            self._close()
            return "", -math.inf
        if not self._open:
            self._start(len(self._audio))
        while self._decoded < len(self._audio):
            self._decode(BLOCK)
        self._close()
        words = list(_segments(self._words))
        text = " ".join(s.word for s in words if s.is_word)
        return text, confidence(words, list(_segments(self._phonemes))) if text else -math.inf

    def _start(self, size: int) -> None:
        """Decode from the beginning, amplified as is good for the loudest of `size` bytes."""
        self._close()
        peak = int(np.abs(np.frombuffer(self._audio[:size], "<i2").astype(np.int32)).max())
        self._gain = min(_PEAK * _FULL / max(peak, 1), _AMPLIFY)
        self._decoded = 0
        for decoder in (self._words, self._phonemes):
            # the estimate of noise and the codewords of the last frame outlive an utterance
            decoder.reinit_feat()
            decoder.set_cmn(_MEAN)
            decoder.start_utt()
            _decode(decoder, (_SETTLED * self._hiss[:_SETTLING]).astype("<i2").tobytes())
            decoder.end_utt()
            decoder.reinit_feat()
            decoder.set_cmn(_MEAN)
            decoder.start_utt()
        self._open = True

    def _decode(self, size: int) -> None:
        end = self._decoded + size
        samples = np.frombuffer(self._audio[self._decoded : end], "<i2") * self._gain
        if np.abs(samples).max() > _LOUDEST * _FULL:
            self._start(end)
            return
        hiss = np.take(self._hiss, np.arange(len(samples)) + self._decoded // 2, mode="wrap")
        block = np.clip(samples + hiss, -_FULL, _FULL).astype("<i2").tobytes()
        self._decoded = min(end, len(self._audio))
        _decode(self._words, block)
        _decode(self._phonemes, block)

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._words.end_utt()
            self._phonemes.end_utt()


def _hiss() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A second of pink noise (as much power in each octave), the same each time, to be repeated.

    The phases of its tones come from a small linear congruential generator, that of Numerical
    Recipes: `numpy.random` would cost 3 MB.
    """
    state, phases = 1, []
    for _ in range(SPEECH.rate // 2):
        state = (1664525 * state + 1013904223) % 2**32
        phases.append(2 * math.pi * state / 2**32)
    tones = np.arange(1, SPEECH.rate // 2 + 1)
    spectrum = np.exp(1j * np.array(phases)) / np.sqrt(tones)
    samples = np.fft.irfft(np.concatenate([[0], spectrum]), SPEECH.rate)
    return np.asarray(samples * (_FLOOR * _FULL / np.sqrt(np.mean(samples**2))))


def _decoder(folder: Path, network: str, options: Mapping[str, Any]) -> Any:
    import pocketsphinx

    decoder = pocketsphinx.Decoder(
        hmm=str(model_folder() / "en-us"), dict=str(folder / "words.dict"), **_COMMON, **options
    )
    decoder.add_fsg("grammar", decoder.read_fsg(str(folder / network)))
    decoder.activate_search("grammar")
    return decoder


def _decode(decoder: Any, audio: bytes) -> None:
    for start in range(0, len(audio), _STEP):
        decoder.process_raw(audio[start : start + _STEP])


def _segments(decoder: Any) -> Iterator[Segment]:
    for found in decoder.seg() or ():
        if found.end_frame > found.start_frame:
            yield Segment(
                word=found.word.partition("(")[0],
                start=found.start_frame,
                end=found.end_frame + 1,
                score=math.log(found.ascore) if found.ascore > 0 else -math.inf,
            )
