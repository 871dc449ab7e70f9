"""Our own events about texts that may not be complete: how far one is a request that a brain knows,
and its answer ahead of the end.

Only services whose `info` says so are asked: others would take the text for a request. Both
events have the data of a `transcript` with its context; the answer to `judge-text` is
`text-judged`, and that to `answer-ahead` is the same as to a `transcript`.
"""

from __future__ import annotations

from wyoming.asr import Transcript
from wyoming.event import Event

from satellite.values import Extent

_JUDGE, _JUDGED, _AHEAD = "judge-text", "text-judged", "answer-ahead"


def asks_ahead(event: Event) -> bool:
    """Return whether an event asks for an answer ahead."""
    return event.type == _AHEAD


def ahead(transcript: Event) -> Event:
    """Return the event that asks for the answer to a request ahead."""
    return Event(_AHEAD, transcript.data)


def asks(event: Event) -> bool:
    """Return whether an event asks about a text."""
    return event.type == _JUDGE


def question(transcript: Event) -> Event:
    """Return the event that asks about the text of a request."""
    return Event(_JUDGE, transcript.data)


def text_of(event: Event) -> Event:
    """Return the request whose text an event asks about."""
    return Event(Transcript("").event().type, event.data)


def answer(extent: Extent) -> Event:
    """Return the event that answers."""
    return Event(_JUDGED, {"extent": extent.value})


def read_answer(event: Event) -> Extent | None:
    """Return the answer in an event; None for another event. An extent of a later version is
    unknown."""
    if event.type != _JUDGED:
        return None
    extent = event.data.get("extent")
    return Extent(extent) if extent in list(Extent) else Extent.UNKNOWN
