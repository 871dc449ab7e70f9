"""Stop words spoken over a reply, an announcement or a ring that the microphone hears.

    python -m tests.bench.stop_words_over_sound [--sounds 24] [--leak -12 -6 0 6] [--what ring]

In a simulated room, behind the echo canceller, at several levels of the leak: the stop words heard
of those that a person speaks over the sound, and the stops without one. Every other sound has no
stop word; over rings (and with --talk over all sounds) two people then talk, 1.5 m away. With
--alone no person speaks, and every other reply has a stop word as a sentence of its own. The voices
are eSpeak's, and Flite's (made of recordings) where it is installed.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from itertools import cycle

import msgspec
import numpy as np

from satellite.audio.capture import Capture
from satellite.audio.cues import CueName, cue
from satellite.audio.echo.frontend import FrontEnd
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.playback import Playback
from satellite.audio.resample import Resampler
from satellite.components import spec
from satellite.listening.stop_phrases import stop_recognition
from satellite.listening.stop_words import Interjection, StopWords
from satellite.settings import SoundSettings
from satellite.timers.ringing import PAUSE
from satellite.values import SPEECH, AudioChunk
from tests.bench.stop_words_texts import REPLIES, VOICES, sound_of
from tests.soak.talk import sentence
from tests.support.acoustics import Samples, at_level, heard, pcm, response, samples
from tests.support.simulated_room import SimulatedRoom

PERSON = -28.0
"""dBFS of the person at the microphone."""
REPLY = -20.0
"""dBFS of the played sound, before it goes through the room."""
LEAKS = (-12.0, -6.0, 0.0, 6.0)
"""Decibels by which the played sound is louder at the microphone than the person."""
KINDS = ("reply", "announcement", "ring")
WORDS = ("stop", "cancel", "never mind")
RINGS = 4
"""Rings in a row, with a timer's pause between them."""


class Counts(msgspec.Struct):
    """The results of some sounds."""

    spoken: int = 0
    heard: int = 0
    stopped: int = 0
    """Sounds that were stopped without a stop word."""
    seconds: float = 0.0
    """Length of the sounds without a stop word."""
    missed: Counter[str] = msgspec.field(default_factory=Counter)


class Listening(StopWords):
    """Stop words, with the state of their recognition."""

    patience = 60.0  # the room's clock is stopped meanwhile
    _busy = False

    @property
    def idle(self) -> bool:
        """Whether no sound waits for recognition."""
        return self._open is None and not self._busy and self._waiting.empty()

    @property
    def behind(self) -> bool:
        """Whether a sound that has ended is being recognized."""
        return self._open is None and not self.idle

    async def _recognize(self, interjection: Interjection) -> None:
        self._busy = True
        try:
            await super()._recognize(interjection)
        finally:
            self._busy = False


class Trial:
    """One room in which sounds are played and words spoken."""

    def __init__(
        self, leak: float, seed: int = 1, *, talk: bool = False, alone: bool = False
    ) -> None:
        """With `talk`, people talk over replies, too; with `alone`, no person speaks."""
        self.random = np.random.default_rng(seed)
        self.room = SimulatedRoom(leak=10 ** ((PERSON + leak - REPLY) / 20), latency=0.1)
        self.talk = talk
        self.alone = alone
        reference = PlaybackReference()
        self.playback = Playback(self.room.speaker, lambda event: None, tap=reference)
        capture = Capture(self.room.microphone, lambda event: None)
        self.front = FrontEnd(capture, reference, SoundSettings())
        self.talking = False
        self.stops = 0
        self.words = Listening(
            lambda: stop_recognition("en", None),
            spec.create("vad", "silero"),
            0.5,
            lambda: self.talking,
            self._hush,
            reference,
        )
        self.voices = cycle(VOICES)
        self.asked = cycle(WORDS)

    def _hush(self) -> None:
        self.stops += 1

    async def run(self, kind: str, sounds: int) -> Counts:
        """Play sounds of a kind, after a first one from which the canceller learns the path."""
        counts = Counts()
        async with asyncio.TaskGroup() as tasks:
            running = (tasks.create_task(self.words.run()), tasks.create_task(self._listen()))
            for number in range(sounds + 1):
                await self._sound(kind, counts, number)
            for task in running:
                task.cancel()
        return counts

    async def _listen(self) -> None:
        async for audio in self.front.frames():
            self.words.hear(audio)
            while self.words.behind:  # the room's clock waits
                await asyncio.sleep(0.001)

    async def _sound(self, kind: str, counts: Counts, number: int) -> None:
        before, over = self.stops, number % 2 == 1 and not self.alone
        clips = self._clips(kind, own=self.alone and number % 2 == 1)
        seconds = sum(len(clip) for clip in clips) / SPEECH.rate
        word = next(self.asked) if over else ""
        if over:
            self._say(word, number, float(self.random.uniform(0.8, min(2.5, seconds - 1.0))))
        elif number and not self.alone and (self.talk or kind == "ring"):
            self._chat(seconds, number)
        self.talking = True
        for clip in clips:
            await self.playback.play_clip(AudioChunk(audio=pcm(clip), format=SPEECH))
            if kind == "ring":
                await self.room.until(self.room.now + round(PAUSE * SPEECH.rate))
        await self.room.until(self.room.now + SPEECH.rate)
        async with asyncio.timeout(30):
            while not self.words.idle:
                await asyncio.sleep(0.01)
        self.talking = False
        stopped = self.stops > before
        if over:
            counts.spoken += 1
            counts.heard += stopped
            counts.missed[word] += not stopped
        elif number:
            counts.stopped += stopped
            counts.seconds += seconds
        await self.room.until(self.room.now + SPEECH.rate)

    def _clips(self, kind: str, own: bool) -> list[Samples]:
        if kind == "ring":
            return [_cue("timer")] * RINGS
        voice = REPLIES[self.random.integers(len(REPLIES))]
        between = f" {next(self.asked)}. " if own else " "
        text = between.join(sentence("en", self.random) for _ in range(2))
        reply = at_level(sound_of(text, *voice), REPLY)
        return [np.concatenate((_cue("announce"), reply))] if kind == "announcement" else [reply]

    def _say(self, text: str, number: int, after: float, until: float = 60.0) -> None:
        """Have the next person speak, if it is over by `until`."""
        voice, rate = next(self.voices)
        if after + len(sound_of(text, voice, rate)) / SPEECH.rate > until:
            return
        far = heard(np.pad(sound_of(text, voice, rate), (0, 3200)), response(1.5, 0.3, number))
        self.room.say(at_level(far, PERSON), after=after)

    def _chat(self, seconds: float, number: int) -> None:
        """Have two people talk, with pauses, until the sound has ended."""
        at = 0.3
        while at < seconds:
            text = sentence("en", self.random)
            if self.random.random() < 0.4:
                text = " ".join(text.split()[: self.random.integers(1, 4)])
            self._say(text, number, at, seconds + 1.0)
            at += len(text) / 14 + float(self.random.uniform(0.3, 1.5))


def _cue(name: CueName) -> Samples:
    clip = cue(name)
    resampler = Resampler(clip.format, SPEECH)
    return at_level(samples(resampler.convert(clip.audio) + resampler.flush()), REPLY)


async def measure(kind: str, leak: float, options: argparse.Namespace) -> None:
    """Print the results of one kind of sound at one level."""
    trial = Trial(leak, options.seed, talk=options.talk, alone=options.alone)
    counts = await trial.run(kind, options.sounds)
    hours = counts.seconds / 3600
    print(
        f"{kind:12} leak {leak:+5.0f} dB: {counts.heard:3} of {counts.spoken:3} stop words heard"
        f" ({', '.join(f'{word} {n}' for word, n in counts.missed.items() if n) or 'all'}"
        f"{' missed' if counts.heard < counts.spoken else ''});"
        f" {counts.stopped} stops without one in {counts.seconds:.0f} s"
        f" ({counts.stopped / hours if hours else 0:.0f} an hour)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sounds", type=int, default=24, help="of each kind at each level")
    parser.add_argument("--leak", type=float, nargs="+", default=LEAKS)
    parser.add_argument("--what", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--talk", action="store_true", help="people talk over replies, too")
    parser.add_argument("--alone", action="store_true", help="no person speaks")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for kind in options.what:
        for leak in options.leak:
            asyncio.run(measure(kind, leak, options))


if __name__ == "__main__":
    main()
