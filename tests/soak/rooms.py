"""Three satellites hear one wake word: python -m tests.soak.rooms [--runs 100] [--loss 20]

Three machines on one network, each with a microphone that receives the word at another level and up
to 80 ms later, one with a clock an hour off, and with the requested loss of packets. Prints how
often exactly one satellite answered and only its speaker made a sound, how often that was the best
placed one, and the time from its wake to the decision and to its cue. Exits 1 unless both held in
every run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.satellite_cluster import Outcome, satellite_cluster

GAINS = (0.0, -8.0, -16.0)
"""Decibels: twice and four times the distance, and a little more."""


def main() -> int:
    """Run the soak; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--loss", type=int, default=0, metavar="PERCENT")
    parser.add_argument("--wake", default="openwakeword:okay_nabu")
    parser.add_argument("--gains", default=",".join(f"{gain:g}" for gain in GAINS))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    gains = [float(text) for text in given.gains.split(",")]
    done: list[Outcome] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        try:
            with satellite_cluster(
                Path(name), given.wake, loss=given.loss, seed=given.seed
            ) as cluster:
                for number in range(1, given.runs + 1):
                    outcome = cluster.ask(gains)
                    done.append(outcome)
                    if not outcome.fine:
                        print(
                            f"run {number}: {outcome.answered} answered, {outcome.heard} heard, "
                            f"best {outcome.best}\n{outcome.log}",
                            flush=True,
                        )
        except pytest.skip.Exception as error:
            print(error)
            return 3
    _tell(done, time.monotonic() - began)
    return 0 if all(outcome.fine for outcome in done) else 1


def _tell(done: list[Outcome], seconds: float) -> None:
    one = sum(len(outcome.heard) == len(outcome.answered) == 1 for outcome in done)
    best = sum(outcome.fine for outcome in done)
    print(
        f"{len(done)} runs in {seconds:.0f} s: one cue and one answer in {one}, "
        f"the best placed one's in {best}; {sum(o.yielded for o in done)} went back to sleep"
    )
    for what in ("waited", "cue"):
        times = sorted(1000 * getattr(o, what) for o in done if o.answered)
        times = [ms for ms in times if ms == ms]
        if times:
            print(
                f"from the wake to {'the decision' if what == 'waited' else 'the cue'}: "
                f"median {statistics.median(times):.1f} ms, most {times[-1]:.1f} ms"
            )


if __name__ == "__main__":
    sys.exit(main())
