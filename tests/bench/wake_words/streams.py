"""Sound for the detectors: words across rooms, amid noise, and speech in which no word is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from satellite.diagnostics.soundcheck.speech_texts import book, dialogue
from tests.bench.wake_words import noises, rooms
from tests.bench.wake_words.texts import NEAR
from tests.bench.wake_words.voices import STYLES, Speaker, speak
from tests.soak import other_sounds
from tests.support.acoustics import RATE, Samples, at_level, heard, loudness, pcm, room_noise

LEAD, TAIL = 2.4, 1.3
"""Seconds before a word, which detectors need to know the noise, and after it."""
LEVELS = {0.3: -18.0, 1.5: -28.0, 4.0: -35.0}
"""dBFS of an ordinary voice by its distance in metres."""
LOUDNESS = (-9.0, 0.0, 6.0)
"""dB by which people are softer and louder than that."""
ROOMS = 12
"""Rooms for each distance."""


class Place(msgspec.Struct, frozen=True):
    """Where the word is said."""

    distance: float
    """Metres."""
    snr: float
    """dB of the word, as it is heard with its reverberation, over the noise."""

    def __str__(self) -> str:
        return f"{self.distance:g} m, {self.snr:g} dB"


PLACES = (Place(0.3, 20), Place(1.5, 15), Place(1.5, 0), Place(4, 10), Place(4, 0))
NEAR_FIELD, FAR_FIELD = Place(1.5, 15), Place(4, 10)
"""The places of the goals."""


class Utterance(msgspec.Struct, frozen=True):
    """A word or phrase in a stream."""

    begin: int
    end: int
    """Samples of the stream."""
    speaker: str
    noise: str


class Stream(msgspec.Struct, frozen=True):
    """One stream of sound."""

    name: str
    audio: bytes
    """s16le, 16 kHz."""
    utterances: tuple[Utterance, ...] = ()

    @property
    def hours(self) -> float:
        """Its length."""
        return len(self.audio) / 2 / RATE / 3600


class Said(msgspec.Struct, frozen=True):
    """A word before it is in a room."""

    sound: Samples
    speaker: str


def words_at(place: Place, said: Sequence[Said], speech: Sequence[Samples], seed: int) -> Stream:
    """Return the stream in which each word is said once at a place, each amid the next kind of
    noise, in a room of its own. `speech` is that of the babble and of the television."""
    random = np.random.default_rng(seed)
    responses = [rooms.random_response(place.distance, random) for _ in range(ROOMS)]
    behind = [rooms.random_response(2.5, random) for _ in range(ROOMS)]
    parts, found, position = [], [], 0
    for number, each in enumerate(said):
        kind = noises.KINDS[number % len(noises.KINDS)]
        room = random.integers(ROOMS)
        dry = np.pad(each.sound, (0, RATE // 4))
        level = LEVELS[place.distance] + LOUDNESS[random.integers(len(LOUDNESS))]
        word = at_level(heard(dry, responses[room]), level)
        lead = round((LEAD + random.uniform(0, 0.08)) * RATE)
        count = lead + len(word) + round(TAIL * RATE)
        noise = noises.noise(kind, count, behind[room], random, speech)
        part = noise * 32768 * 10 ** ((loudness(word) - place.snr) / 20)
        part[lead : lead + len(word)] += word
        parts.append(part)
        begin = position + lead
        found.append(Utterance(begin, begin + len(each.sound), each.speaker, kind.__name__))
        position += count
    return Stream(str(place), pcm(np.concatenate(parts)), tuple(found))


def phrases(word: str, speakers: Sequence[Speaker], seed: int = 5) -> Stream:
    """Return the stream of phrases that sound like a word, 1.5 m away in quiet rooms."""
    said = [Said(speak(text, each), str(each)) for text in NEAR[word] for each in speakers]
    quiet = Place(1.5, 30)
    return msgspec.structs.replace(words_at(quiet, said, _sentences(), seed), name="phrases")


def television(hours: float) -> Iterator[Stream]:
    """Yield speech without a word, as a television plays it: a book and dialogues by several
    voices, a third of it over music, some metres away, loud and soft."""
    random = np.random.default_rng(9)
    responses = [rooms.random_response(float(random.uniform(1.5, 4)), random) for _ in range(ROOMS)]
    left = hours
    programmes = _programmes()
    for number, at in enumerate(random.permutation(len(programmes))):
        speaker, texts = programmes[at]
        parts = [np.zeros(RATE)]
        for text in texts:
            parts += [
                speak(text, speaker, speaker.size),
                np.zeros(int(random.integers(RATE // 8, RATE))),
            ]
        room = responses[random.integers(ROOMS)]
        level = random.uniform(-38, -22)
        talk = at_level(heard(np.concatenate(parts), room), level)
        if number % 3 == 2:
            music = heard(noises.music(len(talk), random, ()), room)
            talk += at_level(music, level - random.uniform(5, 20))
        talk += room_noise(len(talk) / RATE, -62, number)[: len(talk)]
        stream = Stream(str(speaker), pcm(talk))
        left -= stream.hours
        yield stream
        if left <= 0:
            return


def other(minutes: float) -> Stream:
    """Return music, noises, tones, and eSpeak NG's speech in four languages."""
    return Stream("other", b"".join(sound for _, sound in other_sounds.pieces(minutes * 60)))


def speech() -> list[Samples]:
    """Return sentences for noise of speech: those of the book's end, by Piper."""
    return _sentences()


def _sentences() -> list[Samples]:
    return [speak(text, Speaker("piper", 1.04), 1.04) for text in book()[-40:]]


def _programmes() -> list[tuple[Speaker, Sequence[str]]]:
    """Return speakers with what each says in a row. A size of the vocal tract makes a speaker of
    its own without speaking the text again."""
    found: list[tuple[Speaker, Sequence[str]]] = []
    texts = (*dialogue(), *book())
    for size in (1.0, 0.87, 1.16, 0.94, 1.07):
        piper = Speaker("piper", size)
        found += [(piper, texts[first : first + 40]) for first in range(0, len(texts), 40)]
        for number, style in enumerate(STYLES):
            own = book()[number * 8 : number * 8 + 6]
            found.append((Speaker(f"kokoro:{style}", size), own))
    return found
