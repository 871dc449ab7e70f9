"""Recordings of a wake word: files that are named, or what a person says at the microphone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from satellite.builtin.audio import devices
from satellite.builtin.wake.embedding_engine import EmbeddingEngine
from satellite.builtin.wake.learning import MOST
from satellite.cli import command
from satellite.cli.speech_files import read_speech
from satellite.cli.terminal import asker
from satellite.cli.voice_learning import record_word
from satellite.components.spec import AUTO
from satellite.errors import UsageError
from satellite.settings import Settings

wav_option = command.option(
    "--wav",
    "wavs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Recording of the word, said once; may be repeated. Without any, the microphone records",
)


async def word_recordings(
    settings: Settings, wavs: Sequence[Path], word: str, engine: EmbeddingEngine | None = None
) -> Mapping[str, bytes]:
    """Return recordings of a word by their labels; at the microphone, `engine` has to hear it.

    Raises `UsageError`, and `DeviceError`s.
    """
    if wavs:
        if len(wavs) > MOST:
            raise UsageError(f"name at most {MOST} recordings")
        return {str(path): read_speech(path) for path in wavs}
    ask = asker(silent=False)
    component = settings.mic if settings.mic != AUTO else devices.default_mic()
    return await record_word(lambda text: ask.text(text, ""), component, word, engine)
