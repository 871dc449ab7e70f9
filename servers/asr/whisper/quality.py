"""Whether what the model says was said: checks on one attempt at a window. All pure.

The thresholds and what they mean are those of OpenAI's Whisper and faster-whisper's `transcribe`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from servers.asr.whisper.phantoms import is_phantom

LOOP = 6
"""A phrase this often in a row is a decoder going round in circles; nobody asks that way."""
PHRASE = 6
"""Words of the longest phrase that is looked for in a loop."""
BRIEF = 0.5
"""Seconds of voice below which little can have been said, so that a phantom is likelier."""
SURE = -0.5
"""Average log-probability from which a text counts as sure: speech heard well is above it."""
FAINT = 0.3
"""No-speech probability from which there may have been no speech."""


class Attempt(msgspec.Struct, frozen=True):
    """What one decoding made of a window of sound."""

    text: str
    tokens: tuple[int, ...]
    avg_logprob: float
    """Mean natural logarithm of the tokens' probabilities, the end's included."""
    no_speech_prob: float
    ended: bool
    """The model said that this was all, and was not cut off."""
    temperature: float = 0.0


class Thresholds(msgspec.Struct, frozen=True):
    """What an attempt is held to."""

    no_speech: float = 0.6
    log_prob: float = -1.0
    compression_ratio: float = 2.4


def compression_ratio(text: str) -> float:
    """How much zlib makes of the text; more than 2.4 means that it repeats itself."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def loops(words: Sequence[str]) -> bool:
    """Whether a phrase is said `LOOP` times in a row. Short texts hide that from compression."""
    for length in range(1, min(PHRASE, len(words) // LOOP) + 1):
        same = 0
        for at in range(length, len(words)):
            same = same + 1 if words[at] == words[at - length] else 0
            if same >= length * (LOOP - 1):
                return True
    return False


def repeats(attempt: Attempt, thresholds: Thresholds) -> bool:
    """The text goes round in circles."""
    return compression_ratio(attempt.text) > thresholds.compression_ratio or loops(
        attempt.text.lower().split()
    )


def unsure(attempt: Attempt, thresholds: Thresholds) -> bool:
    """The model itself does not believe the text."""
    return attempt.avg_logprob < thresholds.log_prob


def silent(attempt: Attempt, thresholds: Thresholds) -> bool:
    """The model heard no speech, and does not believe what it made up instead."""
    return attempt.no_speech_prob > thresholds.no_speech and unsure(attempt, thresholds)


def good(attempt: Attempt, thresholds: Thresholds) -> bool:
    """The text can be taken as it is, and was not cut off."""
    return attempt.ended and not repeats(attempt, thresholds) and not unsure(attempt, thresholds)


def try_again(attempt: Attempt, thresholds: Thresholds) -> bool:
    """Another temperature may give something better."""
    doubtful = repeats(attempt, thresholds) or unsure(attempt, thresholds)
    return doubtful and not silent(attempt, thresholds)


def best(attempts: Sequence[Attempt], thresholds: Thresholds) -> Attempt:
    """The surest of those that do not repeat themselves, or of all."""
    candidates = [attempt for attempt in attempts if not repeats(attempt, thresholds)]
    return max(candidates or attempts, key=lambda attempt: attempt.avg_logprob)


def rejection(attempt: Attempt, voice: float, thresholds: Thresholds) -> str | None:
    """Why the text was never said; None when it may have been. `voice`: seconds of it heard."""
    if silent(attempt, thresholds):
        return "no speech"
    if repeats(attempt, thresholds):
        return "repeats itself"
    doubtful = attempt.avg_logprob < SURE or attempt.no_speech_prob > FAINT or voice < BRIEF
    if doubtful and is_phantom(attempt.text):
        return "a phrase that Whisper says of its own"
    return None
