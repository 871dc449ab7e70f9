"""Voice activity detectors that break one promise each."""

from __future__ import annotations

import time
from typing import Any

from tests.conformance.engines import GoodVad


class Counts(GoodVad):
    """Starts anew when it is loaded again, with another mind."""

    doubt = 0.4

    def load(self) -> None:
        self.doubt /= 2

    def probability(self, frame: bytes) -> float:
        return super().probability(frame) - self.doubt / 10 if any(frame) else 0.0


class Deaf(GoodVad):
    def probability(self, frame: bytes) -> float:
        return 0.1


class HearsGhosts(GoodVad):
    def probability(self, frame: bytes) -> float:
        return 0.9


class Percent(GoodVad):
    def probability(self, frame: bytes) -> float:
        return 100 * super().probability(frame)


class Remembers(GoodVad):
    def reset(self) -> None:
        """Nothing is forgotten."""


class Slow(GoodVad):
    def probability(self, frame: bytes) -> float:
        ends = time.thread_time() + 0.02
        while time.thread_time() < ends:
            pass
        return super().probability(frame)


class Misspelled(GoodVad):
    argumnt = "threshold"


BROKEN_VADS: list[tuple[str, Any, str, str]] = [
    ("vad", Counts, "loads-twice", "a second load changes the result"),
    ("vad", Deaf, "tells-voice-from-silence", "hears no voice"),
    ("vad", HearsGhosts, "tells-voice-from-silence", "hears voice in silence (0.90)"),
    ("vad", Percent, "gives-probabilities", "returns 60.0 for the loudest sound"),
    ("vad", Remembers, "forgets-on-reset", "does not make it forget"),
    ("vad", Slow, "is-quick", "of real time"),
    ("vad", Misspelled, "spells-its-offers", "argumnt is ignored; did you mean argument?"),
]
