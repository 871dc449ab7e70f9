"""Recall with learned voices: speakers teach the word, and are then heard with a lower score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from satellite.builtin.wake.learned_voices import REACH, VoiceCheck
from satellite.builtin.wake.learning import learn
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.errors import UsageError
from tests.bench.wake_words import rooms
from tests.bench.wake_words.curves import heard, single
from tests.bench.wake_words.streams import Stream
from tests.bench.wake_words.tracks import Track
from tests.bench.wake_words.voices import Speaker, speak
from tests.support.acoustics import RATE, at_level, pcm
from tests.support.acoustics import heard as in_room

PACES = (0.92, 1.05, 1.1, 0.97)
"""Speeds at which a speaker teaches the word: none at which recall is measured."""


async def taught(engine: OpenWakeWord, word: str, speaker: Speaker) -> VoiceCheck | None:
    """Return the check of a speaker who said the word four times, 0.3 to 1 m from the microphone;
    None if it was not heard even so."""
    random = np.random.default_rng(len(str(speaker)))
    recordings = {}
    for pace in PACES:
        dry = np.pad(speak(word.replace("_", " "), speaker, pace), RATE // 5)
        room = rooms.random_response(float(random.uniform(0.3, 1)), random)
        sound = at_level(in_room(dry, room), -24)
        recordings[str(pace)] = pcm(sound + random.normal(0, 12, len(sound)))
    try:
        return VoiceCheck([(await learn(engine, word, "speaker", recordings)).voice])
    except UsageError:
        return None


def adjusted(track: Track, check: VoiceCheck) -> Track:
    """Return the scores as a check adjusts them."""
    assert track.embeddings is not None
    rows = np.concatenate([np.tile(track.embeddings[:1], (REACH, 1)), track.embeddings])
    scores = [
        check.adjusted(float(score), rows[at + 1 : at + 1 + REACH])
        for at, score in enumerate(track.scores)
    ]
    return Track(track.samples, np.array(scores, np.float32), track.seconds)


class LearnedRecall:
    """Words heard and false wakes, before and after each speaker taught the word."""

    def __init__(self) -> None:
        self.spoken: dict[str, int] = {}
        self.before: dict[str, int] = {}
        self.after: dict[str, int] = {}
        self.phrases = [0, 0, 0]
        """Phrases of these speakers, and those taken for the word before and after."""
        self.wakes = 0
        """False wakes in the speech, for all speakers together."""
        self.refused: list[str] = []
        """Speakers whose recordings were refused."""

    def add(
        self, place: str, stream: Stream, track: Track, speaker: Speaker, check: VoiceCheck
    ) -> None:
        """Count the words of a speaker in the stream of a place."""
        own = [each for each in stream.utterances if each.speaker == str(speaker)]
        counts = [sum(heard(own, single([each], 0.5))) for each in (track, adjusted(track, check))]
        if place == "phrases":
            for at, count in enumerate((len(own), *counts)):
                self.phrases[at] += count
            return
        self.spoken[place] = self.spoken.get(place, 0) + len(own)
        self.before[place] = self.before.get(place, 0) + counts[0]
        self.after[place] = self.after.get(place, 0) + counts[1]

    def listen(self, tracks: Sequence[Track], check: VoiceCheck) -> None:
        """Count the false wakes in speech."""
        self.wakes += sum(len(single([adjusted(each, check)], 0.5)) for each in tracks)

    def report(self, word: str, voice_hours: float) -> str:
        """Return the figures as lines of text."""
        lines = [
            f"{place}: {self.before[place]} of {self.spoken[place]} {word} heard before, "
            f"{self.after[place]} after"
            for place in self.spoken
        ]
        lines.append(
            f"false wakes after: {self.wakes} in {voice_hours:.2f} hours of speech for all voices"
        )
        said, before, after = self.phrases
        lines.append(f"phrases taken for it: {before} of {said} before, {after} after")
        if self.refused:
            lines.append(f"refused to learn from: {', '.join(self.refused)}")
        return "\n".join(lines)
