"""Events as short lines, to compare with the expected conversation."""

from __future__ import annotations

from collections.abc import Iterable

from wyoming.event import Event

AUDIO = {"rate": 16000, "width": 2, "channels": 1}


def lines(events: Iterable[Event]) -> list[str]:
    """One line an event: its type and what it says; neighbouring audio chunks are one line."""
    told: list[str] = []
    for event in events:
        text = event.data.get("text", event.data.get("name"))
        line = event.type if text is None else f"{event.type} {text}"
        if line != "audio-chunk" or told[-1:] != [line]:
            told.append(line)
    return told


def chunk(audio: bytes = bytes(3200), timestamp: int | None = None, **shape: int) -> Event:
    """An audio chunk, of 16 kHz mono if not said otherwise."""
    return Event("audio-chunk", {**AUDIO, **shape, "timestamp": timestamp}, audio)


def utterance(*chunks: Event) -> list[Event]:
    """Audio from its start to its stop."""
    return [Event("audio-start", dict(AUDIO)), *(chunks or (chunk(),)), Event("audio-stop")]
