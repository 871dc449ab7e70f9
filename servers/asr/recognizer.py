"""PocketSphinx as a recognizer of one grammar: a decoder for the words beside one for phonemes.

Both hear the same sound. The first must explain it with a sentence of the grammar, the second may
use any phonemes, and `servers.asr.confidence` judges by how much better the second can.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from satellite.audio.format import SPEECH
from servers.asr.confidence import Segment, confidence
from servers.asr.lexicon import PHONEMES
from servers.intents.automaton import Automaton

BLOCK = SPEECH.bytes_of(0.1)
"""Bytes that are decoded at once. Fixed, so that the result does not depend on who sends how."""

_LEVEL = SPEECH.bytes_of(1.2)
"""Bytes from the beginning of an utterance whose loudest sample decides how far it is amplified."""
_FULL = 32767
_PEAK = 0.4
"""What that sample becomes; full scale is 1."""
_AMPLIFY = 30.0
"""At most, so that a silent room stays one."""

_SETTLING = np.random.default_rng(0).normal(0, 300, 3200).astype("<i2").tobytes()
"""Sound (0.2 s) decoded before each utterance, so that each begins in the same state."""

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

    def __init__(self, automaton: Automaton, pronunciations: Mapping[str, list[str]]) -> None:
        """Load the model. `pronunciations` has every word of the automaton."""
        with tempfile.TemporaryDirectory(prefix="satellite-asr-") as folder:
            dictionary = Path(folder, "words.dict")
            dictionary.write_text("".join(_dictionary(pronunciations)), "utf-8")
            words = Path(folder, "words.fsg")
            words.write_text("".join(_word_network(automaton)), "utf-8")
            phonemes = Path(folder, "phonemes.fsg")
            phonemes.write_text("".join(_phoneme_loop()), "utf-8")
            self._words = _decoder(dictionary, words, _WORDS)
            self._phonemes = _decoder(dictionary, phonemes, _PHONEMES)
        self._open = False
        self._pending = bytearray()
        self._heard = 0
        self._gain = 1.0

    def begin(self) -> None:
        """Start an utterance, forgetting everything before it."""
        self._close()
        self._pending.clear()
        self._heard = 0

    def feed(self, audio: bytes) -> None:
        """Hear more of the utterance: whole samples, 16 kHz mono, any length."""
        self._heard += len(audio)
        if self._heard > LONGEST:
            self._pending.clear()
            return
        self._pending += audio
        if not self._open:
            if len(self._pending) < _LEVEL:
                return
            self._start()
        while len(self._pending) >= BLOCK:
            self._decode(BLOCK)

    def finish(self) -> tuple[str, float]:
        """End the utterance: its words, and how sure they are (see `confidence`)."""
        if not self._open and self._pending:
            self._start()
        if self._heard > LONGEST or not self._open:
            self._close()
            return "", -math.inf
        while self._pending:
            self._decode(BLOCK)
        self._close()
        words = list(_segments(self._words))
        text = " ".join(s.word for s in words if s.is_word)
        return text, confidence(words, list(_segments(self._phonemes))) if text else -math.inf

    def _start(self) -> None:
        peak = np.abs(np.frombuffer(self._pending[:_LEVEL], "<i2").astype(np.float32)).max()
        self._gain = min(_PEAK * _FULL / max(float(peak), 1.0), _AMPLIFY)
        for decoder in (self._words, self._phonemes):
            # the estimate of noise and the codewords of the last frame outlive an utterance
            decoder.reinit_feat()
            decoder.set_cmn(_MEAN)
            decoder.start_utt()
            decoder.process_raw(_SETTLING)
            decoder.end_utt()
            decoder.reinit_feat()
            decoder.set_cmn(_MEAN)
            decoder.start_utt()
        self._open = True

    def _decode(self, size: int) -> None:
        samples = np.frombuffer(self._pending[:size], "<i2") * self._gain
        del self._pending[:size]
        block = np.clip(samples, -_FULL, _FULL).astype("<i2").tobytes()
        self._words.process_raw(block)
        self._phonemes.process_raw(block)

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._words.end_utt()
            self._phonemes.end_utt()


def model_folder() -> Path:
    """Where the pocketsphinx wheel keeps its US English model."""
    import pocketsphinx

    return Path(pocketsphinx.get_model_path()) / "en-us"


def _decoder(dictionary: Path, network: Path, options: Mapping[str, Any]) -> Any:
    import pocketsphinx

    decoder = pocketsphinx.Decoder(
        hmm=str(model_folder() / "en-us"), dict=str(dictionary), **_COMMON, **options
    )
    decoder.add_fsg("grammar", decoder.read_fsg(str(network)))
    decoder.activate_search("grammar")
    return decoder


def _segments(decoder: Any) -> Iterator[Segment]:
    for found in decoder.seg() or ():
        if found.end_frame > found.start_frame:
            yield Segment(
                word=found.word.partition("(")[0],
                start=found.start_frame,
                end=found.end_frame + 1,
                score=math.log(found.ascore) if found.ascore > 0 else -math.inf,
            )


def _dictionary(pronunciations: Mapping[str, list[str]]) -> Iterator[str]:
    for word, ways in sorted(pronunciations.items()):
        for number, way in enumerate(ways, 1):
            yield f"{word} {way}\n" if number == 1 else f"{word}({number}) {way}\n"
    for phoneme in PHONEMES:
        yield f"{_sound(phoneme)} {phoneme}\n"


def _sound(phoneme: str) -> str:
    return f"_{phoneme}"  # grammars have no word with an underscore


def _word_network(automaton: Automaton) -> Iterator[str]:
    end = len(automaton.arcs)
    yield f"FSG_BEGIN words\nNUM_STATES {end + 1}\nSTART_STATE 0\nFINAL_STATE {end}\n"
    for state, row in enumerate(automaton.arcs):
        for word, following in row.items():
            yield f"TRANSITION {state} {following} 1.0 {word}\n"
        if state in automaton.final:
            yield f"TRANSITION {state} {end} 1.0\n"
    yield "FSG_END\n"


def _phoneme_loop() -> Iterator[str]:
    yield "FSG_BEGIN phonemes\nNUM_STATES 2\nSTART_STATE 0\nFINAL_STATE 1\n"
    for phoneme in PHONEMES:
        yield f"TRANSITION 0 0 1.0 {_sound(phoneme)}\n"
    yield "TRANSITION 0 1 1.0\nFSG_END\n"
