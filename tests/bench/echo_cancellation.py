"""Echo cancellation compared: the hand-written canceller, WebRTC's AEC3, and nothing.

    python -m tests.bench.echo_cancellation [--all] [--erle 4] [--wake 4] [--piper FOLDER]

Needs the extra `sound` (pywebrtc-audio, for AEC3). Every candidate gets the same tapes, made in a
simulated room whose microphone hears its speaker (tests/support/simulated_room.py): some are echo
alone, of which is printed by how many decibels it becomes weaker (ERLE); on the others a person
says a wake word over each reply, and the wake words that an engine hears are counted. Then the
processor time that each candidate takes. By default 4 tapes of each kind, about 3 minutes on two
cores; `--all` takes the whole grid of conditions, some hours.

The person's wake words are eSpeak NG's and the recordings of tests/support where they exist, the
replies eSpeak NG's, or those of the Piper voices (*.onnx) in a folder.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from satellite.audio.echo.noise import REQUIRES
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.resample import Resampler
from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.components import spec
from satellite.ports import Tts
from satellite.values import SPEECH, SpeechRequest
from tests.bench.echo_candidates import CANDIDATES
from tests.bench.echo_tapes import Condition, Tape, echo_tape, wake_tape
from tests.bench.recall import listen
from tests.support import recordings
from tests.support.acoustics import RATE, Samples, samples
from tests.support.simulated_room import CHUNK
from tests.support.speech import speak

WORDS = ("okay_nabu", "hey_jarvis")
SPEAKERS = ("en-us", "en-us+m3", "en-us+f1", "en-gb", "en-us+m7")
"""eSpeak NG's voices of the person; those of variants with `breath` differ from run to run."""
REPLY_VOICE = "en-us+m1"
"""eSpeak NG's voice of the satellite."""
REPLIES = (
    "The weather will be fine tomorrow, with a little wind from the west and some clouds at night.",
    "You can ask for the time and the date, set timers and alarms, and change the volume.",
    "The heater in the living room is on, the window is open, and it is nineteen degrees outside.",
    "You have two appointments today: the dentist at ten, and dinner with your sister at seven.",
    "The train leaves at a quarter past eight, so there are twenty minutes left until you must go.",
    "When a home is connected, I can also switch its lights, and tell which doors are not locked.",
)
WINDOWS = ((0, 0, 0.5), (0, 0.5, 2), (0, 2, 4), (0, 10, 12), (1, 0, 0.5), (1, 2, 4))
"""Number of the reply, and the seconds of its echo over which ERLE is taken."""

ROOMS = ((0.3, 0.25), (0.15, 0.15), (0.6, 0.4))
"""Metres from the speaker to the microphone, and seconds of reverberation (RT60)."""
DRIFTS = (0.0, 1e-4)
GRID = tuple(
    Condition(louder, latency, drift, bent, *room)
    for louder, latency, drift, bent, room in itertools.product(
        (-6.0, 0.0, 6.0), (0.02, 0.08, 0.2), DRIFTS, (False, True), ROOMS
    )
)
LATE = tuple(
    Condition(0.0, latency, drift, False, *ROOMS[0])
    for latency, drift in itertools.product((0.45, 0.9), DRIFTS)
)
"""As with Bluetooth speakers; for tapes of echo alone."""
FIRST = (
    Condition(0.0, 0.08, 0.0, False, *ROOMS[0]),
    Condition(6.0, 0.2, 1e-4, False, *ROOMS[1]),
    Condition(-6.0, 0.02, 0.0, True, *ROOMS[2]),
    Condition(0.0, 0.08, 1e-4, True, *ROOMS[0]),
)
"""The conditions of the short form: together they have each value of each parameter."""


class Voices(msgspec.Struct, frozen=True):
    """All that is said on tapes."""

    replies: list[Samples]
    words: dict[str, list[Samples]]


async def voices(piper: Path | None) -> Voices:
    """Speak everything; with the voices of a folder, each reply by the next one of them."""
    files = sorted(piper.glob("*.onnx")) if piper else []
    if piper and not files:
        raise SystemExit(f"{piper} has no Piper voice (*.onnx)")
    replies = [samples(speak(text, REPLY_VOICE, 160)) for text in REPLIES]
    if files:
        engines = [spec.create("tts", f"piper:{file}") for file in files]
        for engine in engines:
            await engine.load()
        pairs = zip(REPLIES, itertools.cycle(engines), strict=False)
        replies = [await _synthesized(engine, text) for text, engine in pairs]
        for engine in engines:
            await engine.close()
    words = {}
    for word in WORDS:
        text = word.replace("_", " ")
        words[word] = [samples(speak(text, voice, 150)) for voice in SPEAKERS]
        if (recordings.FOLDER / f"{word}.wav").exists():
            words[word].append(samples(recordings.samples(word)))
    return Voices(replies, words)


async def _synthesized(engine: Tts, text: str) -> Samples:
    parts = []
    async for chunk in engine.synthesize(SpeechRequest(text=text)):
        resampler = Resampler(chunk.format, SPEECH)
        parts.append(resampler.convert(chunk.audio) + resampler.flush())
    return samples(b"".join(parts))


def conditions(count: int, seed: int) -> Iterator[Condition]:
    """So many conditions of the grid: those of the short form, then others at random."""
    rest = [condition for condition in GRID if condition not in FIRST]
    random.Random(seed).shuffle(rest)
    return itertools.islice((*FIRST, *rest), count)


def cleaned(tape: Tape, name: str) -> bytes:
    """What a new canceller of a name makes of a tape."""
    reference = PlaybackReference()
    candidate = CANDIDATES[name](reference, tape.condition.latency)
    return b"".join(tape.through(candidate, reference))


def removed(tape: Tape, rest: bytes) -> list[float]:
    """Decibels of echo removed (ERLE) in each of the windows."""
    before, after = samples(tape.microphone()), samples(rest)
    found = []
    for reply, begins, ends in WINDOWS:
        first, last = (tape.echoes[reply] + round(at * RATE) for at in (begins, ends))
        energy = float((before[first:last] ** 2).sum())
        found.append(10 * math.log10(energy / max(1.0, float((after[first:last] ** 2).sum()))))
    return found


def measure_removal(spoken: Voices, wanted: Sequence[Condition], names: Sequence[str]) -> None:
    """Print the echo removed: the mean and, in brackets, the worst tape."""
    found: dict[str, list[list[float]]] = {name: [] for name in names}
    for number, condition in enumerate(wanted):
        order = np.roll(np.arange(len(spoken.replies)), -number)
        tape = echo_tape(condition, [spoken.replies[index] for index in order])
        for name in names:
            found[name].append(removed(tape, cleaned(tape, name)))
        print(f"  {condition}: " + ", ".join(f"{n} {found[n][-1][2]:.0f}" for n in names))
    head = [f"{'2nd, ' if reply else ''}{begins:g}-{ends:g} s" for reply, begins, ends in WINDOWS]
    print(f"\nEcho removed in {len(wanted)} tapes, dB: mean (worst), by seconds of echo\n")
    print(_row("", head) + "\n" + _row("---", ["---"] * len(head)))
    for name in names:
        columns = zip(*found[name], strict=True)
        print(_row(name, [f"{sum(c) / len(c):.0f} ({min(c):.0f})" for c in columns]))


async def measure_wakes(
    spoken: Voices, wanted: Sequence[Condition], names: Sequence[str], seed: int
) -> None:
    """Print how many of the wake words over replies each engine hears, by level of the echo."""
    engines: list[WakeEngine] = [
        OpenWakeWord(OpenWakeWord.Options(words=WORDS)),
        MicroWakeWord(MicroWakeWord.Options(words=WORDS)),
    ]
    levels = sorted({condition.louder for condition in wanted})
    heard: Counter[tuple[str, str, float]] = Counter()
    said: Counter[float] = Counter()
    for number, condition in enumerate(wanted):
        word = WORDS[number % len(WORDS)]
        tape = wake_tape(condition, spoken.replies, spoken.words[word], seed + number)
        said[condition.louder] += len(tape.word_ends)
        quiet = wake_tape(condition, spoken.replies, spoken.words[word], seed + number, play=False)
        sounds = {"no reply": quiet.microphone()} | {name: cleaned(tape, name) for name in names}
        line = []
        for name, audio in sounds.items():
            for engine in engines:
                await engine.load()
                count = (await listen(engine, word, samples(audio), tape.word_ends)).words
                heard[engine.name, name, condition.louder] += count
                line.append(f"{name} {count}")
        print(f"  {condition}, {len(tape.word_ends)} {word}: " + ", ".join(line))
    head = [*(f"{level:+.0f} dB" for level in levels), "all"]
    for engine in engines:
        print(f"\nWake words heard over replies by {engine.name}, by level of the echo\n")
        print(_row("", head) + "\n" + _row("---", ["---"] * len(head)))
        for name in ("no reply", *names):
            counts = [heard[engine.name, name, level] for level in levels]
            totals = [said[level] for level in levels]
            pairs = zip([*counts, sum(counts)], [*totals, sum(totals)], strict=True)
            print(_row(name, [f"{count}/{total}" for count, total in pairs]))
        await engine.close()


def measure_cost(spoken: Voices, names: Sequence[str]) -> None:
    """Print the processor time for a second of sound, in milliseconds."""
    print("\nProcessor time, ms for a second of sound\n")
    head = ["before any sound", "while one plays", "5 s after one"]
    print(_row("", head) + "\n" + _row("---", ["---"] * len(head)))
    tape = Tape(FIRST[0], spoken.replies[0])
    tape.wait(10.0)
    tape.play(np.concatenate(spoken.replies[:3]))
    end = tape.seconds
    tape.wait(15.0)
    spans = ((0.0, 10.0), (10.5, end), (end + 5.0, end + 15.0))
    for name in names:
        reference = PlaybackReference()
        candidate = CANDIDATES[name](reference, tape.condition.latency)
        moments = [time.process_time()]
        moments += [time.process_time() for _ in tape.through(candidate, reference)]
        at = [[round(second * RATE / CHUNK) for second in span] for span in spans]
        costs = [(moments[b] - moments[a]) * RATE / CHUNK / (b - a) for a, b in at]
        print(_row(name, [f"{1000 * cost:.2f}" for cost in costs]))


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--erle", type=int, default=len(FIRST), help="tapes of echo alone")
    parser.add_argument("--wake", type=int, default=len(FIRST), help="tapes with wake words")
    parser.add_argument("--all", action="store_true", help="every condition of the grid")
    parser.add_argument("--only", choices=CANDIDATES, action="append", help="all by default")
    parser.add_argument("--piper", type=Path, help="folder with Piper voices for the replies")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    names = options.only or list(CANDIDATES)
    if "AEC3" in names and (hint := REQUIRES.missing()):
        print(f"AEC3 is left out: {hint}")
        names.remove("AEC3")
    spoken = asyncio.run(voices(options.piper))
    alone = [*conditions(len(GRID) if options.all else options.erle, options.seed)]
    over = [*conditions(len(GRID) if options.all else options.wake, options.seed)]
    if alone:
        measure_removal(spoken, [*alone, *(LATE if options.all else ())], names)
    if over:
        asyncio.run(measure_wakes(spoken, over, names, options.seed))
    measure_cost(spoken, names)


if __name__ == "__main__":
    main()
