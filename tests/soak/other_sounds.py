"""False wakes by other sounds: `python -m tests.soak.other_sounds --minutes 30`.

Generates silence, noises, tones, music and speech, and plays them to all engines faster than in
real time. Prints every false wake with its score, and their number per hour. Exits 1 if the engines
with their default settings had any.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import numpy.typing as npt

from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import TwoStage
from satellite.values import Detection, DetectRequest
from tests.soak.talk import VOICES, sentence
from tests.support.speech import speak

RATE = 16000
PIECE = 10.0
"""Seconds of each kind of sound."""

Samples = npt.NDArray[np.float64]
Random = np.random.Generator


def silence(random: Random, count: int) -> Samples:
    """Digital silence, or the flickering last bit of a quiet microphone."""
    return random.integers(-1, 2, count) * random.integers(0, 2) / 32768


def white(random: Random, count: int) -> Samples:
    """White noise, from very soft to very loud."""
    return random.normal(0, 10 ** random.uniform(-3, -0.7), count)


def pink(random: Random, count: int) -> Samples:
    """Noise with equal power in every octave, like rain or a fan."""
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return _level(np.fft.irfft(spectrum, count), 10 ** random.uniform(-2.5, -0.7))


def tones(random: Random, count: int) -> Samples:
    """Beeps of half a second each, and a rising sweep."""
    each = RATE // 2
    times = np.arange(count) / RATE
    steps = 2 ** random.uniform(7, 11.8, count // each + 1)  # 128 to 3600 Hz
    gate = random.integers(0, 2, len(steps))
    beeps = np.sin(2 * np.pi * np.repeat(steps, each)[:count] * times)
    sweep = np.sin(2 * np.pi * (100 + 180 * times) * times)
    return 0.3 * beeps * np.repeat(gate, each)[:count] + 0.2 * sweep


def music(random: Random, count: int) -> Samples:
    """Chords with overtones, a drum, and a melody."""
    beat = RATE * 60 // int(random.integers(70, 160))
    sound = np.zeros(count + 4 * beat)
    root = random.uniform(90, 180)
    for number, start in enumerate(range(0, count, beat)):
        chord = [0, 4, 7] if number // 4 % 2 else [-3, 0, 4]
        for half_tones in (*chord, 12 + int(random.choice([0, 2, 4, 7, 9]))):
            note = _note(root * 2 ** (half_tones / 12), 4 * beat, random)
            sound[start : start + len(note)] += note
        drum = random.normal(0, 1, beat) * np.exp(-np.arange(beat) / 800)
        sound[start : start + beat] += 0.3 * drum
    return _level(sound[:count], 0.15)


def talk(random: Random, count: int) -> Samples:
    """Sentences in one voice after another."""
    said = bytearray()
    while len(said) < 2 * count:
        language, voice = VOICES[random.integers(len(VOICES))]
        said += speak(sentence(language, random), voice, int(random.integers(110, 220)))
        said += bytes(2 * int(random.integers(RATE // 10, RATE)))
    return np.frombuffer(bytes(said[: 2 * count]), "<i2") / 32768


def talk_in_noise(random: Random, count: int) -> Samples:
    """Sentences with music or noise in the background, as from a television."""
    behind = (pink, music)[random.integers(2)](random, count)
    return 0.7 * talk(random, count) + _level(behind, 10 ** random.uniform(-2.5, -1.5))


KINDS: tuple[Callable[[Random, int], Samples], ...] = (
    talk,
    silence,
    talk_in_noise,
    white,
    talk,
    pink,
    talk_in_noise,
    tones,
    talk,
    music,
)
"""In this order; half of the time is speech, since only that resembles a wake word."""


def pieces(seconds: float, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield sounds and their names, 16 kHz mono, `seconds` in all; the same for the same seed."""
    random = np.random.default_rng(seed)
    length = min(PIECE, seconds / len(KINDS))
    for number in range(round(seconds / length)):
        make = KINDS[number % len(KINDS)]
        sound = np.clip(make(random, round(length * RATE)), -1, 1)
        yield make.__name__, (sound * 32767).astype("<i2").tobytes()


async def false_wakes(
    engine: WakeEngine, sounds: Iterator[tuple[str, bytes]], words: tuple[str, ...] = ()
) -> list[tuple[str, Detection]]:
    """Return the wakes of `engine`, each with its sound. Empty `words` stand for the default
    ones."""
    playing = ""

    async def audio() -> AsyncIterator[bytes]:
        nonlocal playing
        for kind, sound in sounds:
            playing = kind
            for start in range(0, len(sound), RATE):
                yield sound[start : start + RATE]

    return [(playing, found) async for found in engine.detect(audio(), DetectRequest(words=words))]


def _note(frequency: float, count: int, random: Random) -> Samples:
    times = np.arange(count) / RATE
    overtones = sum(
        random.uniform(0.5, 1) / n * np.sin(2 * np.pi * n * frequency * times) for n in range(1, 7)
    )
    return np.asarray(overtones * np.exp(-3 * times) * np.minimum(1, times * 100))


def _level(samples: Samples, rms: float) -> Samples:
    return samples * (rms / max(float(np.sqrt(np.mean(samples**2))), 1e-9))


async def _run(seconds: float, seed: int, every_word: bool) -> int:
    wakes = 0
    for kind in (OpenWakeWord, MicroWakeWord, TwoStage):
        engine = kind(kind.Options())
        await engine.load()
        names = tuple(m.name for m in engine.describe().models) if every_word else ()
        begun = time.monotonic()
        found = await false_wakes(engine, pieces(seconds, seed), names)
        for kind, wake in found:
            at = wake.sample / RATE
            print(f"{engine.name}: {wake.word} {wake.score:.3f} at {at:.1f} s, in {kind}")
        print(
            f"{engine.name}: {len(found)} false wakes in {seconds / 60:.1f} minutes, "
            f"{len(found) / seconds * 3600:.1f} an hour "
            f"({'all words' if every_word else 'default word'}, {time.monotonic() - begun:.0f} s)"
        )
        wakes += len(found)
        await engine.close()
    return wakes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="how much sound")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other sounds")
    parser.add_argument("--every-word", action="store_true", help="listen for all built-in words")
    given = parser.parse_args()
    sys.exit(1 if asyncio.run(_run(given.minutes * 60, given.seed, given.every_word)) else 0)


if __name__ == "__main__":
    main()
