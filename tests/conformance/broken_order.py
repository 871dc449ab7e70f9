"""Engines whose answers break the rules of their role: order, format, range."""

from __future__ import annotations

from typing import Any

from satellite.values import Action, AudioChunk, AudioFormat, Declined, Detection, Transcript
from tests.conformance.engines import FORM, Good
from tests.support.speech import tone


class Yields(Good):
    """Answers everything with the same items."""

    items: tuple[Any, ...] = ()

    async def answer(self, *_: Any) -> Any:
        self.check()
        for item in self.items:
            yield item

    transcribe = reply = synthesize = detect = answer


def yields(name: str, *items: Any) -> type[Yields]:
    """A class of engine that yields the items."""
    return type(name, (Yields,), {"items": items})


def said(text: str, final: bool) -> Transcript:
    return Transcript(text=text, final=final)


def heard(sample: int, word: str = "beep", score: float = 1.0) -> Detection:
    return Detection(word=word, score=score, sample=sample)


def sound(audio: bytes, form: AudioFormat = FORM) -> AudioChunk:
    return AudioChunk(audio=audio, format=form)


ORDER: list[tuple[str, type[Yields], str, str]] = [
    (role, kind, "answers-rightly", words)
    for role, kind, words in (
        ("asr", yields("NoFinal", said("10", False)), "0 final transcripts"),
        ("asr", yields("TwoFinals", said("10", True), said("10", True)), "2 final"),
        ("asr", yields("FinalThenMore", said("10", True), said("10", False)), "1 final"),
        ("asr", yields("Misheard", said("11", True)), "text '11' instead of '10'"),
        ("asr", yields("Texts", "10"), "yielded ['10']"),
        ("llm", yields("DeclinesAndTalks", Declined(text="no"), "yes"), "beside other parts"),
        ("llm", yields("Mute", Action(name="x")), "answered without words"),
        ("llm", yields("Numbers", 7), "no part of a reply"),
        ("tts", yields("Changes", sound(tone(1)), sound(tone(1), AudioFormat(8000))), "format"),
        ("tts", yields("Odd", sound(tone(1)[:-1])), "no whole number of samples"),
        ("tts", yields("Silent", sound(bytes(9600))), "nothing but silence"),
        ("tts", yields("Short", sound(tone(0.01))), "spoke for 0.01 s only"),
        ("tts", yields("Empty", sound(b""), sound(tone(1))), "an empty chunk"),
        ("tts", yields("Mouse", sound(tone(1), AudioFormat(1_000_000))), "at 1000000 Hz"),
        ("wake", yields("Backwards", heard(900), heard(100)), "not in order"),
        ("wake", yields("TooSure", heard(1, score=7.0)), "scores beyond"),
        ("wake", yields("WrongWord", heard(1, "boop")), "heard ['boop'] instead of ['beep']"),
        ("wake", yields("TooLate", heard(99_999)), "heard the word at sample 99999"),
        ("wake", yields("AlwaysOn", heard(1)), "where there was none"),
    )
] + [
    ("asr", yields("InventsWords", said("thank you", True)), "takes-empty-input", "in silence"),
    ("tts", yields("NeverQuiet", sound(tone(1))), "takes-empty-input", "nothing to say"),
    ("llm", yields("Chatty", "well"), "takes-empty-input", "where nothing was said"),
]
