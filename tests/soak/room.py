"""An hour of replies in rooms whose microphone hears them: python -m tests.soak.room

Replies that contain the wake word leak into the microphone at several levels, delays and clocks,
and at times a person says the wake word over them: over the first reply of a new satellite, over
the first one after a restart, and over later ones. Prints for each level how often the satellite
woke itself (0 is required), the barge-ins that it detected, the wake words detected between
replies, and the part of a reply in the utterance after a barge-in. Faster than real time. Exits 1
if the satellite woke itself.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from satellite.audio.echo.stored_path import StoredPath
from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.lib.persistence import StoredValue
from satellite.values import SPEECH
from tests.soak.talk import sentence
from tests.support import recordings
from tests.support.acoustics import Samples, at_level, heard, loudness, response, samples
from tests.support.simulated_room import SimulatedRoom
from tests.support.simulated_satellite import SimulatedSatellite, likeness, simulated
from tests.support.speech import speak

ENGINES: dict[str, type[OpenWakeWord] | type[MicroWakeWord]] = {
    "openwakeword": OpenWakeWord,
    "microwakeword": MicroWakeWord,
}
SECOND = SPEECH.rate
USER = -28.0
"""dBFS of the person at the microphone, two metres away."""
LEAKS = (-12.0, -6.0, 0.0, 6.0)
"""Decibels by which the reply is louder than the person at the microphone."""
LATENCIES = (0.02, 0.09, 0.2, 0.45)
DRIFTS = (0.0, 5e-5, -2e-5)
VOICES = (("en-us", 150), ("en-us+m3", 150), ("en-us", 130), ("en-us", 175))
"""Voices whose "okay nabu" the engines detect in silence."""
BARGES = 0.4
"""Part of the later replies that a person speaks over."""
SENTENCES = 60
LATER = 9
"""Replies after the first one until the satellite is restarted."""


class Count(msgspec.Struct):
    """A number of successes out of a number of trials."""

    heard: int = 0
    said: int = 0

    def __str__(self) -> str:
        return f"{self.heard}/{self.said}"

    def add(self, heard: bool) -> None:
        self.said += 1
        self.heard += heard


def _counts() -> dict[str, Count]:
    return {name: Count() for name in ("first", "restarted", "later", "quiet")}


class Outcome(msgspec.Struct):
    """The results at one level."""

    seconds: float = 0.0
    spoken: float = 0.0
    """Seconds of replies."""
    own_words: int = 0
    self_wakes: int = 0
    words: dict[str, Count] = msgspec.field(default_factory=_counts)
    """Wake words detected over first replies, over the first after a restart, over later ones, and
    between replies."""
    leftover: float = 0.0
    """The largest part of a reply in an utterance: normalised correlation, 0 to 1."""


def words() -> list[Samples]:
    """The wake word, by people and synthetic voices."""
    made = [samples(speak("okay nabu", voice, rate)) for voice, rate in VOICES]
    if (recordings.FOLDER / "okay_nabu.wav").exists():
        made.append(samples(recordings.samples("okay_nabu")))
    return made


@cache
def sentences() -> list[str]:
    """Sentences of replies, stored because synthesis takes the longest."""
    random = np.random.default_rng(0)
    return [sentence("en", random) for _ in range(SENTENCES)]


def reply(random: np.random.Generator, own: bool) -> Samples:
    """Return three sentences of about 8 s, with the wake word in between if `own`."""
    texts = [sentences()[random.integers(SENTENCES)] for _ in range(3)]
    parts = [samples(speak(text, "en-us+f3", 165)) for text in texts]
    if own:
        voice, rate = VOICES[random.integers(len(VOICES))]
        parts.insert(2, samples(speak("okay nabu", voice, rate)))
    return np.concatenate([at_level(part, -20) for part in parts])


async def soak(engine: WakeEngine, leak: float, seconds: float, seed: int) -> Outcome:
    """Play replies in rooms of one leak for a time."""
    outcome = Outcome()
    random = np.random.default_rng(seed)
    level = loudness(heard(reply(random, False), response(0.3, 0.25, 5)))
    number = 0
    while outcome.seconds < seconds:
        reverberation = float(random.uniform(0.15, 0.4))
        drift = DRIFTS[number % len(DRIFTS)]
        with TemporaryDirectory() as folder:
            kept = StoredValue("echo", StoredPath, StoredPath(), Path(folder))
            for name in ("first", "restarted"):
                room = SimulatedRoom(
                    leak=float(10 ** ((USER + leak - level) / 20)),
                    latency=LATENCIES[number % len(LATENCIES)],
                    drift=drift,
                    reverberation=reverberation,
                )
                async with simulated(SimulatedSatellite(room, engine, store=kept)) as satellite:
                    await _life(satellite, random, outcome, name)
                outcome.seconds += room.now / SECOND
                number += 1
    return outcome


async def _life(
    satellite: SimulatedSatellite, random: np.random.Generator, outcome: Outcome, name: str
) -> None:
    """Run the satellite from one start to the next."""
    await _barge_in(satellite, random, outcome, name)
    for _ in range(LATER):
        await satellite.room.until(satellite.room.now + round(random.uniform(2.0, 4.0) * SECOND))
        if random.random() < BARGES:
            await _barge_in(satellite, random, outcome, "later")
        else:
            await _own_words(satellite, random, outcome)
    wakes = len(satellite.wakes)
    _say(satellite, random, 1.0)
    await satellite.room.until(satellite.room.now + 4 * SECOND)
    outcome.words["quiet"].add(len(satellite.wakes) > wakes)
    await satellite.room.until(satellite.room.now + 3 * SECOND)


def _say(satellite: SimulatedSatellite, random: np.random.Generator, after: float) -> None:
    """Let a person say the wake word in the room."""
    known = words()
    word = np.pad(known[random.integers(len(known))], (0, 3200))
    voice = heard(word, response(1.5, 0.2, int(random.integers(1000))))
    satellite.room.say(at_level(voice, USER), after=after)


async def _barge_in(
    satellite: SimulatedSatellite, random: np.random.Generator, outcome: Outcome, name: str
) -> None:
    room, sound = satellite.room, reply(random, own=False)
    cut, said = satellite.cut_off, len(satellite.utterances)
    _say(satellite, random, float(random.uniform(1.0, 4.0)))
    outcome.spoken += await _play(satellite, sound)
    await room.until(room.now + 5 * SECOND)
    outcome.words[name].add(satellite.cut_off > cut)
    for utterance in satellite.utterances[said:]:
        outcome.leftover = max(outcome.leftover, likeness(utterance, sound))


async def _own_words(
    satellite: SimulatedSatellite, random: np.random.Generator, outcome: Outcome
) -> None:
    wakes = len(satellite.wakes)
    outcome.spoken += await _play(satellite, reply(random, own=True))
    await satellite.room.until(satellite.room.now + SECOND)
    outcome.own_words += 1
    outcome.self_wakes += len(satellite.wakes) - wakes


async def _play(satellite: SimulatedSatellite, sound: Samples) -> float:
    """Return the seconds that were played until a detection, or until the end."""
    before = satellite.room.now
    await satellite.play(sound)
    return (satellite.room.now - before) / SECOND


async def _run(engines: list[str], leaks: list[float], minutes: float, seed: int) -> int:
    wakes = 0
    names = ("first", "restarted", "later", "quiet")
    print(f"{'':13} {'leak dB':>7} {'hours':>6} {'spoken':>6} {'own words':>9} {'self-wakes':>10} ")
    print(f"{'':13} " + " ".join(f"{name:>10}" for name in (*names, "leftover", "CPU s")))
    for name in engines:
        made: WakeEngine = ENGINES[name](ENGINES[name].Options())  # type: ignore[abstract]
        await made.load()
        for leak in leaks:
            began = time.process_time()
            found = await soak(made, leak, minutes * 60 / len(leaks), seed)
            spent = time.process_time() - began
            print(
                f"{name:13} {leak:7.0f} {found.seconds / 3600:6.2f} {found.spoken / 3600:6.2f} ",
                end="",
            )
            print(f"{found.own_words:9} {found.self_wakes:10} ")
            print(f"{'':13} " + " ".join(f"{found.words[each]!s:>10}" for each in names), end="")
            print(f" {found.leftover:10.2f} {spent:10.0f}", flush=True)
            wakes += found.self_wakes
        await made.close()
    return wakes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="of sound, for each engine")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other replies")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="both, if not given")
    parser.add_argument("--leak", type=float, action="append", help="dB; several, if not given")
    given = parser.parse_args()
    engines, leaks = given.engine or list(ENGINES), given.leak or list(LEAKS)
    sys.exit(1 if asyncio.run(_run(engines, leaks, given.minutes, given.seed)) else 0)


if __name__ == "__main__":
    main()
