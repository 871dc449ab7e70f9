"""Stop words heard, and other speech taken for one.

    python -m tests.bench.stop_words [--sample 60] [--seed 1]

Speaks to the recognizer of `satellite.listening.stop_words` in eSpeak's voices, and in Flite's
where it is installed, near a quiet microphone and two metres away in a noisy room: a sample of the
stop words, of words that sound like them, and of other short utterances; and the recordings of
people, where they exist. Prints, for some thresholds, the part of each that is taken for a stop
word, and the processor time.

`OTHERS` and `CONFIDENCE` there were chosen on most of these texts, in ten voices: of "stop",
"cancel" and "never mind" 97 % were heard, of other short utterances 4 % were taken for one.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np

from satellite.languages.hearing import hearing
from satellite.listening.stop_phrases import CONFIDENCE
from servers.asr.sphinx.recognizer import Recognizer
from servers.asr.sphinx.vocabulary import for_phrases
from tests.bench.stop_words_texts import VOICES, sound_of
from tests.support import recordings
from tests.support.acoustics import at_level, heard, pcm, response, room_noise

PHRASES, OTHERS = hearing("en").stop_words, hearing("en").not_stop_words

ASKED = ("stop", "cancel", "never mind")
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
THRESHOLDS = (-3.5, -4.0, -4.5, -5.0, -5.5, -6.0, -6.5)

Found = dict[str, list[tuple[str, str, float]]]
"""By kind: the spoken text, the recognized one, and its confidence."""


def measure(sample: int, seed: int) -> tuple[Found, float]:
    """Recognize a sample of each kind; return also the processor time per second of sound."""
    recognizer = Recognizer(for_phrases(PHRASES, OTHERS))
    random = np.random.default_rng(seed)
    found: Found = {}
    spent = sound = 0.0
    kinds = {
        "asked": ASKED,
        "phrases": PHRASES,
        "alike": ALIKE.split("|"),
        "other": OTHER.split("|"),
    }
    for kind, texts in kinds.items():
        every = [(text, voice, place) for text in texts for voice in VOICES for place in PLACES]
        chosen = random.permutation(len(every))[:sample]
        for text, (voice, rate), (distance, level) in (every[number] for number in chosen):
            spoken = np.pad(sound_of(text, voice, rate), (4000, 6400))
            if distance:
                spoken = heard(spoken, response(distance, 0.35, int(random.integers(100))))
            noise = room_noise(len(spoken) / 16000, -28 - level, 1)[: len(spoken)]
            audio = pcm(at_level(spoken, -28) + noise)
            began = time.process_time()
            found.setdefault(kind, []).append((text, *_ask(recognizer, audio)))
            spent += time.process_time() - began
            sound += len(spoken) / 16000
    for name in RECORDED:
        if (recordings.FOLDER / f"{name}.wav").exists():
            people = found.setdefault("people", [])
            people.append((name, *_ask(recognizer, recordings.samples(name))))
    return found, spent / sound


def report(found: Found) -> None:
    """Print the parts that were taken for a stop word."""
    print(f"{'confidence':>10}" + "".join(f"{kind:>12}" for kind in found))
    for threshold in THRESHOLDS:
        parts = [
            sum(sure >= threshold and taken in PHRASES for _, taken, sure in every) / len(every)
            for every in found.values()
        ]
        print(f"{threshold:10.1f}" + "".join(f"{100 * part:10.1f} %" for part in parts))
    for kind in ("alike", "other", "people"):
        wrong = Counter(
            f"{text} as {taken}"
            for text, taken, sure in found.get(kind, ())
            if sure >= CONFIDENCE and taken in PHRASES
        )
        print(f"{kind} at {CONFIDENCE}:", ", ".join(f"{what} {n}" for what, n in wrong.items()))
    missed = Counter(
        text
        for text, taken, sure in (*found["asked"], *found["phrases"])
        if sure < CONFIDENCE or taken not in PHRASES
    )
    print(f"missed at {CONFIDENCE}:", ", ".join(f"{text} {n}" for text, n in missed.items()))


def _ask(recognizer: Recognizer, audio: bytes) -> tuple[str, float]:
    recognizer.begin()
    recognizer.feed(audio)
    return recognizer.finish()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sample", type=int, default=60, help="utterances of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found, cost = measure(options.sample, options.seed)
    report(found)
    print(f"{cost:.3f} s of processor time for a second of sound")


if __name__ == "__main__":
    main()
