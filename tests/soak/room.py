"""An hour of replies in a room whose microphone hears them: python -m tests.soak.room

Replies that hold the wake word leak into the microphone at several levels, delays and clocks, and
at times a person says the wake word over them. Prints, for each level, how often the satellite woke
itself (0 is asked for), how many barge-ins it heard, and how much of the reply was in what was
heard after them. Faster than real time. Exits 1 where it woke itself.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

import msgspec
import numpy as np

from satellite.audio.format import SPEECH
from satellite.wake.engine import WakeEngine
from satellite.wake.microwakeword import MicroWakeWord
from satellite.wake.openwakeword import OpenWakeWord
from tests.soak.talk import sentence
from tests.support import recordings
from tests.support.acoustics import Samples, at_level, heard, loudness, response, samples
from tests.support.simulated_room import SimulatedRoom
from tests.support.simulated_satellite import SimulatedSatellite, likeness, simulated
from tests.support.speech import speak

SECOND = SPEECH.rate
USER = -28.0
"""dBFS of the person at the microphone: two metres away."""
LEAKS = (-12.0, 0.0, 6.0, 12.0)
"""Decibels by which the reply is louder than the person."""
LATENCIES = (0.03, 0.12, 0.45)
DRIFTS = (0.0, 5e-5)
VOICES = (("en-us", 150), ("en-us+m3", 150), ("en-us", 130), ("en-us", 175))
"""Voices whose "okay nabu" the engines hear when it is quiet."""
BARGES = 0.4
"""Part of the replies that a person speaks over."""


class Outcome(msgspec.Struct):
    """What happened at one level."""

    seconds: float = 0.0
    own_words: int = 0
    self_wakes: int = 0
    barged: int = 0
    cut_off: int = 0
    leftover: float = 0.0
    """The most of a reply that was in an utterance: normalised correlation, 0 to 1."""


def words() -> list[Samples]:
    """The wake word, by people and synthetic voices."""
    made = [samples(speak("okay nabu", voice, rate)) for voice, rate in VOICES]
    if (recordings.FOLDER / "okay_nabu.wav").exists():
        made.append(samples(recordings.samples("okay_nabu")))
    return made


def reply(random: np.random.Generator, own: bool) -> Samples:
    """Two or three sentences, about 8 s; with the wake word in between where `own`."""
    parts = [samples(speak(sentence("en", random), "en-us+f3", 165)) for _ in range(3)]
    if own:
        voice, rate = VOICES[random.integers(len(VOICES))]
        parts.insert(2, samples(speak("okay nabu", voice, rate)))
    return np.concatenate([at_level(part, -20) for part in parts])


async def soak(engine: WakeEngine, leak: float, seconds: float, seed: int) -> Outcome:
    """Play replies in rooms of one leak for so long."""
    outcome = Outcome()
    random = np.random.default_rng(seed)
    factor = 10 ** ((USER + leak + 20) / 20)
    room_factor = loudness(heard(reply(random, False), response(0.3, 0.25, 5))) + 20
    factor /= 10 ** (room_factor / 20)
    while outcome.seconds < seconds:
        room = SimulatedRoom(
            leak=factor,
            latency=float(random.choice(LATENCIES)),
            drift=float(random.choice(DRIFTS)) * random.choice([-1, 1]),
            reverberation=float(random.uniform(0.15, 0.4)),
        )
        async with simulated(SimulatedSatellite(room, engine)) as satellite:
            await satellite.play(reply(random, own=False))  # the path gets known
            for _ in range(20):
                await _one(satellite, random, outcome)
        outcome.seconds += room.now / SECOND
    return outcome


async def _one(
    satellite: SimulatedSatellite, random: np.random.Generator, outcome: Outcome
) -> None:
    room = satellite.room
    await room.until(room.now + round(random.uniform(3.0, 6.0) * SECOND))
    barges = random.random() < BARGES
    sound = reply(random, own=not barges)
    wakes, cut, said = len(satellite.wakes), satellite.cut_off, len(satellite.utterances)
    if barges:
        word = words()[random.integers(len(words()))]
        voice = heard(np.pad(word, (0, 3200)), response(1.5, 0.2, int(random.integers(1000))))
        room.say(at_level(voice, USER), after=float(random.uniform(0.5, 4.0)))
    await satellite.play(sound)
    await room.until(room.now + 2 * SECOND)
    if barges:
        outcome.barged += 1
        outcome.cut_off += satellite.cut_off > cut
        await room.until(room.now + 5 * SECOND)
        for utterance in satellite.utterances[said:]:
            outcome.leftover = max(outcome.leftover, likeness(utterance, sound))
    else:
        outcome.own_words += 1
        outcome.self_wakes += len(satellite.wakes) - wakes


async def _run(minutes: float, seed: int) -> int:
    wakes = 0
    print(f"{'':14} {'leak dB':>7} {'hours':>6} {'own words':>9} {'self-wakes':>10} ", end="")
    print(f"{'barge-ins heard':>16} {'leftover':>8} {'CPU s':>6}")
    for engine in (OpenWakeWord(OpenWakeWord.Options()), MicroWakeWord(MicroWakeWord.Options())):
        await engine.load()
        for leak in LEAKS:
            began = time.process_time()
            found = await soak(engine, leak, minutes * 60 / len(LEAKS), seed)
            spent = time.process_time() - began
            heard_ = f"{found.cut_off} of {found.barged}"
            print(f"{engine.name:14} {leak:7.0f} {found.seconds / 3600:6.2f} ", end="")
            print(f"{found.own_words:9} {found.self_wakes:10} {heard_:>16} ", end="")
            print(f"{found.leftover:8.2f} {spent:6.0f}", flush=True)
            wakes += found.self_wakes
        await engine.close()
    return wakes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="of sound, for each engine")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other replies")
    given = parser.parse_args()
    sys.exit(1 if asyncio.run(_run(given.minutes, given.seed)) else 0)


if __name__ == "__main__":
    main()
