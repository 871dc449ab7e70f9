"""Learns how a person says a wake word, from a few recordings.

Each recording is also placed in simulated rooms and noise: a word said at arm's length teaches how
it sounds from across the room.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from satellite.builtin.wake.embedding_engine import EmbeddingEngine
from satellite.builtin.wake.engine import HOP
from satellite.builtin.wake.learned_voices import WINDOWS, Floats, LearnedVoice, learned
from satellite.builtin.wake.simulated_room import Sound, in_room, pink_noise
from satellite.errors import UsageError
from satellite.values import SPEECH

FEWEST, MOST = 3, 10
"""Recordings of a word."""
CLEAR = 0.1
"""Score of a recording from which it holds the word: speech without it seldom has 0.05."""
ROOMS = ((1.0, 0.3, 20.0), (2.5, 0.4, 15.0), (4.0, 0.5, 10.0))
"""Simulated rooms: distance in metres, seconds of reverberation, dB of the word over the noise."""

_LEAD, _TAIL = 2.2, 1.0
"""Seconds of silence around a recording."""


class Taught(msgspec.Struct, frozen=True):
    """The result of learning."""

    voice: LearnedVoice
    scores: Mapping[str, float]
    """The best score of each recording."""


async def learn(
    engine: EmbeddingEngine, word: str, name: str, recordings: Mapping[str, bytes]
) -> Taught:
    """Learn a word from recordings (16 kHz mono) by their labels, each with the word once.

    Raises `UsageError` for a recording in which the word is not heard at all, and the errors of the
    engine.
    """
    if not FEWEST <= len(recordings) <= MOST:
        raise UsageError(f"a voice is learned from {FEWEST} to {MOST} recordings of the word")
    random = np.random.default_rng(1)
    windows: list[Floats] = []
    scores = {}
    for label, audio in recordings.items():
        sound = np.frombuffer(audio, "<i2").astype(np.float64)
        at, best, embeddings = await _place(engine, word, _padded(sound))
        scores[label] = best
        if best < CLEAR:
            raise UsageError(
                f"{label}: {word} is not heard in it (score {best:.2f}): say the word alone, "
                "clearly, an arm's length from the microphone"
            )
        windows.append(_window(embeddings, at))
        for distance, reverberation, snr in ROOMS:
            there = in_room(_padded(sound), distance, reverberation, random)
            embeddings = await engine.embeddings(_pcm(_amid_noise(there, snr, random)))
            windows.append(_window(embeddings, min(at, len(embeddings) - 1)))
    return Taught(learned(name, word, windows, len(recordings)), scores)


async def holds_word(engine: EmbeddingEngine, word: str, audio: bytes) -> bool:
    """Return whether a recording (16 kHz mono) holds a word, so that a voice is learned from it."""
    sound = np.frombuffer(audio, "<i2").astype(np.float64)
    _, best, _ = await _place(engine, word, _padded(sound))
    return best >= CLEAR


async def _place(engine: EmbeddingEngine, word: str, sound: Sound) -> tuple[int, float, Floats]:
    """Return the hop in which a word scores best, the score, and the embeddings of a sound."""
    embeddings = await engine.embeddings(_pcm(sound))
    scores = await engine.scores(embeddings, word)
    at = WINDOWS + int(np.argmax(scores[WINDOWS:]))
    return at, float(scores[at]), embeddings


def _window(embeddings: Floats, at: int) -> Floats:
    """Return the embeddings up to a hop; a recording begins after more than as many of silence."""
    return embeddings[at - WINDOWS + 1 : at + 1]


def _padded(sound: Sound) -> Sound:
    lead, tail = round(_LEAD * SPEECH.rate), round(_TAIL * SPEECH.rate)
    whole = np.pad(sound, (lead, tail))
    return np.asarray(np.pad(whole, (0, -len(whole) % HOP)))


def _amid_noise(sound: Sound, snr: float, random: np.random.Generator) -> Sound:
    """Return a sound with pink noise, `snr` dB below its loudest half second."""
    loud = np.sqrt(np.mean(np.sort(sound**2)[-SPEECH.rate // 2 :]))
    return np.asarray(sound + pink_noise(len(sound), random) * loud * 10 ** (-snr / 20))


def _pcm(sound: Sound) -> bytes:
    return np.clip(np.rint(sound), -32768, 32767).astype("<i2").tobytes()
