"""Commands and other speech that PocketSphinx accepts.

    python -m tests.bench.rejection [--quick]

Commands and other speech (tests/bench/rejection_texts.py) are spoken by eSpeak NG in several
voices, and by Flite where it is installed (apt install flite; its voices are made of recordings of
people), with 0.3 s of sound before and 0.7 s after as the satellite sends it, half at 35 dB above
the pink noise of a room and half at 25 dB. Then noises; the recordings of tests/support where they
exist, the command also after the end of a wake word; and people who read, where the Debian package
pocketsphinx-testdata is installed.

The rule of servers/asr/sphinx/confidence.py was chosen on the even texts of the voices `CHOSEN_ON`
of tests/bench/rejection_sounds.py, on the noises and on the recordings; odd texts in other voices
were not used. Its threshold was set with all totals in sight.
"""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product

import msgspec

from satellite.settings import USUAL_AREAS, USUAL_NAMES
from servers.asr.sphinx.confidence import THRESHOLD
from servers.asr.sphinx.engine import PocketSphinx
from servers.asr.sphinx.recognizer import Recognizer
from tests.bench.rejection_sounds import HALVES, PEOPLE, Case, cases, sound
from tests.support import recordings

THRESHOLDS = (-4.0, -4.4, -4.6, -4.8, -5.0, -5.2)
"""Confidences for which the totals are printed too."""


class Outcome(msgspec.Struct, frozen=True):
    case: Case
    heard: str
    sureness: float

    @property
    def accepted(self) -> bool:
        return self.at(THRESHOLD)

    @property
    def right(self) -> bool:
        """Whether it is the spoken text, articles and spelling aside."""
        return _plain(self.heard) == _plain(self.case.text) != ""

    def at(self, threshold: float) -> bool:
        return bool(self.heard) and self.sureness >= threshold


def _plain(text: str) -> str:
    words = text.replace("nevermind", "never mind").split()
    return " ".join(word for word in words if word not in ("a", "an", "the", "my"))


@cache
def _recognizer() -> Recognizer:
    return PocketSphinx(PocketSphinx.Options()).make_recognizer((USUAL_NAMES, USUAL_AREAS))


def hear(case: Case) -> Outcome:
    recognizer = _recognizer()
    recognizer.begin()
    recognizer.feed(sound(case))
    return Outcome(case, *recognizer.finish())


def report(outcomes: list[Outcome]) -> None:
    print(f"accepted, with confidence at least {THRESHOLD}")
    commands = [o for o in outcomes if o.case.kind == "command"]
    others = [o for o in outcomes if "command" not in o.case.kind]
    for voice, noise in sorted({(o.case.voice, o.case.noise) for o in commands}):
        these = [o for o in commands if (o.case.voice, o.case.noise) == (voice, noise)]
        print(f"command {voice:11} {noise} dB {_rates(these)}")
    for half, noise in product(HALVES, (35, 25)):
        these = [o for o in commands if (o.case.half, o.case.noise) == (half, noise)]
        print(f"command {half:11} {noise} dB {_rates(these)}")
    for kind, half in product(("ordinary", "near"), HALVES):
        these = [o for o in others if (o.case.kind, o.case.half) == (kind, half)]
        print(f"{kind:9} {half:15} {_rates(these)}")
    for kind in dict.fromkeys(o.case.kind for o in others):
        print(f"{kind:25} {_rates([o for o in others if o.case.kind == kind])}")
    for threshold in THRESHOLDS:
        print(f"command, at {threshold:13} {_rates(commands, threshold)}")
        print(f"anything else, at {threshold:7} {_rates(others, threshold)}")


def report_each(outcomes: list[Outcome]) -> None:
    """Print each wrong result, and the parts that were left out."""
    for o in outcomes:
        if "recorded" in o.case.kind or (o.accepted and not o.right):
            verdict = "accepted" if o.accepted else "rejected"
            utterance = f"{o.case.kind} {o.case.voice} {o.case.noise}: {o.case.text!r}"
            print(f"{verdict} {utterance} as {o.heard!r} ({o.sureness:.2f})")
    there = {
        "people who read (apt install pocketsphinx-testdata)": PEOPLE.is_dir(),
        "Flite's voices (apt install flite)": shutil.which("flite"),
        "the recordings of tests/support": recordings.FOLDER.is_dir(),
    }
    for name in [name for name, found in there.items() if not found]:
        print(f"left out: {name}")


def _rates(outcomes: list[Outcome], threshold: float = THRESHOLD) -> str:
    count = max(1, len(outcomes))
    right = sum(o.at(threshold) and o.right for o in outcomes) / count
    other = sum(o.at(threshold) and not o.right for o in outcomes) / count
    return f"{len(outcomes):4} right {right:6.1%} other {other:6.1%}"


def main() -> None:
    with ProcessPoolExecutor(2) as executor:
        outcomes = list(executor.map(hear, cases("--quick" in sys.argv), chunksize=10))
    report(outcomes)
    report_each(outcomes)


if __name__ == "__main__":
    main()
