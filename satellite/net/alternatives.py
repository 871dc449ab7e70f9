"""Other texts of an utterance, in a field of ours of Wyoming's events with a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from wyoming.event import Event

MOST = 4
"""Most of them that are read."""
LONGEST = 1000
"""Most characters of one that is read."""

_FIELD = "alternatives"


def add(event: Event, texts: Sequence[str]) -> Event:
    """Return a transcript with other texts, if there are any."""
    if texts:
        event.data[_FIELD] = list(texts)
    return event


def read(event: Event) -> tuple[str, ...]:
    """Return the other texts of a transcript, bounded; none where they are malformed."""
    found = event.data.get(_FIELD)
    texts = found if isinstance(found, list) else []
    used = (text for text in texts if isinstance(text, str) and 0 < len(text) <= LONGEST)
    return tuple(islice(used, MOST))
