"""One ring: soft at first, and with an announcement when it is late."""

from __future__ import annotations

from datetime import datetime, tzinfo

import msgspec

from satellite.languages.plurals import Plurals, check_forms
from satellite.text.fill import fill
from satellite.timers.schedule import DueEntry, Timer

SOFTLY = 0.2
"""Loudness of the first ring, as a factor: 14 dB below the last."""

RISE = 60.0
"""Seconds until full loudness: slow enough to startle no one, loud enough to wake everyone."""

ANNOUNCED = 30.0
"""Seconds of lateness from which a ring is announced."""

PAUSE = 0.5
"""Seconds of silence between two rings, in which speech can be recognized."""


class Ring(msgspec.Struct, frozen=True):
    """One ring."""

    loudness: float = 1.0
    """Factor by which the samples are multiplied, 0 to 1."""
    words: str = ""
    """Text spoken before the ring; empty for none."""
    language: str | None = None
    """Language of the words; None for that of the settings."""


def loudness(age: float) -> float:
    """Return the loudness after `age` seconds of ringing."""
    return SOFTLY + (1.0 - SOFTLY) * min(1.0, max(0.0, age) / RISE)


class Ago(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentences that say how long ago something was: a text, or one for each plural category."""

    seconds: str | dict[str, str]
    minutes: str | dict[str, str]

    def __post_init__(self) -> None:
        check_forms(self.seconds)
        check_forms(self.minutes)


class RingSentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sentences of one language for what rings late."""

    timer: Ago
    named_timer: Ago
    alarm: str
    named_alarm: str
    time: str
    halves: tuple[str, str] = ("", "")
    """Words for the halves of the day, before and after noon."""


class RingWords:
    """Says in one language how late something rings."""

    def __init__(self, language: str, sentences: RingSentences, plurals: Plurals) -> None:
        self.language = language
        self._sentences = sentences
        self._plurals = plurals

    def announcement(self, due: DueEntry, zone: tzinfo | None = None) -> str:
        """Return the spoken text for an entry: how late it rings, if it does, and its own text.

        Empty for an entry without a text that rings in time.
        """
        return " ".join(filter(None, (self._lateness(due, zone), due.entry.text)))

    def _lateness(self, due: DueEntry, zone: tzinfo | None) -> str:
        if due.late < ANNOUNCED:
            return ""
        name = due.entry.name
        if isinstance(due.entry, Timer):
            ago = self._sentences.named_timer if name else self._sentences.timer
            return self._ago(ago, due.late, name)
        time = self._clock(datetime.fromtimestamp(due.at, zone))
        sentence = self._sentences.named_alarm if name else self._sentences.alarm
        return fill(sentence, name=name, time=time)

    def _clock(self, moment: datetime) -> str:
        hour = moment.hour
        half = self._sentences.halves[hour >= 12]
        return fill(
            self._sentences.time, hour=hour, hour12=hour % 12 or 12, minute=moment.minute, half=half
        )

    def _ago(self, sentences: Ago, seconds: float, name: str | None) -> str:
        late = seconds if seconds < 60 else seconds / 60
        count = round(late)
        forms = sentences.seconds if seconds < 60 else sentences.minutes
        if not isinstance(forms, str):
            forms = self._plurals.choose(forms, count)
        return fill(forms, name=name, count=count)
