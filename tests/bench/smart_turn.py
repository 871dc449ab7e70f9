"""Smart Turn v3.2 at pauses: what it is sure of, and what a look costs.

    python -m tests.bench.smart_turn

The Piper voice en_US-joe-medium says whole requests, and the first parts of requests that go on
after a pause (tests/bench/first_word_texts.py), at three paces. The network looks at each 0.2 s
after its last sound, as the satellite has it do. Printed: how many of each kind it takes for
finished, by its least probability; the CPU time of a look on one thread; the time to load the
network; and the resident memory of this process before and after. A synthetic voice reads the
first parts as fragments, with a melody that people may not have.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from satellite.listening.melody.melody import NAME, SURE
from satellite.listening.melody.network import SmartTurn
from satellite.listening.utterance_builder import LOOK
from tests.bench.first_word_texts import BROKEN, OTHER_BROKEN, OTHER_WHOLE, WHOLE
from tests.bench.quality_sounds import PACES, in_a_room
from tests.support.real_models import Unavailable, fetched
from tests.support.real_voice import VOICE, speak_all

THRESHOLDS = (0.5, 0.8, SURE)
BEFORE = 0.3
"""Seconds of the room before the voice."""


class Looks:
    """The network, and what its looks cost."""

    def __init__(self, model: Path) -> None:
        process = psutil.Process()
        before, began = process.memory_info().rss, time.monotonic()
        self._network = SmartTurn(model)
        self.loading = time.monotonic() - began
        """Seconds."""
        self.probability(bytes(2))
        self.memory = (before / 1e6, process.memory_info().rss / 1e6)
        """Resident megabytes before loading, and after the first look."""
        self.costs: list[float] = []
        """Seconds of CPU of each look."""

    def probability(self, audio: bytes) -> float:
        """Return the probability that the person has finished."""
        return self._network.probability(audio)

    def timed(self, audio: bytes) -> float:
        """Do the same, and note the cost."""
        began = time.thread_time()
        found = self.probability(audio)
        self.costs.append(time.thread_time() - began)
        return found


async def spoken(voice: Path, texts: Sequence[str]) -> list[bytes]:
    """Return the texts at each pace, in a quiet room, up to the pause of a look."""
    sounds = [sound for pace in PACES for sound in await speak_all(voice, texts, pace)]
    return [in_a_room(sound, BEFORE, LOOK, number) for number, sound in enumerate(sounds)]


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    try:
        model, voice = fetched(NAME) / f"{NAME}-cpu.onnx", fetched(VOICE)
    except Unavailable as error:
        sys.exit(str(error))
    looks = Looks(model)
    kinds = {
        "finished, sentences": WHOLE,
        "finished, others": OTHER_WHOLE,
        "unfinished, sentences": [first for first, _ in BROKEN],
        "unfinished, others": [first for first, _ in OTHER_BROKEN],
    }
    print(f"{'taken for finished, above':28}" + "".join(f"{each:>8}" for each in THRESHOLDS))
    for kind, texts in kinds.items():
        found = [looks.timed(sound) for sound in asyncio.run(spoken(voice, texts))]
        shares = [sum(each > least for each in found) / len(found) for least in THRESHOLDS]
        cells = "".join(f"{share:8.0%}" for share in shares)
        print(f"{kind:28}{cells}   of {len(found)}", flush=True)
    costs = [1000 * each for each in looks.costs]
    print(
        f"CPU of a look: {statistics.median(costs):.0f} ms in the median, {min(costs):.0f} to "
        f"{max(costs):.0f} ms ({len(costs)} looks)"
    )
    before, after = looks.memory
    print(f"loaded in {looks.loading:.2f} s; memory {before:.0f} MB before, {after:.0f} MB after")


if __name__ == "__main__":
    main()
