"""Stop words over a reply that the microphone hears:
python -m tests.bench.stop_words_aloud [--replies 12]

In simulated rooms, behind the echo canceller, at two levels of the leak: how many of those that a
person says over a reply are heard, and how often a reply alone is taken for one.
"""

from __future__ import annotations

import argparse
import asyncio

import numpy as np

from satellite import components
from satellite.audio.capture import Capture
from satellite.audio.format import SPEECH
from satellite.audio.frontend.reference import Reference
from satellite.audio.frontend.source import FrontEnd
from satellite.audio.playback import Playback
from satellite.bus import Bus
from satellite.listening.stop_words import COMPONENT, StopWords
from satellite.settings import SoundSettings
from satellite.values import AudioChunk
from tests.soak.talk import sentence
from tests.support.acoustics import at_level, heard, pcm, response, samples
from tests.support.simulated_room import SimulatedRoom
from tests.support.speech import speak

PERSON = -28.0
"""dBFS of the person at the microphone."""
LEAKS = (0.0, 6.0)
"""Decibels by which the reply is louder there than the person."""
WORDS = ("stop", "cancel", "never mind")
VOICES = (("en-us", 150), ("en-us+m3", 160), ("en-gb", 150))
BEHIND = 0.2
"""Seconds of real time in which the recognizer catches up."""


async def hear(leak: float, replies: int, seed: int) -> None:
    """Play so many replies, every other one with a stop word said over it, and print the result."""
    random = np.random.default_rng(seed)
    room = SimulatedRoom(leak=10 ** ((PERSON + leak + 20) / 20), latency=0.1)
    reference, bus, stops = Reference(), Bus(), 0
    playback = Playback(room.speaker, lambda event: None)
    playback.tap = reference
    front = FrontEnd(Capture(room.microphone, lambda event: None), reference, SoundSettings())
    talking = False

    def hush() -> None:
        nonlocal stops
        stops += 1

    vad = components.create("vad", "silero")
    words = StopWords(lambda: components.create("asr", COMPONENT), vad, 0.5, lambda: talking, hush)

    async def listen() -> None:
        async for audio in front.frames():
            words.hear(audio)
            await asyncio.sleep(0.002)  # the recognizer has its turn

    said = right = wrong = 0
    seconds = 0.0
    async with asyncio.TaskGroup() as tasks:
        running = (tasks.create_task(words.run(bus)), tasks.create_task(listen()))
        await asyncio.sleep(BEHIND)
        for number in range(replies + 1):
            text = " ".join(sentence("en", random) for _ in range(2))
            sound = at_level(samples(speak(text, "en-us+f3", 165)), -20)
            before, talking = stops, True
            if over := bool(number % 2):
                voice, rate = VOICES[random.integers(len(VOICES))]
                word = samples(speak(WORDS[random.integers(len(WORDS))], voice, rate))
                far = heard(np.pad(word, (0, 3200)), response(1.5, 0.3, number))
                room.say(at_level(far, PERSON), after=float(random.uniform(1.0, 2.5)))
            await playback.play_clip(AudioChunk(audio=pcm(sound), format=SPEECH))
            await room.until(room.now + SPEECH.rate)
            await asyncio.sleep(BEHIND)
            talking = False
            if number:  # the first one tells the canceller the path
                seconds += len(sound) / SPEECH.rate
                said += over
                right += over and stops > before
                wrong += not over and stops > before
            await room.until(room.now + SPEECH.rate)
        for task in running:
            task.cancel()
    print(
        f"leak {leak:+.0f} dB: {right} of {said} stop words heard; {wrong} replies of "
        f"{replies - said} taken for one, in {seconds:.0f} s of replies",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--replies", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for leak in LEAKS:
        asyncio.run(hear(leak, given.replies, given.seed))


if __name__ == "__main__":
    main()
