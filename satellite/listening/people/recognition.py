"""Recognition of the person who speaks, beside the transcription and never waited for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from satellite.errors import SatelliteError
from satellite.lib.platform.processes import lower_priority
from satellite.listening.people.people_file import PeopleFile, Person
from satellite.listening.people.voiceprint import (
    SHORTEST,
    Floats,
    Voiceprinter,
    digest,
    load,
    similarity,
    voice_of,
)
from satellite.settings import Settings
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

_EVERY = 1.0
"""Seconds of further sound after which a voiceprint is computed again during the speech."""
_LONGEST = 10.0
"""Seconds of sound of a voiceprint: more changes it little."""
_NICE = 5
"""Steps of nice(1) below the event loop and the recognizer's."""


class Match(msgspec.Struct, frozen=True):
    """The enrolled person whose voice is most similar."""

    name: str | None
    """None where it is not similar enough."""
    score: float
    """Similarity, -1 to 1."""


class _Loaded(msgspec.Struct, frozen=True):
    printer: Voiceprinter
    people: tuple[tuple[str, Floats], ...]


class SpeakerRecognition:
    """Compares voices with those of the enrolled people, on a thread of its own."""

    def __init__(self, file: PeopleFile, threshold: float | None = None) -> None:
        """`threshold`: least similarity; the network's own by default."""
        self._file = file
        self._threshold = threshold
        self._version: tuple[int, int] | None = None
        self._loaded: _Loaded | None = None
        self._executor = ThreadPoolExecutor(
            1, thread_name_prefix="people", initializer=partial(lower_priority, _NICE)
        )

    def begin(self) -> VoiceCheck:
        """Return the check of an utterance that begins."""
        return VoiceCheck(self)

    def submit(self, audio: bytes) -> Future[Match | None]:
        """Compare a voice, 16 kHz mono, later; None where nothing can be said."""
        return self._executor.submit(self._match, audio)

    def warm_up(self) -> None:
        """Load the network before the first utterance, later."""
        self._executor.submit(self._current)

    def close(self) -> None:
        """Drop what waits. Idempotent."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _match(self, audio: bytes) -> Match | None:  # on the thread
        loaded = self._current()
        voice = voice_of(audio)
        if loaded is None or len(voice) < SHORTEST * SPEECH.rate:
            return None
        try:
            print_ = loaded.printer.compute(voice)
        except SatelliteError as error:
            _LOGGER.warning("%s", error)
            return None
        alike = [each for each in loaded.people if len(each[1]) == len(print_)]
        if not alike:
            return None
        score, name = max((similarity(print_, other), name) for name, other in alike)
        least = loaded.printer.threshold if self._threshold is None else self._threshold
        return Match(name if score >= least else None, round(score, 3))

    def _current(self) -> _Loaded | None:  # on the thread
        """Return the network and the people; None without people, or if they cannot be used."""
        if (version := self._file.version) != self._version:
            self._version = version
            self._loaded = None
            try:
                self._loaded = self._load()
            except SatelliteError as error:
                _LOGGER.warning("speaker recognition: %s", error)
        return self._loaded

    def _load(self) -> _Loaded | None:
        stored = self._file.read()
        if not stored.people:
            _LOGGER.warning("speaker recognition: no one is enrolled: satellite people add NAME")
            return None
        model = Path(stored.model)
        if digest(model) != stored.sha256:
            raise SatelliteError(
                f"{model} is another file than the one that the voices were stored with: add the "
                "people again: satellite people add NAME"
            )
        people = tuple((person.name, mean_of(person)) for person in stored.people)
        return _Loaded(load(model), people)


class VoiceCheck:
    """The recognition of one utterance. Use it on the event loop; it never waits."""

    def __init__(self, recognition: SpeakerRecognition) -> None:
        self._recognition = recognition
        self._audio = bytearray()
        self._computed = 0
        """Bytes of the newest computation."""
        self._future: Future[Match | None] | None = None
        self._match: Match | None = None

    @property
    def match(self) -> Match | None:
        """The newest result; None so far, or where nothing can be said."""
        future = self._future
        if future is not None and future.done():
            self._future = None
            if not future.cancelled() and future.exception() is None:
                self._match = future.result() or self._match
            elif not future.cancelled():
                _LOGGER.error("speaker recognition failed", exc_info=future.exception())
        return self._match

    def hear(self, chunk: bytes) -> None:
        """Take the next sound of the utterance, 16 kHz mono."""
        room = SPEECH.bytes_of(_LONGEST) - len(self._audio)
        self._audio += chunk[: max(0, room)]
        first = SPEECH.bytes_of(SHORTEST + 0.5)
        if len(self._audio) >= max(first, self._computed + SPEECH.bytes_of(_EVERY)):
            self._compute()

    def finish(self) -> None:
        """Use all of the sound: the utterance is over."""
        if self._computed < len(self._audio):
            self._compute()

    def _compute(self) -> None:
        _ = self.match
        if self._future is None or self._future.cancel():
            self._computed = len(self._audio)
            try:
                self._future = self._recognition.submit(bytes(self._audio))
            except RuntimeError:  # closed while the turn goes on
                self._future = None


@contextmanager
def speaker_recognition(settings: Settings) -> Iterator[SpeakerRecognition | None]:
    """Yield the recognition of a satellite's people; None where it is switched off."""
    if not settings.people.enabled:
        yield None
        return
    file = PeopleFile(settings.name)
    recognition = SpeakerRecognition(file, settings.people.threshold)
    recognition.warm_up()
    try:
        yield recognition
    finally:
        recognition.close()


def mean_of(person: Person) -> Floats:
    """Return the mean voiceprint of a person."""
    mean: Floats = np.mean(np.asarray(person.prints, np.float32), axis=0)
    return mean
