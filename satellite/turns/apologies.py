"""Spoken apologies for a failed stage of a turn, by cause."""

from __future__ import annotations

from satellite.errors import (
    AnswerBroken,
    EngineBusy,
    EngineDown,
    EngineTimeout,
    HomeAgentMissing,
    HomeDown,
    HomeFailed,
    HomeRefused,
    HomeStarting,
    ModelMissing,
    OutOfMemory,
    PackageMissing,
    PeerClosed,
    PeerUnreachable,
    SatelliteError,
)

UNKNOWN_CAUSE = {
    "asr": "Sorry, I could not listen to you just now.",
    "llm": "Sorry, I have no answer just now.",
    "silence": "Sorry, there is nothing in the answer that I can say.",
    "understand": "Sorry, I did not understand.",
    "homeassistant": "Sorry, Home Assistant is not connected.",
}
"""The apology for each stage where the cause has none of its own. The other stages have only a
sound: nothing can be said without a voice."""

_NAMES = {
    "asr": "speech recognition",
    "llm": "the language model",
    "homeassistant": "Home Assistant",
}

_CAUSES: dict[type[SatelliteError], str] = {
    PackageMissing: "Sorry, {name} is not installed.",
    ModelMissing: "Sorry, {name} is not installed.",
    EngineBusy: "Sorry, {name} is busy. Please ask again.",
    EngineTimeout: "Sorry, {name} took too long.",
    EngineDown: "Sorry, {name} is not running.",
    OutOfMemory: "Sorry, there is not enough memory for {name}.",
    AnswerBroken: "Sorry, the answer broke off.",
    PeerUnreachable: "Sorry, I cannot reach {name}.",
    PeerClosed: "Sorry, I lost the connection to {name}.",
    HomeDown: "Sorry, I cannot reach Home Assistant.",
    HomeStarting: "Sorry, Home Assistant is still starting.",
    HomeRefused: "Sorry, Home Assistant does not let me in.",
    HomeAgentMissing: "Sorry, Home Assistant has no agent that could answer.",
    HomeFailed: "Sorry, Home Assistant could not do that.",
}


def apology(stage: str, error: SatelliteError | None = None) -> str | None:
    """Return the English sentence for a failure of `stage`; None where only a sound is possible."""
    name = _NAMES.get(stage)
    sentence = _CAUSES.get(type(error)) if error is not None else None
    return sentence.format(name=name) if sentence and name else UNKNOWN_CAUSE.get(stage)
