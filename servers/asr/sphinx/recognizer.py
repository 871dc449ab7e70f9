"""PocketSphinx as a recognizer of one grammar: a decoder for words beside one for phonemes.

Both decode the same sound. The first must explain it with a sentence of the grammar, the second may
use any phonemes. `servers.asr.sphinx.confidence` judges by how much better the second one fits.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from satellite.values import SPEECH
from servers.asr.sphinx import neighbours, networks
from servers.asr.sphinx.confidence import Segment, confidence
from servers.asr.sphinx.rivals import Rivals
from servers.asr.sphinx.vocabulary import Vocabulary, model_folder
from servers.intents import choices
from servers.intents.grammar import split_words

BLOCK = SPEECH.bytes_of(0.1)
"""Bytes decoded at once. Fixed, so that the result does not depend on the size of the chunks."""

_STEP = SPEECH.bytes_of(0.02)
"""Bytes decoded in one call of 1 to 3 ms, during which no other thread can run Python."""

_LEVEL_BYTES = SPEECH.bytes_of(1.2)
"""Bytes at the beginning of an utterance whose loudest sample determines the gain."""
_FULL_SCALE = 32767
_PEAK = 0.25
"""Amplified level of that sample; full scale is 1. With `_MEAN`, which is that of a peak of 0.4,
more commands of eSpeak's voices are right than with 0.4 or 0.6, and as many as with 0.18."""
_LOUDEST = 0.6
"""A later sample above this level restarts decoding from the beginning with less gain: the 1.2 s
were a pause or the end of a wake word, and clipped speech is not understood."""
_MAX_GAIN = 30.0
"""Highest gain, so that a silent room stays silent."""

_FLOOR = 0.001
"""Root mean square of a hiss that is added to all sound: 48 dB below the loudest sample. The model
was trained on recordings in rooms; without any noise it understands synthetic voices worse, and
voices made of recordings no better."""
_SETTLING = 3200
"""Samples (0.2 s) of louder hiss, decoded before each utterance so that each begins in the same
state."""
_SETTLING_GAIN = 5.0
"""Gain of that hiss."""

_MEAN = "44.80,-8.18,-1.91,5.51,-5.42,-2.02,-4.00,-6.30,-2.49,-2.11,1.18,-0.85,-0.34"
"""Cepstral mean that the decoder subtracts: the mean of the commands of tests/bench/rejection_texts
in nine voices with a peak of 0.4. The mean of an utterance's own beginning is mostly that of the
room: of four commands at 30 dB above white noise it lost two, this one none; at 25 dB both lose
most."""

LONGEST = SPEECH.bytes_of(30)
"""Bytes of the longest command; a longer utterance is not decoded further and is rejected. This
bounds the time and the decoder's history, which grows by about 1 kB per frame (10 ms)."""

_WORDS = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60, "wip": 0.5, "pip": 0.3}
"""Beams wide enough for the spoken command to survive among some 5,000 words that may begin at any
time: PocketSphinx's own (1e-48) lose every third command of eSpeak's voice f3, and wider beams than
these win none. Each word and each phoneme costs a little, so that noise adds no optional word."""
_PHONEMES = {"wip": 0.3}
_COMMON: dict[str, Any] = {
    "lm": None,
    "bestpath": False,
    "loglevel": "FATAL",
    # score every senone in every frame, so that the scores of both decoders are comparable
    "compallsen": True,
}


_PREFERENCE = 2.0
"""Confidence by which a command must be better than every expected answer to a question. Of answers
in five voices, none is less confident than -6.8; of other speech, none is more confident than -6.6
in the place of an answer, and each command is at least 7 more confident than the best answer."""
_EXPECTED = 1.0
"""Confidence added to an expected answer: eSpeak's "the second" has -5.0."""


class Recognizer:
    """Recognizes one utterance after another. Blocks; use from one thread at a time."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Load the model, twice 10 MB. Raises `RuntimeError` if it is missing."""
        with tempfile.TemporaryDirectory(prefix="satellite-asr-") as folder:
            files = {"words.dict": vocabulary.dictionary, "words.fsg": vocabulary.network}
            for name, text in {**files, "phonemes.fsg": networks.phoneme_loop()}.items():
                Path(folder, name).write_text(text, "utf-8")
            self._words = _decoder(Path(folder), "words.fsg", _WORDS)
            self._phonemes = _decoder(Path(folder), "phonemes.fsg", _PHONEMES)
        self._hiss = _hiss()
        self._choice = vocabulary.choice
        self._known = frozenset(vocabulary.pronunciations())
        self._rivals = Rivals(vocabulary.confusable)
        self._network = vocabulary.network
        self._values = frozenset(vocabulary.values)
        self._answers: list[list[str]] = []
        """The words of the answers that the last utterance was one of."""
        self._open = False
        self._audio = bytearray()
        self._decoded = 0
        self._received = 0
        self._gain = 1.0

    def begin(self) -> None:
        """Start an utterance and discard everything before it."""
        self._close()
        self._audio.clear()
        self._decoded = self._received = 0

    def feed(self, audio: bytes) -> None:
        """Decode more of the utterance: whole samples, 16 kHz mono, any length."""
        self._received += len(audio)
        if self._received > LONGEST:
            self._audio.clear()
            return
        self._audio += audio
        if not self._open:
            if len(self._audio) < _LEVEL_BYTES:
                return
            self._start(_LEVEL_BYTES)
        while self._decoded + BLOCK <= len(self._audio):
            self._decode(BLOCK)

    def finish(self, answers: Sequence[str] = ()) -> tuple[str, float]:
        """End the utterance; return its text and the confidence in it (see `confidence`).

        A command with a decoy ("do not ...") has no text. One of `answers`, the expected ones to a
        question, is preferred to a command.
        """
        text, sureness = self._command()
        self._answers = []
        if answers:
            answer, fit = self._answer(answers)
            if fit >= sureness - _PREFERENCE:
                self._answers = [split_words(each) for each in answers]
                return answer, fit + _EXPECTED
        return text, sureness

    def _command(self) -> tuple[str, float]:
        if self._received > LONGEST or not self._audio:
            self._close()
            return "", -math.inf
        if not self._open:
            self._start(len(self._audio))
        while self._decoded < len(self._audio):
            self._decode(BLOCK)
        self._close()
        words = list(_segments(self._words))
        if any(s.is_decoy for s in words):
            return "", -math.inf
        return self._judged(words)

    def _judged(self, words: Sequence[Segment]) -> tuple[str, float]:
        text = " ".join(s.word for s in words if s.is_word)
        return text, confidence(words, list(_segments(self._phonemes))) if text else -math.inf

    def _answer(self, answers: Sequence[str]) -> tuple[str, float]:
        """Return the answer that fits the last utterance best; empty if all have unknown words."""
        known = [words for words in map(split_words, answers) if self._known.issuperset(words)]
        if not known or not self._audio or self._received > LONGEST:
            return "", -math.inf
        return self._judged(self._decode_again(networks.answers(known)))

    def with_rivals(self, text: str, sureness: float) -> str:
        """Return the text of the last utterance, with both words where two fit about as well.

        "set a timer for fifteen or fifty minutes": a word that has a rival is compared with it.
        Decodes the utterance once more if there is such a word, with a grammar of these sentences,
        and twice if the rival may be the one that was said.
        `sureness` is the confidence in the text.
        """
        words = text.split()
        places = self._rivals.alternatives(words, sureness)
        if places is None:
            return text
        found = [s.word for s in self._decode_again(networks.sentence(places)) if s.is_word]
        if len(found) == len(words):  # it is empty for an utterance that fits none of the sentences
            for place, (word, fitting) in enumerate(zip(words, found, strict=True)):
                if fitting != word:
                    if self._is_likelier(words, place, fitting, sureness):
                        return " ".join([*words[:place], fitting, *words[place + 1 :]])
                    return choices.write(text, word, fitting, self._choice)
        return text

    def other_value(self, text: str, sureness: float) -> str:
        """Return a sentence with another value that fits the last utterance nearly as well as its
        `text`; empty if none does.

        "set an alarm for seven thirty" for "set an alarm for two thirty". Decodes the utterance
        once more if the text has a value that the sentence may have otherwise, with a grammar of
        these sentences. `sureness` is the confidence in the text.
        """
        words = text.split()
        if self._answers:  # of the values asked about, it is known that they fit about as well
            values = neighbours.places_among(self._answers, words, self._values)
            near = neighbours.FAR
        else:
            values = neighbours.places(self._network, words, self._values)
            near = neighbours.limit(sureness)
        # rivals have limits of their own
        values = [each - self._rivals.of(word) for each, word in zip(values, words, strict=True)]
        if not any(values):
            return ""
        network = networks.sentence(neighbours.with_limits(words, values, near))
        found = [s.word for s in self._decode_again(network) if s.is_word]
        # it is empty for an utterance that fits none of the sentences
        return "" if found == words or len(found) != len(words) else " ".join(found)

    def _is_likelier(self, words: Sequence[str], place: int, rival: str, sureness: float) -> bool:
        """Return whether a rival was said in place of the word that was recognized."""
        places = self._rivals.likelier(words, place, rival, sureness)
        if places is None:
            return False
        found = [s.word for s in self._decode_again(networks.sentence(places)) if s.is_word]
        return len(found) == len(words) and found[place] == rival

    def _decode_again(self, network: str) -> list[Segment]:
        """Decode the last utterance with another grammar of known words."""
        decoder = self._words
        with tempfile.TemporaryDirectory(prefix="satellite-asr-") as folder:
            path = Path(folder, "again.fsg")
            path.write_text(network, "utf-8")
            decoder.add_fsg("again", decoder.read_fsg(str(path)))
        decoder.activate_search("again")
        try:
            self._begin_decoder(decoder)
            samples = np.frombuffer(self._audio, "<i2") * self._gain
            hiss = np.take(self._hiss, np.arange(len(samples)), mode="wrap")
            _decode(
                decoder, np.clip(samples + hiss, -_FULL_SCALE, _FULL_SCALE).astype("<i2").tobytes()
            )
            decoder.end_utt()
            return list(_segments(decoder))
        finally:
            decoder.activate_search("grammar")

    def _start(self, size: int) -> None:
        """Decode from the beginning, with the gain for the loudest sample of `size` bytes."""
        self._close()
        peak = int(np.abs(np.frombuffer(self._audio[:size], "<i2").astype(np.int32)).max())
        self._gain = min(_PEAK * _FULL_SCALE / max(peak, 1), _MAX_GAIN)
        self._decoded = 0
        for decoder in (self._words, self._phonemes):
            self._begin_decoder(decoder)
        self._open = True

    def _begin_decoder(self, decoder: Any) -> None:
        # the noise estimate and the codewords of the last frame outlive an utterance
        decoder.reinit_feat()
        decoder.set_cmn(_MEAN)
        decoder.start_utt()
        _decode(decoder, (_SETTLING_GAIN * self._hiss[:_SETTLING]).astype("<i2").tobytes())
        decoder.end_utt()
        decoder.reinit_feat()
        decoder.set_cmn(_MEAN)
        decoder.start_utt()

    def _decode(self, size: int) -> None:
        end = self._decoded + size
        samples = np.frombuffer(self._audio[self._decoded : end], "<i2") * self._gain
        if np.abs(samples).max() > _LOUDEST * _FULL_SCALE:
            self._start(end)
            return
        hiss = np.take(self._hiss, np.arange(len(samples)) + self._decoded // 2, mode="wrap")
        block = np.clip(samples + hiss, -_FULL_SCALE, _FULL_SCALE).astype("<i2").tobytes()
        self._decoded = min(end, len(self._audio))
        _decode(self._words, block)
        _decode(self._phonemes, block)

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._words.end_utt()
            self._phonemes.end_utt()


def _hiss() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return a second of pink noise (equal power in each octave), to be repeated; always the same.

    The phases of its tones come from the small linear congruential generator of Numerical Recipes:
    `numpy.random` would cost 3 MB.
    """
    state, phases = 1, []
    for _ in range(SPEECH.rate // 2):
        state = (1664525 * state + 1013904223) % 2**32
        phases.append(2 * math.pi * state / 2**32)
    tones = np.arange(1, SPEECH.rate // 2 + 1)
    spectrum = np.exp(1j * np.array(phases)) / np.sqrt(tones)
    samples = np.fft.irfft(np.concatenate([[0], spectrum]), SPEECH.rate)
    return np.asarray(samples * (_FLOOR * _FULL_SCALE / np.sqrt(np.mean(samples**2))))


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
