"""Cutting an utterance into windows of at most 30 s, the most that Whisper hears at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from servers.asr.whisper.speech_detection import FRAME, Span

RATE = 16000
LONGEST = 30 * RATE
LEAD = int(0.4 * RATE)
"""Samples kept before a voice: soft beginnings are not yet taken for one."""
TRAIL = int(0.3 * RATE)
"""Samples kept after it."""
EARLIEST = 10 * RATE
"""A long utterance is cut at its longest pause after this many samples of a window."""
SEARCH = 5 * RATE
"""Without a pause it is cut where the voice is least sure in the last samples of a window."""

HOP = 160
"""Samples of one of Whisper's frames: 10 ms."""
FRAMES = LONGEST // HOP
MARGIN = 100
"""Frames of silence after the sound in a short encoder window: one second, so that the end of the
speech is heard as an end."""
STEP = 100
"""Short windows have a multiple of these many frames, so that like can be decoded with like."""
LEAST = 300
"""Frames of the shortest window; nothing is gained below."""


class Window(msgspec.Struct, frozen=True):
    """A part of the sound that is decoded in one piece, in samples; `voice` samples of voice."""

    start: int
    end: int
    voice: int


def last(spans: Sequence[Span], begin: int, now: int) -> Window | None:
    """What would be decoded if the sound ended at `now`; None when there is no voice in it.

    `begin` is where the window before it ended. Silence around the voice is left out, so that
    nothing changes while somebody is silent.
    """
    inside = [Span(max(s.start, begin), s.end) for s in spans if s.end > begin]
    if not inside:
        return None
    return Window(
        start=max(begin, inside[0].start - LEAD),
        end=min(now, inside[-1].end + TRAIL),
        voice=sum(span.end - span.start for span in inside),
    )


def closed(
    spans: Sequence[Span], begin: int, now: int, probabilities: Sequence[float], first: int
) -> Window | None:
    """The window that has become as long as it may; it will be the same whatever comes after.

    `probabilities` of voice are those of the frames from sample `first` on.
    """
    open_window = last(spans, begin, now)
    if open_window is None or now < open_window.start + LONGEST:
        return None
    start, limit = open_window.start, open_window.start + LONGEST
    early = [span for span in spans if begin < span.end and span.start < limit]
    pauses = [
        (two.start - one.end, (one.end + two.start) // 2)
        for one, two in pairwise(early)
        if one.end > start + EARLIEST
    ]
    if early[-1].end + TRAIL <= limit:
        end = early[-1].end + TRAIL
    elif pauses:
        end = max(pauses)[1]
    else:
        end = _least_sure(limit, probabilities, first)
    voice = sum(min(span.end, end) - max(span.start, begin) for span in early if span.start < end)
    return Window(start, end, voice)


def _least_sure(limit: int, probabilities: Sequence[float], first: int) -> int:
    frames = range(max(0, limit - SEARCH - first) // FRAME, (limit - first) // FRAME)
    best = min(frames, key=lambda frame: (probabilities[frame], -frame))
    return first + best * FRAME


def encoder_frames(samples: int) -> int:
    """Frames of a window little longer than the sound, at most the usual 3000."""
    wanted = -(-samples // HOP) + MARGIN
    return min(FRAMES, max(LEAST, -(-wanted // STEP) * STEP))
