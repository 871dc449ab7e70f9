"""Voices that have taught a satellite how they say its wake word, and the check of a sound.

A voice is stored as templates: the 16 speech embeddings at the end of each recording of the word,
in several simulated rooms, without their mean. A sound is similar if its embeddings point in the
direction of a template. Then a fraction of the usual score of the word's network is enough; other
people are heard as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.errors import UsageError
from satellite.lib.persistence import StoredValue
from satellite.options import unknown_name

Floats = npt.NDArray[np.float32]

WINDOWS = 16
"""Embeddings of a template: 1.28 s, as many as a word's network takes."""
MOST_VOICES = 32
MOST_TEMPLATES = 64
"""Templates of one voice: some recordings in some rooms."""

LOWEST = 0.002
SIMILAR = 0.5
"""Score of the word's network, and similarity to a template, that are enough together: in 20
minutes of speech no sound had both, for any of four voices. With 0.001 there was one false wake,
with a similarity of 0.4 twice as many phrases like the word (tests/bench/README.md)."""
SHIFTS = 7
"""Latest windows that are compared: score and similarity are not highest in the same hop."""

REACH = WINDOWS + SHIFTS - 1
"""Embeddings that are compared."""

Template = Annotated[bytes, msgspec.Meta(min_length=3072, max_length=3072)]
"""16 embeddings as one direction of length 1, in 16-bit floating point."""
Mean = Annotated[bytes, msgspec.Meta(min_length=192, max_length=192)]
"""An embedding, in 16-bit floating point."""


class LearnedVoice(msgspec.Struct, frozen=True):
    """How one person says one word."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    word: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    templates: Annotated[tuple[Template, ...], msgspec.Meta(max_length=MOST_TEMPLATES)]
    """Empty where a damaged file has lost them."""
    mean: Mean
    """The mean embedding of the templates."""
    recordings: int = 0
    """Recordings that the templates are of."""


class LearnedVoices(msgspec.Struct, frozen=True):
    """All voices of a satellite."""

    voices: Annotated[tuple[LearnedVoice, ...], msgspec.Meta(max_length=MOST_VOICES)] = ()


def voices_store(satellite: str) -> StoredValue[LearnedVoices]:
    """Return the file of a satellite's learned voices."""
    return StoredValue.for_satellite("wake-voices", satellite, LearnedVoices, LearnedVoices())


class VoiceFile:
    """The learned voices of one satellite, in a file that only its user can read."""

    def __init__(self, satellite: str) -> None:
        self._stored = voices_store(satellite)
        self.path = self._stored.file

    def read(self) -> LearnedVoices:
        """Return the voices. What cannot be used is set aside and logged."""
        return self._stored.read()

    def add(self, voice: LearnedVoice) -> None:
        """Store a voice in place of one of that name and word. Raises `UsageError`."""

        def added(stored: LearnedVoices) -> LearnedVoices:
            others = tuple(
                each for each in stored.voices if (each.name, each.word) != (voice.name, voice.word)
            )
            if len(others) >= MOST_VOICES:
                raise UsageError(
                    f"{MOST_VOICES} voices are stored already: remove one by satellite wake forget"
                )
            return LearnedVoices((*others, voice))

        self._stored.change(added)

    def remove(self, name: str) -> None:
        """Delete a person's voice. Raises `UsageError` for an unknown one."""

        def removed(stored: LearnedVoices) -> LearnedVoices:
            others = tuple(each for each in stored.voices if each.name != name)
            if len(others) == len(stored.voices):
                raise UsageError(unknown_name(name, {each.name: each for each in stored.voices}))
            return LearnedVoices(others)

        self._stored.change(removed)


class VoiceCheck:
    """Adjusts the scores of one word by the voices that have taught it."""

    def __init__(self, voices: Sequence[LearnedVoice]) -> None:
        self._voices = [
            (
                np.frombuffer(voice.mean, "<f2").astype(np.float32),
                np.array([np.frombuffer(each, "<f2") for each in voice.templates], np.float32),
            )
            for voice in voices
        ]

    def similarity(self, embeddings: Floats) -> float:
        """Return the highest similarity, -1 to 1, of the latest windows of embeddings, (16 + 6, 96)
        or more, to a template."""
        first = max(0, len(embeddings) - WINDOWS - SHIFTS + 1)
        windows = [
            embeddings[at : at + WINDOWS] for at in range(first, len(embeddings) - WINDOWS + 1)
        ]
        return max(
            float((templates @ direction(window, mean)).max())
            for mean, templates in self._voices
            for window in windows
        )

    def adjusted(self, score: float, embeddings: Floats) -> float:
        """Return 1 for a score that is high enough for a similar voice, otherwise the score."""
        similar = score >= LOWEST and self.similarity(embeddings) >= SIMILAR
        return 1.0 if similar else score


def check_of(stored: LearnedVoices, word: str) -> VoiceCheck | None:
    """Return the check for a word, None without a voice that has taught it."""
    voices = [voice for voice in stored.voices if voice.word == word and voice.templates]
    return VoiceCheck(voices) if voices else None


def learned(name: str, word: str, windows: Sequence[Floats], recordings: int) -> LearnedVoice:
    """Return a voice by windows of 16 embeddings, (16, 96) each, of some recordings."""
    mean: Floats = np.concatenate(list(windows)).mean(axis=0, dtype=np.float32)
    templates = tuple(direction(each, mean).astype("<f2").tobytes() for each in windows)
    return LearnedVoice(name, word, templates, mean.astype("<f2").tobytes(), recordings)


def direction(embeddings: Floats, mean: Floats) -> Floats:
    """Return the direction of 16 embeddings from the mean, as one vector of length 1."""
    vector = (embeddings - mean).ravel()
    found: Floats = (vector / (np.linalg.norm(vector) or 1)).astype(np.float32)
    return found
