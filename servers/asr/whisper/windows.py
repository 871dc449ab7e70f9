"""Division of an utterance into windows of at most 30 s, the longest input of Whisper."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from servers.asr.whisper.speech_detection import FRAME, Span

RATE = 16000
LONGEST = 30 * RATE
LEAD = int(0.4 * RATE)
"""Samples included before a voice: soft beginnings are not detected as voice."""
TRAIL = int(0.3 * RATE)
"""Samples included after a voice."""
EARLY = int(0.16 * RATE)
"""Samples of silence after which a voice has paused, where the text up to there is wanted: those
within words are shorter than 0.13 s."""
EARLIEST = 10 * RATE
"""A long utterance is cut at its longest pause after this many samples of a window."""
SEARCH = 5 * RATE
"""An utterance without a pause is cut where the voice is least likely among this many last samples
of a window."""

HOP = 160
"""Samples of one of Whisper's frames: 10 ms."""
FRAMES = LONGEST // HOP
BRIEF_FRAMES = FRAMES // 2
"""Frames of a window for brief sound, which is encoded in less than half of the time. In windows of
10 s, tiny.en repeats short texts."""
BRIEF = 7 * RATE
"""Most samples of brief sound: silence takes at least half of its window, as in most of the windows
that a model was trained with."""
BRIEF_LANGUAGES = frozenset({"en"})
"""Languages in which texts in short windows were measured to be as good, by
`python -m tests.bench.short_windows`. In German, Whisper base heard "Wie spart ist das?" for
"Wie spät ist es?"."""
LEAST = 300
"""Frames of the window in which a model is tried."""


class Window(msgspec.Struct, frozen=True):
    """A part of the sound that is decoded at once, in samples, with `voice` samples of voice."""

    start: int
    end: int
    voice: int
    silence: int = 0
    """Samples of silence to put before it: of a voice that begins at once, as right after a wake
    word, tiny.en mishears more words, and adds some."""


def last(spans: Sequence[Span], begin: int, now: int) -> Window | None:
    """Return the window to decode if the sound ended at `now`; None if it has no voice.

    `begin` is the end of the previous window. Silence around the voice is left out, so that the
    window does not change during silence.
    """
    inside = [Span(max(s.start, begin), s.end) for s in spans if s.end > begin]
    if not inside:
        return None
    start, end = max(begin, inside[0].start - LEAD), min(now, inside[-1].end + TRAIL)
    missing = LEAD - (inside[0].start - start) if start == 0 else 0
    return Window(
        start=start,
        end=end,
        voice=sum(span.end - span.start for span in inside),
        silence=max(0, min(missing, LONGEST - (end - start))),
    )


def closed(
    spans: Sequence[Span], begin: int, now: int, probabilities: Sequence[float], first: int
) -> Window | None:
    """Return the window that has reached its full length and is therefore final; otherwise None.

    `probabilities` are the voice probabilities of the frames from sample `first` on.
    """
    open_window = last(spans, begin, now)
    if open_window is None or now < open_window.start + LONGEST:
        return None
    start, limit = open_window.start, open_window.start + LONGEST
    early = [span for span in spans if begin < span.end and span.start < limit]
    pauses = [
        (after.start - before.end, (before.end + after.start) // 2)
        for before, after in pairwise(early)
        if before.end > start + EARLIEST
    ]
    if early[-1].end + TRAIL <= limit:
        end = early[-1].end + TRAIL
    elif pauses:
        end = max(pauses)[1]
    else:
        end = _least_likely(limit, probabilities, first)
    voice = sum(min(span.end, end) - max(span.start, begin) for span in early if span.start < end)
    return Window(start, end, voice)


def _least_likely(limit: int, probabilities: Sequence[float], first: int) -> int:
    frames = range(max(0, limit - SEARCH - first) // FRAME, (limit - first) // FRAME)
    best = min(frames, key=lambda frame: (probabilities[frame], -frame))
    return first + best * FRAME
