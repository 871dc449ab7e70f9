"""Commands and other speech: what is done, what is rejected, and what is done wrongly.

    python -m tests.bench.rejection [--quick] [--ear whisper-base] [--sample 300]

Commands and other speech (tests/bench/rejection_texts.py) are spoken by eSpeak NG in several
voices, by the Piper voice of tests/support/real_models where it has been fetched, and by Flite
where it is installed (apt install flite; like Piper's, its voices are made of recordings of
people), with 0.3 s of sound before and 0.7 s after as the satellite sends it, half at 35 dB above
the pink noise of a room and half at 25 dB. Then noises; the recordings of tests/support where they
exist, the command also after the end of a wake word; and people who read, where the Debian package
pocketsphinx-testdata is installed.

Each transcript goes to the built-in brain, and its reply is compared with the reply to the spoken
text (tests/bench/rejection_outcomes.py). A question back ("fifteen, or fifty?") is answered in the
same voice, with noise, and the answer is recognized as the satellite does it. The whole takes hours
with Whisper: `--sample` takes so many utterances at random, the same ones for each recognizer, and
`--minutes` ends after a while and reports what was done until then.

What the rule of servers/asr/sphinx/confidence.py and the numbers of the recognizer were chosen on
are the even texts of the voices `CHOSEN_ON` of tests/bench/rejection_sounds.py, the noises and the
recordings. The judgement is that of the other half, "unseen": odd texts in other voices.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product

from servers.asr.sphinx.confidence import THRESHOLD
from tests.bench.rejection_ears import EARS
from tests.bench.rejection_outcomes import VERDICTS, Outcome, play
from tests.bench.rejection_sounds import HALVES, PEOPLE, Case, cases
from tests.support import real_models, recordings

THRESHOLDS = (-4.0, -4.4, -4.6, -4.8, -5.0, -5.2)
"""Confidences for which the totals are printed too."""

SHARE = 10
"""Utterances sent to a process at once."""


def report(outcomes: Sequence[Outcome], thresholds: Sequence[float]) -> None:
    print(f"{'':33}{'':4} " + " ".join(f"{verdict:>13}" for verdict in VERDICTS))
    commands = [o for o in outcomes if o.case.kind == "command"]
    others = [o for o in outcomes if "command" not in o.case.kind]
    for voice, noise in sorted({(o.case.voice, o.case.noise) for o in commands}):
        these = [o for o in commands if (o.case.voice, o.case.noise) == (voice, noise)]
        _print(f"command {voice} {noise} dB", these)
    for half, noise in product(HALVES, (35, 25)):
        these = [o for o in commands if (o.case.half, o.case.noise) == (half, noise)]
        _print(f"command {half} {noise} dB", these)
    for kind, half in product(("command", "near", "ordinary"), HALVES):
        these = [o for o in outcomes if (o.case.kind, o.case.half) == (kind, half)]
        _print(f"{kind} {half}", these)
    for kind in dict.fromkeys(o.case.kind for o in others):
        _print(kind, [o for o in others if o.case.kind == kind])
    _print("all commands", commands)
    _print("anything else", others)
    for threshold in thresholds:
        _print(f"command, at {threshold}", commands, threshold)
        _print(f"anything else, at {threshold}", others, threshold)


def report_each(outcomes: Sequence[Outcome]) -> None:
    """Print each wrong result, and the parts that were left out."""
    for o in outcomes:
        if "recorded" in o.case.kind or o.verdict().startswith("wrong"):
            heard = " / ".join(f"{heard.text!r} ({heard.confidence:.2f})" for heard in o.heard)
            print(f"{o.verdict()}: {o.case.kind} {o.case.voice} {o.case.noise}: {o.case.text!r}")
            print(f"    as {heard}")
    voice = real_models.cache() / "piper-en_US-joe-medium" / "en_US-joe-medium.onnx"
    there = {
        "people who read (apt install pocketsphinx-testdata)": PEOPLE.is_dir(),
        "Flite's voices (apt install flite)": shutil.which("flite"),
        "the Piper voice (python -m tests.support.real_models)": voice.exists(),
        "the recordings of tests/support": recordings.FOLDER.is_dir(),
    }
    for name in [name for name, found in there.items() if not found]:
        print(f"left out: {name}")


def _print(name: str, outcomes: Sequence[Outcome], threshold: float = THRESHOLD) -> None:
    found = [o.verdict(threshold) for o in outcomes]
    shares = (f"{found.count(verdict) / max(1, len(found)):13.1%}" for verdict in VERDICTS)
    print(f"{name:33}{len(outcomes):4} " + " ".join(shares))


def played(ear: str, chosen: Sequence[Case], minutes: float, workers: int) -> Iterator[Outcome]:
    """Yield the outcomes, in order, until the minutes are over."""
    end = time.monotonic() + minutes * 60
    with ProcessPoolExecutor(workers) as executor:
        for start in range(0, len(chosen), SHARE * workers):
            if time.monotonic() > end:
                return
            part = chosen[start : start + SHARE * workers]
            yield from executor.map(partial(play, ear), part, chunksize=SHARE)


def main() -> None:
    parser = argparse.ArgumentParser(description="Commands done, rejected and done wrongly.")
    parser.add_argument("--quick", action="store_true", help="one voice of each kind")
    parser.add_argument("--ear", choices=EARS, default="pocketsphinx", help="the recognizer")
    parser.add_argument("--kinds", nargs="*", default=(), help="only these, such as command")
    parser.add_argument("--sample", type=int, help="so many utterances, at random")
    parser.add_argument("--seed", type=int, default=0, help="of the random choice")
    parser.add_argument("--minutes", type=float, default=math.inf, help="the longest time")
    parser.add_argument("--workers", type=int, default=2, help="processes that recognize")
    flags = parser.parse_args()
    chosen = [c for c in cases(flags.quick) if not flags.kinds or c.kind in flags.kinds]
    if flags.sample:
        random.Random(flags.seed).shuffle(chosen)
        chosen = chosen[: flags.sample]
    outcomes = list(played(flags.ear, chosen, flags.minutes, flags.workers))
    print(f"{len(outcomes)} of {len(chosen)} utterances")
    report(outcomes, THRESHOLDS if flags.ear == "pocketsphinx" else ())
    report_each(outcomes)


if __name__ == "__main__":
    main()
