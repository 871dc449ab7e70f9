"""The values that cross the ports: what engines are asked and what they answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class AudioFormat(msgspec.Struct, frozen=True):
    """Signed 16-bit little-endian PCM: `rate` in Hz, `channels` interleaved."""

    rate: int
    channels: int = 1

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return 2 * self.channels

    def seconds(self, audio: bytes) -> float:
        """How long `audio` lasts."""
        return len(audio) / (self.frame_bytes * self.rate)

    def bytes_of(self, seconds: float) -> int:
        """Bytes that last `seconds`, a whole number of frames."""
        return int(seconds * self.rate) * self.frame_bytes


SPEECH = AudioFormat(rate=16000)
"""What every listening engine (wake, vad, asr) takes: 16 kHz mono."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every value: immutable, fields by name."""


class ModelInfo(Value, frozen=True):
    """One model of an engine: a Whisper size, a voice, a wake word."""

    name: str
    languages: tuple[str, ...] = ()
    description: str = ""
    version: str = ""
    phrase: str | None = None
    """What one says to it (wake words only)."""
    speakers: tuple[str, ...] = ()
    """Names of the speakers of a voice with several."""
    installed: bool = True


class EngineInfo(Value, frozen=True):
    """What an engine is and what it offers; the source of Wyoming's `info`."""

    name: str
    description: str = ""
    version: str = ""
    author: str = ""
    url: str = ""
    models: tuple[ModelInfo, ...] = ()
    streaming: bool = False
    """Sends partial results (asr, llm) or takes text in pieces (tts)."""
    home_control: bool = False
    """May switch things in the home while it answers (llm)."""
    ahead: bool = False
    """Answers ahead of the end of a request (llm); see `satellite.ports.AnswersAhead`."""
    judges: bool = False
    """Knows how far a text is a request of its own (llm); see `satellite.ports.JudgesTexts`."""


class ProgramInfo(Value, frozen=True):
    """A program of another project that does an engine's work, such as llama.cpp."""

    name: str
    version: str = ""
    url: str = ""
    roles: tuple[str, ...] = ()
    """Roles that it can serve, by our names."""
    models: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    context: int | None = None
    """Tokens of a conversation, where it names them (llm)."""

    def __str__(self) -> str:
        """Return it in a few words."""
        parts = [f"{self.name} {self.version}".strip()]
        for what, names in (("model", self.models), ("voice", self.voices)):
            if names:
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                parts.append(f"{what}{'s'[: len(names) > 1]} {', '.join(names[:3])}{more}")
        if self.context:
            parts.append(f"context of {self.context} tokens")
        return "; ".join(parts)


class TranscribeRequest(Value, frozen=True):
    """What to know about an utterance before it is heard."""

    language: str | None = None
    model: str | None = None
    names: tuple[str, ...] = ()
    """Names of things in the home that may be said (Wyoming `transcript_names`)."""
    terms: tuple[str, ...] = ()
    """Other likely words, such as areas (Wyoming `transcript_terms`)."""
    answers: tuple[str, ...] = ()
    """Expected answers to the satellite's question, whole texts; anything else may be said, too
    (our own Wyoming field `transcript_answers`)."""
    pauses: bool = False
    """Whether the text up to a pause is of use, as `Transcript.pause_text` (our own Wyoming field
    `transcript_pauses`)."""
    lasting: bool = False
    """With `pauses`: whether `pause_text` is of use again and again while the pause lasts."""


class Transcript(Value, frozen=True):
    """Text of an utterance so far. The last of a stream, and only it, is `final`."""

    text: str
    final: bool
    language: str | None = None
    pause_text: str | None = None
    """At a pause in speech: the whole text, if nothing more is said. A guess, which is neither
    shown nor answered before the speech has ended; engines may leave it out."""
    until: float = 0.0
    """Seconds of sound, from its beginning, in which `pause_text` was said."""
    quiet: float = 0.0
    """Seconds without a voice before `until`."""
    alternatives: tuple[str, ...] = ()
    """Beside the final text, or `pause_text`: others that fit the sound nearly as well, the
    likeliest first."""


class Message(Value, frozen=True):
    """One thing that was said; `role` is `user` or `assistant`."""

    role: str
    text: str


class TimerState(Value, frozen=True):
    """A running timer, as a brain needs to know it. Times in seconds."""

    id: str
    total: float
    remaining: float
    name: str | None = None
    paused: bool = False
    text: str | None = None
    """The text of a reminder, spoken when it rings."""


class AlarmState(Value, frozen=True):
    """An alarm that is set, as a brain needs to know it."""

    id: str
    at: str
    """When it rings next: local time, ISO 8601 with offset."""
    days: tuple[int, ...] = ()
    """Days of the week on which it rings again and again; 0 is Monday."""
    name: str | None = None
    text: str | None = None
    """The text of a reminder, spoken when it rings."""


class Situation(Value, frozen=True):
    """The state of the satellite that goes with each request, so that servers store none."""

    satellite: str | None = None
    now: str | None = None
    """The satellite's local time, ISO 8601 with offset; the brain's own clock where it is None."""
    area: str | None = None
    timers: tuple[TimerState, ...] = ()
    alarms: tuple[AlarmState, ...] = ()
    volume: float | None = None
    """Loudness of the speaker, 0 to 1."""
    ringing: bool = False
    """A timer or an alarm is ringing now."""
    names: tuple[str, ...] = ()
    """Names of things in the home."""
    areas: tuple[str, ...] = ()
    """Names of rooms."""
    home: bool = False
    """A home is connected, so that things can really be switched."""
    speaker: str | None = None
    """Name of the person who speaks, as far as the voice shows: a guess, no proof."""
    persona: str | None = None
    """The system prompt of a language model, in place of its engine's own."""


class ReplyRequest(Value, frozen=True):
    """Something a person said, with everything needed to answer it."""

    text: str
    language: str | None = None
    history: tuple[Message, ...] = ()
    situation: Situation = Situation()
    conversation: str | None = None
    """Id of the conversation, for strangers' servers that keep the history themselves."""
    model: str | None = None
    """The brain's model that is to answer; None leaves the choice to the brain."""
    alternatives: tuple[str, ...] = ()
    """Other texts that may have been said instead, from `Transcript`."""
    replaces: str | None = None
    """The text of the satellite's last request, where the person has gone on after it and this one
    is the whole: what was done for it in the home is to be undone."""
    irrevocable: bool = False
    """Of a text to judge: whether words after its end are lost, because nothing joins them."""


class Extent(StrEnum):
    """How far a text is a request that a brain knows by its grammar."""

    WHOLE = "whole"
    """A whole request that nothing could follow."""
    OPEN = "open"
    """A whole request that could go on: "turn on the lamp" with "in the kitchen"."""
    BEGUN = "begun"
    """The beginning of one: "turn on the"."""
    UNKNOWN = "unknown"
    """None of these, or nothing is known about it."""


class Action(Value, frozen=True):
    """Something for the satellite to do, such as `timer.start`; `data` is plain JSON."""

    name: str
    data: dict[str, Any] = {}


TOOL_USED = "tool.used"
"""The action that goes before the call of a tool with an effect: the request must not be repeated,
not even by another brain."""


class Declined(Value, frozen=True):
    """The brain does not understand the request; `text` says so to the person.

    It is then the only part of the reply, and another brain may be asked instead.
    """

    text: str


class Resumed(Value, frozen=True):
    """Another brain goes on with a reply whose writer died; engines never say so themselves."""

    text: str
    """What stands of the reply: its whole sentences. What came after them is void."""


ReplyPart = str | Action | Declined
"""A piece of a reply's text, in order, or something to do, or that there is no reply."""


class SpeechRequest(Value, frozen=True):
    """A text to be spoken."""

    text: str
    voice: str | None = None
    language: str | None = None
    speaker: str | None = None
    ahead: float = 0.0
    """Seconds of speech of the same answer that are still to be heard when this is asked for."""


class AudioChunk(Value, frozen=True):
    """Interleaved signed 16-bit little-endian samples in `format`."""

    audio: bytes
    format: AudioFormat


class DetectRequest(Value, frozen=True):
    """Which wake words to listen for; none means all that are loaded."""

    words: tuple[str, ...] = ()


class Detection(Value, frozen=True):
    """A wake word was heard."""

    word: str
    score: float
    """How sure, 0 to 1."""
    sample: int
    """Where it was heard: samples (16 kHz) from the beginning of the audio stream."""
    phrase: str | None = None
