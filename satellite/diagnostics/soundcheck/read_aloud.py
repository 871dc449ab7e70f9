"""Speech as from a television: voices of this machine read texts in turn, in simulated rooms.

Speech by neural voices takes a Raspberry Pi longer than listening to it, and is cached.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from satellite.audio.wavfile import read_wav, wav_bytes
from satellite.builtin.wake.simulated_room import Sound, in_room
from satellite.components.auto import BUILT_IN
from satellite.diagnostics.soundcheck.reading_voices import ReadingVoice
from satellite.errors import AudioFileError
from satellite.lib import paths
from satellite.lib.persistence import atomic_write
from satellite.text.reason_of import reason_of
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

LARGEST = 500_000_000
"""Bytes of the cache: four hours of speech."""
DISTANCES = (1.5, 4.0)
REVERBERATIONS = (0.25, 0.6)
"""Metres, and seconds of reverberation, between which a sentence is heard."""
LEVELS = (-38.0, -22.0)
"""dBFS between which a sentence is heard."""
NOISE = -62.0
"""dBFS of the noise of the microphone and the room."""
PAUSES = (0.15, 1.0)
"""Seconds of silence between which one follows a sentence."""


class Reading(msgspec.Struct, frozen=True):
    """A text, read aloud."""

    voice: str
    text: str
    audio: bytes
    """Its sound in a room, and the pause after it: s16le, 16 kHz."""


async def read_aloud(
    voices: Sequence[ReadingVoice], texts: Sequence[str], seconds: float
) -> AsyncGenerator[Reading, None]:
    """Yield texts read by voices in turn, until `seconds` are reached or every voice has read
    every text; the same ones at each call. Raises the errors of the engines."""
    cache = SpeechCache(paths.cache_folder() / "wake-speech")
    await asyncio.to_thread(cache.limit)
    random = np.random.default_rng(20)
    for round_ in range(len(voices)):
        for number, text in enumerate(texts):
            voice = voices[(number + round_) % len(voices)]
            spoken = await cache.speech(voice, text)
            audio = await asyncio.to_thread(_in_next_room, spoken, random)
            yield Reading(voice.name, text, audio)
            seconds -= SPEECH.seconds(audio)
            if seconds <= 0:
                return


class SpeechCache:
    """Speech that was made before, as WAV files in a folder."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest
        self._writes = True

    async def speech(self, voice: ReadingVoice, text: str) -> bytes:
        """Return a text by a voice, 16 kHz mono. Raises the errors of the engine."""
        if voice.key[0] == BUILT_IN["tts"]:  # speaks as fast as a file is read
            return await voice.speak(text)
        digest = hashlib.sha256(json.dumps([*voice.key, text]).encode()).hexdigest()
        file = self._folder / f"{digest[:32]}.wav"
        if (audio := await asyncio.to_thread(_stored, file)) is not None:
            return audio
        audio = await voice.speak(text)
        if self._writes and audio:
            await asyncio.to_thread(self._store, file, audio)
        return audio

    def limit(self) -> None:
        """Delete the oldest files beyond the largest size; blocks."""
        try:
            files = [(each.stat(), each) for each in self._folder.glob("*.wav")]
            files.sort(key=lambda each: each[0].st_mtime, reverse=True)
            total = 0
            for status, file in files:
                total += status.st_size
                if total > self._largest:
                    file.unlink()
        except OSError as error:
            _LOGGER.warning("%s cannot be tidied: %s", self._folder, reason_of(error))

    def _store(self, file: Path, audio: bytes) -> None:
        try:
            atomic_write(file, wav_bytes(SPEECH, audio))
        except OSError as error:
            self._writes = False
            _LOGGER.warning("speech is not cached: %s: %s", file, reason_of(error))


def _stored(file: Path) -> bytes | None:
    """Return the speech of a file; None without one, or where it is damaged."""
    try:
        form, audio = read_wav(file) if file.exists() else (None, b"")
    except AudioFileError as error:
        _LOGGER.info("made again: %s", error)
        return None
    return audio if form == SPEECH else None


def _in_next_room(spoken: bytes, random: np.random.Generator) -> bytes:
    """Return speech as it is heard in the next room, with the pause after it."""
    sound = np.frombuffer(spoken, "<i2").astype(np.float64)
    distance, reverberation, level, pause = (
        float(random.uniform(*between)) for between in (DISTANCES, REVERBERATIONS, LEVELS, PAUSES)
    )
    sound = np.pad(sound, (0, round(pause * SPEECH.rate)))
    if np.any(sound):
        sound = in_room(sound, distance, reverberation, random)
        sound *= 32768 * 10 ** (level / 20) / _loudness(sound)
    noisy = sound + random.normal(0, 32768 * 10 ** (NOISE / 20), len(sound))
    return np.clip(np.rint(noisy), -32768, 32767).astype("<i2").tobytes()


def _loudness(sound: Sound) -> float:
    """Return the RMS value of the loudest half of a sound."""
    power = np.sort(sound**2)[len(sound) // 2 :]
    return float(np.sqrt(power.mean()))
