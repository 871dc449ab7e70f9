"""One utterance: its sound cut into stretches, and their texts. Used on the model's thread."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from satellite.errors import EngineFailed
from satellite.text.quoted import quoted
from satellite.values import SPEECH
from servers.asr.hallucinations import is_never_said
from servers.asr.name_correction import near_names, only_names_differ
from servers.asr.scripts import joined, units
from servers.asr.sherpa.recognizer import Floats, Recognizer
from servers.asr.sherpa.segment import FRAME, TRAIL, AllIsVoice, Detector, Segment
from servers.asr.sherpa.writing import Writing, continued, whole_words

_LOGGER = logging.getLogger(__name__)

_BYTES = 2 * FRAME
LONGEST = 3600.0
"""Seconds of an utterance."""
MOST_HELD_BACK = 4
"""Most words that are sent only once more have followed, as they may belong to a name."""


class Step(msgspec.Struct, frozen=True):
    """More sound for an utterance."""

    utterance: Utterance
    audio: bytes
    end: bool
    alone: bool
    """Whether no other utterance waits, so that work that may be in vain delays none."""


class Progress(msgspec.Struct, frozen=True):
    """The text of an utterance so far."""

    text: str
    language: str


class _Stretch:
    """A stretch that is open, or closed and not yet decoded."""

    def __init__(self, segment: Segment, stream: Any) -> None:
        self.segment = segment
        self.stream = stream
        """None for a model that needs the whole stretch at once."""
        self.sound = bytearray()
        """All samples of the stretch, as long as they may be needed."""
        self.fed = 0
        """Bytes of the sound that the stream has."""
        self.decoded: tuple[int, int] | None = None
        """The span of which `stream` has the text, for a model of whole stretches."""


class Utterance:
    """Collects sound, and writes the text of each stretch once it is complete."""

    def __init__(
        self,
        recognizer: Recognizer,
        writing: Writing,
        detector: Detector | None,
        threshold: float,
        names: Sequence[str],
        beam: Beam,
    ) -> None:
        self._recognizer = recognizer
        self._writing = writing
        self._detector: Detector = detector or AllIsVoice()
        self._threshold = threshold
        self._names = tuple(names)
        self._beam = beam
        longest = max((len(units(name)) for name in self._names), default=1)
        self._held_back = max(1, min(longest, MOST_HELD_BACK))
        self._texts: list[str] = []
        self._closed: list[_Stretch] = []
        self._open = self._stretch()
        self._pending = bytearray()
        self._samples = 0
        self._before = ""
        self._sent = ""
        self._language = ""

    def accept(self, audio: bytes, end: bool, alone: bool) -> list[Any]:
        """Add sound; return the streams to decode. Raises `EngineFailed` for endless sound."""
        self._pending += audio
        whole = len(self._pending) // _BYTES * _BYTES
        size = len(self._pending) // 2 * 2 if end else whole  # half a sample at the end is dropped
        for start in range(0, size, _BYTES):
            self._frame(bytes(self._pending[start : min(start + _BYTES, size)]))
        del self._pending[:size]
        if end:
            self._close()
        else:
            self._feed(self._open)
        return [
            stretch.stream
            for stretch in (*self._closed, *([] if end else [self._open]))
            if self._to_decode(stretch, alone)
        ]

    def collect(self, end: bool) -> Progress:
        """Return the text after the streams have been decoded."""
        for stretch in self._closed:
            if text := self._text_of(stretch):
                self._texts.append(text)
        self._closed.clear()
        if end:
            text = continued(self._sent, joined(self._texts))
        else:
            text = self._partial()
            self._sent = text
        return Progress(text, self._language)

    def _stretch(self) -> _Stretch:
        stream = self._recognizer.stream() if self._recognizer.streaming else None
        segment = Segment(self._detector, self._threshold, self._recognizer.streaming)
        return _Stretch(segment, stream)

    def _frame(self, frame: bytes) -> None:
        self._samples += len(frame) // 2
        if self._samples > LONGEST * SPEECH.rate:
            raise EngineFailed(f"sherpa-onnx: the speech is longer than {LONGEST:g} s")
        stretch = self._open
        stretch.segment.add(frame)
        stretch.sound += frame
        if stretch.segment.complete:
            self._close()

    def _close(self) -> None:
        stretch, self._open = self._open, self._stretch()
        self._before = ""
        self._feed(stretch)
        if not stretch.segment.voiced:
            return
        if self._recognizer.streaming:
            self._recognizer.finish(stretch.stream)
        else:
            self._prepare(stretch)
        self._closed.append(stretch)

    def _feed(self, stretch: _Stretch) -> None:
        if stretch.stream is not None and self._recognizer.streaming:
            if fresh := bytes(stretch.sound[stretch.fed :]):
                self._recognizer.accept(stretch.stream, _floats(fresh))
            stretch.fed = len(stretch.sound)

    def _prepare(self, stretch: _Stretch) -> None:
        """Give the sound of a stretch to a new stream unless its text is known."""
        span = stretch.segment.span()
        if stretch.decoded != span:
            stretch.stream = self._recognizer.stream()
            cut = bytes(stretch.sound[2 * span[0] : 2 * span[1]])
            self._recognizer.accept(stretch.stream, _floats(cut))
            stretch.decoded = None

    def _to_decode(self, stretch: _Stretch, alone: bool) -> bool:
        if self._recognizer.streaming:
            return True
        segment = stretch.segment
        if stretch is self._open:
            # a pause may be the end: then its text is known already
            if not (alone and segment.voiced and segment.quiet >= TRAIL):
                return False
            self._prepare(stretch)
        due = stretch.decoded is None
        stretch.decoded = segment.span()
        return due

    def _text_of(self, stretch: _Stretch) -> str:
        text = self._recognizer.text(stretch.stream)
        self._language = self._recognizer.language(stretch.stream) or self._language
        text = self._with_names(stretch, text)
        if is_never_said(text):
            _LOGGER.debug("Rejected text: %s", quoted(text))
            return ""
        return self._writing.text(text, first=not self._texts)

    def _with_names(self, stretch: _Stretch, text: str) -> str:
        """Return the text with the names that it nearly has, if the sound is as likely theirs."""
        near = near_names(text, self._names) if text else ()
        again = self._beam.text(_floats(bytes(stretch.sound)), near) if near else ""
        if not again or not only_names_differ(text, again, near):
            return text
        written = joined([*self._texts, self._writing.cased(again, first=not self._texts)])
        if not written.startswith(self._sent):  # of what was sent, nothing is taken back
            return text
        _LOGGER.debug("Names in %s: %s", quoted(text), quoted(again))
        return again

    def _partial(self) -> str:
        """Return the part of the text that will not change any more."""
        stretch = self._open
        text = joined(self._texts)
        if self._recognizer.streaming and stretch.segment.voiced:
            raw = self._recognizer.text(stretch.stream)
            stable = raw if self._recognizer.stable else _common(self._before, raw)
            self._before = raw
            stable = whole_words(stable, self._held_back)
            text = joined([*self._texts, self._writing.cased(stable, first=not self._texts)])
        return text if text.startswith(self._sent) else self._sent


class Beam:
    """A search that can prefer names, loaded when it is first needed."""

    def __init__(self, load: Any) -> None:
        """`load` returns its recognizer, or None where the model cannot prefer words."""
        self._load = load
        self._recognizer: Recognizer | None = None
        self._loaded = False

    def text(self, samples: Floats, names: Sequence[str]) -> str:
        """Return the text of some sound in which these names are likelier; empty if it cannot."""
        if not self._loaded:
            self._loaded = True
            self._recognizer = self._load()
        found = self._recognizer
        if found is None:
            return ""
        stream = found.stream(names)
        found.accept(stream, samples)
        found.finish(stream)
        found.decode([stream])
        return found.text(stream)


def process(recognizer: Recognizer, steps: Sequence[Step]) -> list[Progress | EngineFailed]:
    """Take a step of several utterances; decode them in one batch."""
    streams: list[Any] = []
    failed: dict[int, EngineFailed] = {}
    for number, step in enumerate(steps):
        try:
            streams += step.utterance.accept(step.audio, step.end, step.alone)
        except EngineFailed as error:
            failed[number] = error
    recognizer.decode(streams)
    return [
        failed[number] if number in failed else step.utterance.collect(step.end)
        for number, step in enumerate(steps)
    ]


def _floats(audio: bytes) -> Floats:
    return np.frombuffer(audio, "<i2").astype(np.float32) / np.float32(32768)


def _common(first: str, second: str) -> str:
    size = next(
        (at for at, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]),
        min(len(first), len(second)),
    )
    return second[:size]
