"""Events as short lines, to compare with the expected conversation."""

from __future__ import annotations

from collections.abc import Iterable

from wyoming.event import Event

AUDIO = {"rate": 16000, "width": 2, "channels": 1}


def lines(events: Iterable[Event]) -> list[str]:
    """Return one line for each event, its type and text; adjacent audio chunks share one."""
    shown: list[str] = []
    for event in events:
        text = event.data.get("text", event.data.get("name"))
        line = event.type if text is None else f"{event.type} {text}"
        if line != "audio-chunk" or shown[-1:] != [line]:
            shown.append(line)
    return shown


def chunk(audio: bytes = bytes(3200), timestamp: int | None = None, **shape: int) -> Event:
    """An audio chunk, 16 kHz mono by default."""
    return Event("audio-chunk", {**AUDIO, **shape, "timestamp": timestamp}, audio)


def utterance(*chunks: Event) -> list[Event]:
    """Audio from its start to its stop."""
    return [Event("audio-start", dict(AUDIO)), *(chunks or (chunk(),)), Event("audio-stop")]
