"""The events of turns."""

from __future__ import annotations

from satellite import events
from satellite.events import Event


def answered(turn: str = "t1", start: float = 100.0, time: float = 1e9) -> list[Event]:
    """Return the events of a turn: 0.7 s to detect the end of the voice, 0.2 to its text, 0.5 to
    the answer, 0.1 to its sound."""

    def at(seconds: float) -> dict[str, float | str]:
        return {"mono": start + seconds, "time": time + seconds, "turn": turn}

    schedule: list[tuple[type[Event], float, dict[str, object]]] = [
        (events.SpeechStart, 0.0, {}),
        (events.SpeechEnd, 1.0, {"decided": time + 1.7, "decided_mono": start + 1.7}),
        (events.Transcript, 1.8, {"text": "what", "final": False, "engine": "a"}),
        (events.Transcript, 1.9, {"text": "what time is it", "final": True, "engine": "a"}),
        (events.Reply, 2.4, {"text": "It is", "final": False, "engine": "b"}),
        (events.AudioStart, 2.5, {}),
        (events.Reply, 2.6, {"text": "It is ten.", "final": True, "engine": "b"}),
        (events.AudioEnd, 3.0, {}),
        (events.TurnEnd, 3.1, {"outcome": "answered"}),
    ]
    return [kind(**fields, **at(seconds)) for kind, seconds, fields in schedule]
