"""Requests after wake words, and their utterances as the satellite finds them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from satellite.builtin.vad.silero import SileroVad
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.values import SPEECH
from tests.bench.wake_words.voices import Speaker, speak
from tests.support.acoustics import pcm
from tests.support.real_voice import speak_all
from tests.support.tape import utterances

REQUESTS = (
    "What is the capital of Germany?",
    "How many planets are there in the solar system?",
    "What time is it in Tokyo?",
    "Play some jazz in the kitchen.",
    "What is the weather like tomorrow?",
    "Who wrote Romeo and Juliet?",
    "Remind me to call my mother at six.",
    "Stop the music.",
    "Good night.",
    "What is the temperature in the bathroom?",
    "Turn on the lights.",
    "Turn off the fan in the bedroom.",
    "Set a timer for ten minutes.",
    "Set the living room lamp to fifty percent.",
    "How long is the timer still running?",
    "Cancel the timer.",
    "Add milk and eggs to the shopping list.",
    "Wake me up at seven tomorrow.",
    "Is the garage door open?",
    "Tell me a joke.",
    "Close the blinds in the office.",
    "Make it warmer in here.",
    "Lock the front door.",
    "Open the window.",
    "Who is the president of France?",
    "Announce that dinner is ready.",
    "Dim the hallway light.",
    "Start the coffee machine.",
    "How many days are left until Christmas?",
    "Read me the headlines of today.",
)

WAKE_WORDS = {
    "okay_nabu": "Okay, Nabu.",
    "hey_jarvis": "Hey, Jarvis.",
    "alexa": "Alexa!",
    "hey_mycroft": "Hey, Mycroft!",
    "hey_rhasspy": "Hey, Rhasspy!",
}
"""Bundled wake words, and how they are written for the voice."""

OTHER_VOICE = {"hey_mycroft": Speaker("kokoro:jf_alpha")}
"""Wake words that openWakeWord does not hear from Piper's joe, and another voice for them."""

PACES = (0.9, 1.0, 1.15)
"""Length scales of the voice; requests and wake words take turns in them."""

PEAK = 30000
"""Peak of another voice, in 16-bit units, as loud as Piper's."""

NOISE = 12.0
"""Root mean square of the noise of a quiet room, in 16-bit units."""

BEFORE, AFTER = 2.0, 1.5
"""Seconds of the room before the wake word and after the request."""


class Spoken(msgspec.Struct, frozen=True):
    """Requests and wake words, 16 kHz mono, without silence around them."""

    requests: tuple[bytes, ...]
    wake_words: dict[str, tuple[bytes, ...]]
    """In each of `PACES`."""

    @classmethod
    async def make(cls, voice: Path, requests: Sequence[str]) -> Spoken:
        """Speak them with the voice of a folder."""
        by_pace = [await speak_all(voice, [*requests, *WAKE_WORDS.values()], p) for p in PACES]
        count = len(requests)
        words = {
            word: tuple(sounds[count + number] for sounds in by_pace)
            for number, word in enumerate(WAKE_WORDS)
        }
        for word, speaker in OTHER_VOICE.items():
            words[word] = tuple(_other(word, speaker, pace) for pace in PACES)
        return cls(tuple(by_pace[number % len(PACES)][number] for number in range(count)), words)

    def after(self, word: str, number: int, gap: float) -> bytes:
        """Return a wake word, `gap` seconds, and a request, in a quiet room."""
        pause = bytes(SPEECH.bytes_of(gap))
        said = self.wake_words[word][number % len(PACES)] + pause + self.requests[number]
        return in_a_room(said, BEFORE, AFTER, number)


def _other(word: str, speaker: Speaker, pace: float) -> bytes:
    """Return a wake word by another voice; `pace` is a length scale."""
    sound = speak(word.replace("_", " "), speaker, 1 / pace)
    return pcm(sound * PEAK / np.abs(sound).max())


def in_a_room(speech: bytes, before: float, after: float, seed: int) -> bytes:
    """Return speech with seconds of a quiet room around it."""
    samples = np.frombuffer(
        bytes(SPEECH.bytes_of(before)) + speech + bytes(SPEECH.bytes_of(after)), "<i2"
    )
    noise = np.random.default_rng(seed).normal(0, NOISE, len(samples))
    return (samples + noise).clip(-32768, 32767).astype("<i2").tobytes()


async def captured(spoken: Spoken, word: str, gap: float) -> list[bytes | None]:
    """Return the audio of each request's utterance as a satellite sends it; None if not woken."""
    engine = OpenWakeWord(OpenWakeWord.Options(words=(word,)))  # the default engine
    vad = SileroVad(SileroVad.Options())
    await engine.load()
    await asyncio.to_thread(vad.load)
    try:
        found: list[bytes | None] = []
        for number in range(len(spoken.requests)):
            heard = await utterances(spoken.after(word, number, gap), engine, vad)
            found.append(heard[0][1] if heard else None)
        return found
    finally:
        await engine.close()
