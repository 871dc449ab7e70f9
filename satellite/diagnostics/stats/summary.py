"""A summary of the statistics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean

import msgspec

from satellite.diagnostics.stats.collector import STAGES, CountedEvent, TurnRow


class Stage(msgspec.Struct, frozen=True):
    """Percentiles of a stage's time, in seconds, over a number of turns."""

    turns: int
    p50: float
    p95: float


class Word(msgspec.Struct, frozen=True):
    """A wake word: detections, near misses, and the mean score of the detections."""

    heard: int
    nearly: int
    score: float


class Summary(msgspec.Struct, frozen=True):
    """The numbers that `satellite stats` shows."""

    since: float | None
    """Time of the first row, in Unix seconds."""
    turns: int
    outcomes: dict[str, int]
    failures: dict[str, int]
    """Failed turns by stage."""
    stages: dict[str, Stage]
    ends: dict[str, Stage]
    """The stage `endpoint` by what decided the end (`TurnRow.extent`)."""
    words: dict[str, Word]
    losses: dict[str, int]
    failovers: dict[str, int]
    errors: dict[str, int]
    yielded: int
    joined: int
    """Requests that went on after their decided end, and were asked again as a whole."""
    starts: int


def summary(turns: Sequence[TurnRow], counted: Sequence[CountedEvent]) -> Summary:
    """Summarise turns and other events."""
    moments = [row.at for row in turns[:1]] + [row.at for row in counted[:1]]
    return Summary(
        since=min(moments, default=None),
        turns=len(turns),
        outcomes=dict(Counter(turn.outcome for turn in turns).most_common()),
        failures=dict(
            Counter(turn.stage or "?" for turn in turns if turn.outcome == "failed").most_common()
        ),
        stages={name: stage for name in STAGES if (stage := _stage(turns, name)) is not None},
        ends=_ends(turns),
        words=_words(counted),
        losses=_total(counted, "overrun", by_kind=True) | _total(counted, "underrun", by_kind=True),
        failovers=_total(counted, "failover"),
        errors=_total(counted, "error"),
        yielded=sum(row.kind == "yielded" for row in counted),
        joined=sum(row.kind == "joined" for row in counted),
        starts=sum(row.kind == "start" for row in counted),
    )


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed (nearest rank, Hyndman and
    Fan 1996, definition 1). Raises `ValueError` without values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("there are no values")
    rank = -(-round(share * 1000) * len(ordered) // 1000)  # upwards, without floating point
    return ordered[max(0, rank - 1)]


def _stage(turns: Sequence[TurnRow], name: str) -> Stage | None:
    took = [value for turn in turns if (value := getattr(turn, name)) is not None]
    return Stage(len(took), percentile(took, 0.5), percentile(took, 0.95)) if took else None


def _ends(turns: Sequence[TurnRow]) -> dict[str, Stage]:
    by_extent: dict[str, list[TurnRow]] = defaultdict(list)
    for turn in turns:
        if turn.extent is not None:
            by_extent[turn.extent].append(turn)
    found = {extent: _stage(rows, "endpoint") for extent, rows in sorted(by_extent.items())}
    return {extent: stage for extent, stage in found.items() if stage is not None}


def _words(counted: Sequence[CountedEvent]) -> dict[str, Word]:
    scores: dict[str, list[float]] = defaultdict(list)
    nearly: Counter[str] = Counter()
    for row in counted:
        if row.kind == "wake":
            scores[row.what].append(row.value)
        elif row.kind == "near_miss":
            nearly[row.what] += 1
    return {
        word: Word(len(scores[word]), nearly[word], fmean(scores[word]) if scores[word] else 0.0)
        for word in sorted({*scores, *nearly})
    }


def _total(counted: Sequence[CountedEvent], kind: str, *, by_kind: bool = False) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in counted:
        if row.kind == kind:
            found[row.kind if by_kind else row.what] += round(row.value)
    return dict(found.most_common())
