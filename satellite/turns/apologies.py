"""What is said when a stage of a turn failed: a sentence that fits the cause."""

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
    "understand": "Sorry, I did not understand.",
    "homeassistant": "Sorry, Home Assistant is not connected.",
}
"""For the other stages there is only a sound: nothing can be said when the voice is gone."""

_WHO = {
    "asr": "speech recognition",
    "llm": "the language model",
    "homeassistant": "Home Assistant",
}

_CAUSES: dict[type[SatelliteError], str] = {
    PackageMissing: "Sorry, {who} is not installed.",
    ModelMissing: "Sorry, {who} is not installed.",
    EngineBusy: "Sorry, {who} is busy. Please ask again.",
    EngineTimeout: "Sorry, {who} took too long.",
    EngineDown: "Sorry, {who} is not running.",
    OutOfMemory: "Sorry, there is not enough memory for {who}.",
    AnswerBroken: "Sorry, the answer broke off.",
    PeerUnreachable: "Sorry, I cannot reach {who}.",
    PeerClosed: "Sorry, I lost the connection to {who}.",
    HomeDown: "Sorry, I cannot reach Home Assistant.",
    HomeStarting: "Sorry, Home Assistant is still starting.",
    HomeRefused: "Sorry, Home Assistant does not let me in.",
    HomeAgentMissing: "Sorry, Home Assistant has no agent that could answer.",
    HomeFailed: "Sorry, Home Assistant could not do that.",
}


def apology(stage: str, error: SatelliteError | None = None) -> str | None:
    """The sentence for a failure of `stage`, in English; None where only a sound can be made."""
    who = _WHO.get(stage)
    sentence = _CAUSES.get(type(error)) if error is not None else None
    return sentence.format(who=who) if sentence and who else UNKNOWN_CAUSE.get(stage)
