"""How often stop words are heard, and other talk is taken for one: python -m tests.bench.stop_words

Speaks to the recognizer of `satellite.listening.stop_words` in six eSpeak voices, near a quiet
microphone and two metres away in a noisy room: the stop words, words that sound like them, other
words and other sentences; and the recordings of people, where they are. Prints, for some
thresholds, the part of each that is taken for a stop word, and the processor time.
"""

from __future__ import annotations

import time
from collections import Counter

import numpy as np

from satellite.listening.stop_words import CONFIDENCE, DECOYS, PHRASES
from servers.asr.recognizer import Recognizer
from servers.asr.vocabulary import of_phrases
from tests.support import recordings
from tests.support.acoustics import at_level, heard, pcm, response, room_noise, samples
from tests.support.speech import speak

VOICES = (
    ("en-us+f3", 150),
    ("en-us", 150),
    ("en-us+m3", 160),
    ("en-us+f1", 140),
    ("en-gb", 150),
    ("en-us+m7", 170),
)
PLACES = ((0.0, 40.0), (2.0, 22.0))
"""Metres from the microphone, and decibels above the noise."""

ALIKE = (
    "handle|stalk|stuff|castle|pencil|steps|stomp|stopped|top it|cancer|panel|clever mind|shut it|"
    "riot|sever mine|the top|I can sell it|drop it|camel|council|candle|stock|star|start|top|shop|"
    "step up|I never minded that|shop it|be quick|enter|ankle|scandal|spot|stub|stoop|sharp"
)
OTHER = (
    "what time is it|turn on the lamp|yes|no|okay|map|hello|never|mine|quiet|the bus stops here|"
    "shut the door|the cat|go on|more|what|really|ha ha|did you see the game last night|thanks|"
    "I think so|lovely|one two three|come here please|dinner is ready|where is the remote|"
    "maybe later|"
    "it is raining again|tell me a story|pass the salt|do you want tea or coffee|good|mom|dad|"
    "look at that|the shop is closed|put it over there|I am hungry|who is that|wait for me"
)
RECORDED = ("okay_nabu", "hey_jarvis", "turn_on_the_living_room_lamp")
THRESHOLDS = (-3.0, -3.5, -4.0, -4.5, -5.0, -5.5, -6.0)


def main() -> None:
    recognizer = Recognizer(of_phrases((*PHRASES, *DECOYS)))
    random = np.random.default_rng(1)
    found: dict[str, list[tuple[str, str, float]]] = {}
    began, sound = time.process_time(), 0.0
    kinds = (("stop words", PHRASES), ("alike", ALIKE.split("|")), ("other", OTHER.split("|")))
    for kind, texts in kinds:
        for text in texts:
            for voice, rate in VOICES:
                for distance, level in PLACES:
                    said = np.pad(samples(speak(text, voice, rate)), (4000, 6400))
                    if distance:
                        said = heard(said, response(distance, 0.35, int(random.integers(100))))
                    said = at_level(said, -28)
                    noise = room_noise(len(said) / 16000, -28 - level, 1)[: len(said)]
                    sound += len(said) / 16000
                    found.setdefault(kind, []).append((text, *_ask(recognizer, pcm(said + noise))))
    for name in RECORDED:
        if (recordings.FOLDER / f"{name}.wav").exists():
            found.setdefault("people", []).append(
                (name, *_ask(recognizer, recordings.samples(name)))
            )
    spent = time.process_time() - began
    print(f"{'confidence':>10}" + "".join(f"{kind:>12}" for kind in found))
    for threshold in THRESHOLDS:
        parts = [
            sum(sure >= threshold and heard_ in PHRASES for _, heard_, sure in all_) / len(all_)
            for all_ in found.values()
        ]
        print(f"{threshold:10.1f}" + "".join(f"{100 * part:10.1f} %" for part in parts))
    for kind in ("alike", "other"):
        wrong = Counter(
            (text, taken)
            for text, taken, sure in found[kind]
            if sure >= CONFIDENCE and taken in PHRASES
        )
        print(
            f"{kind} at {CONFIDENCE}:", ", ".join(f"{a} as {b} {n}" for (a, b), n in wrong.items())
        )
    missed = Counter(
        text
        for text, taken, sure in found["stop words"]
        if sure < CONFIDENCE or taken not in PHRASES
    )
    print(f"missed at {CONFIDENCE}:", ", ".join(f"{text} {n}" for text, n in missed.items()))
    print(f"{spent / sound:.3f} s of processor time for a second of sound")


def _ask(recognizer: Recognizer, audio: bytes) -> tuple[str, float]:
    recognizer.begin()
    recognizer.feed(audio)
    return recognizer.finish()


if __name__ == "__main__":
    main()
