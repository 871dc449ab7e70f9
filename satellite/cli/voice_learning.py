"""How a person says the wake word is learned, for `satellite wake learn` and the guided setup."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from satellite.builtin.wake.embedding_engine import EmbeddingEngine
from satellite.builtin.wake.learned_voices import VoiceFile
from satellite.builtin.wake.learning import holds_word, learn
from satellite.builtin.wake.two_stage import TwoStage
from satellite.cli.screen import count
from satellite.cli.speech_files import converted
from satellite.components import spec
from satellite.components.auto import wake_engine
from satellite.diagnostics.soundcheck.recording import record
from satellite.engines import assembly
from satellite.errors import UsageError
from satellite.ports import EngineContext
from satellite.settings import Settings
from satellite.text.quoted import quoted

TIMES = 4
"""Recordings of a word at the microphone."""
SECONDS = 3.0
"""Seconds of each of them."""
TRIES = 3
"""Recordings that are made until the word is heard in one."""
LONGEST_NAME = 40
"""Characters of a person's name."""


def person_name(text: str) -> str:
    """Return the name of a person. Raises `UsageError` for one that is empty or too long."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise UsageError(f"{quoted(name)}: a name has 1 to {LONGEST_NAME} characters")
    return name


@asynccontextmanager
async def learning_engine(settings: Settings) -> AsyncGenerator[EmbeddingEngine | None, None]:
    """Load the wake engine of the settings; None for one whose voices are not learned."""
    component = wake_engine(settings.wake)
    engine = None
    if not spec.is_uri(component):
        engine = await assembly.create("wake", component, EngineContext())
    if isinstance(engine, TwoStage):
        engine = engine.confirming
    if not isinstance(engine, EmbeddingEngine):
        yield None
        return
    try:
        await engine.load()
        yield engine
    finally:
        await engine.close()


async def record_word(
    prompt: Callable[[str], Awaitable[object]],
    mic: str,
    word: str,
    engine: EmbeddingEngine | None = None,
) -> Mapping[str, bytes]:
    """Return recordings of a person who says a word `TIMES` times, by their labels.

    `prompt` shows a text and waits until the person is ready. With an engine, a recording in which
    it does not hear the word is made again, `TRIES` times in all. Raises `DeviceError`s.
    """
    found = {}
    for number in range(1, TIMES + 1):
        text = f"Press Enter, then say {word.replace('_', ' ')} ({number} of {TIMES})"
        for _ in range(TRIES):
            await prompt(text)
            recording = await record(spec.create("mic", mic), SECONDS)
            audio = converted(recording.audio, recording.form)
            if engine is None or await holds_word(engine, word, audio):
                break
            text = f"The word was not heard. Press Enter, then say it alone ({number} of {TIMES})"
        found[f"recording {number}"] = audio
    return found


async def learn_voice(
    engine: EmbeddingEngine, word: str, name: str, recordings: Mapping[str, bytes], file: VoiceFile
) -> str:
    """Learn a word from recordings of a person, store the voice, and return a line about it.

    Raises `UsageError` for a recording without the word.
    """
    taught = await learn(engine, word, name, recordings)
    file.add(taught.voice)
    scores = ", ".join(f"{score:.2f}" for score in taught.scores.values())
    return f"{name} is learned from {count(len(recordings), 'recording')} ({scores})"
