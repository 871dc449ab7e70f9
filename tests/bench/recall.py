"""Recall of wake words by distance and noise, with and without idling.

    python -m tests.bench.recall [--engine openwakeword] [--minutes 5] [--sample 0.25]

Each recording and each of eSpeak NG's voices says the word in a room of that distance (synthetic
response), between pauses that are long enough for the engine to go idle, in one long stream.
"awake" processes all of it, "resting" only sound above the noise (option `rest`); both should
detect the same. Then the CPU time, the phrases taken for the word that only begin or sound like it,
and the false wakes per hour in other sounds (see tests.soak.other_sounds). All of it takes some
minutes for an engine; `--sample` uses a part of the voices.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import msgspec
import numpy as np

from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import TwoStage
from satellite.values import DetectRequest
from tests.soak.other_sounds import false_wakes, pieces
from tests.support import recordings
from tests.support.acoustics import RATE, Samples, at_level, heard, pcm, response, room_noise
from tests.support.acoustics import samples as numbers
from tests.support.speech import speak

KINDS = (OpenWakeWord, MicroWakeWord, TwoStage)
WORDS = ("okay_nabu", "hey_jarvis")
VOICES = ("en-us", "en-us+m3", "en-us+f3", "en-gb", "en-us+m7")
RATES = (130, 150, 175)
DISTANCES = {0.5: -22.0, 1.5: -29.0, 4.0: -36.0}
"""Metres, and dBFS of a voice at that distance."""
PLACES = ((0.5, -65.0), (1.5, -50.0), (4.0, -65.0), (4.0, -50.0), (4.0, -40.0))
"""Metres, and dBFS of the noise: a quiet room, a fan, a kitchen."""
ALIKE = {
    "okay_nabu": (
        *("okay", "okay now", "okay no", "okay nothing", "okay taboo", "okay november"),
        *("okay navy", "a nabu", "oh can a boo", "hokey nabob"),
    ),
    "hey_jarvis": (
        *("hey", "hey jar", "hey james", "hey jarred", "hey marvin", "hey charles"),
        *("a jar of this", "he jars us", "hey service", "say jarvis"),
    ),
}
"""Phrases that are not the word."""
PAUSE = 6.0
"""Seconds from one word to the next: long enough for the engine to go idle."""


class StreamResult(msgspec.Struct, frozen=True):
    """The result of an engine for a stream."""

    words: int
    cpu: float


def spoken_words(word: str, sample: float = 1.0) -> list[Samples]:
    """Return the word by people and by a part of the synthetic voices."""
    text = word.replace("_", " ")
    voices = [(voice, rate) for voice in VOICES for rate in RATES][:: round(1 / sample)]
    made = [numbers(speak(text, voice, rate)) for voice, rate in voices]
    if (recordings.FOLDER / f"{word}.wav").exists():
        made.append(numbers(recordings.samples(word)))
    return made


def alike(word: str) -> list[Samples]:
    """Return phrases that sound like the word, by synthetic voices."""
    return [numbers(speak(text, voice)) for text in ALIKE[word] for voice in VOICES]


def stream(
    words: list[Samples], distance: float, noise: float, pause: float = PAUSE
) -> tuple[Samples, list[int]]:
    """Return all words in a row as one sound, and the sample at which each ends."""
    room = response(distance, 0.3, 11)
    spoken = [
        at_level(heard(np.pad(sound, (0, RATE // 4)), room), DISTANCES[distance]) for sound in words
    ]
    step = round(pause * RATE)
    total = step + sum(step + len(sound) for sound in spoken)
    sound, ends, position = room_noise(total / RATE + 1, noise, 4), [], step
    for word_ in spoken:
        sound[position : position + len(word_)] += word_
        ends.append(position + len(word_))
        position += len(word_) + step
    return sound, ends


async def listen(engine: WakeEngine, word: str, sound: Samples, ends: list[int]) -> StreamResult:
    """Feed a sound to an engine, faster than real time."""
    audio = pcm(sound)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(audio), 2560):
            yield audio[start : start + 2560]

    began = time.process_time()
    request = DetectRequest(words=(word,))
    at = [found.sample async for found in engine.detect(chunks(), request)]
    spent = time.process_time() - began
    late = round(1.5 * RATE)
    return StreamResult(
        words=sum(any(end - late < sample < end + late for sample in at) for end in ends),
        cpu=spent / len(sound) * RATE * 3600,
    )


def engines(names: list[str], rest: bool) -> Iterator[WakeEngine]:
    for kind in KINDS:
        if kind.name in names:
            yield kind(kind.Options(words=WORDS, rest=rest))


async def _run(names: list[str], minutes: float, sample: float) -> None:
    print(f"{'':13} {'word':10} {'m':>4} {'noise dB':>8} {'said':>4} {'awake':>5} {'resting':>7} ")
    for awake, resting in zip(engines(names, rest=False), engines(names, rest=True), strict=True):
        await awake.load()
        await resting.load()
        cpu = [0.0, 0.0]
        rows = [(word, *place) for word in WORDS for place in PLACES]
        for word, distance, noise in rows:
            sound, ends = stream(spoken_words(word, sample), distance, noise)
            found = [await listen(engine, word, sound, ends) for engine in (awake, resting)]
            cpu = [total + one.cpu for total, one in zip(cpu, found, strict=True)]
            print(
                f"{awake.name:13} {word:10} {distance:4.1f} {noise:8.0f} {len(ends):4} "
                f"{found[0].words:5} {found[1].words:7}",
                flush=True,
            )
        mean = [total / len(rows) for total in cpu]
        print(f"{awake.name}: CPU seconds an hour, awake {mean[0]:.0f}, resting {mean[1]:.0f}")
        for word in WORDS:
            phrases = alike(word)
            sound, ends = stream(phrases, 0.5, -65.0, pause=2.0)
            mistaken = (await listen(resting, word, sound, ends)).words
            print(f"{resting.name}: {mistaken} of {len(phrases)} phrases taken for {word}")
        for engine, what in ((awake, "awake"), (resting, "resting")):
            wakes = await false_wakes(engine, pieces(minutes * 60))
            rate = len(wakes) / minutes * 60
            print(f"{engine.name}, {what}: {rate:.1f} false wakes an hour, of {minutes:g} minutes")
            await engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    every = [kind.name for kind in KINDS]
    parser.add_argument("--engine", choices=every, action="append", help="all by default")
    parser.add_argument("--sample", type=float, default=1.0, help="part of the voices that speak")
    parser.add_argument("--minutes", type=float, default=5, help="of other sounds")
    options = parser.parse_args()
    asyncio.run(_run(options.engine or every, options.minutes, options.sample))


if __name__ == "__main__":
    main()
