"""Recordings of a wake word: files that are named, or what a person says at the microphone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from satellite.builtin.audio import devices
from satellite.builtin.wake.learning import MOST
from satellite.cli import command
from satellite.cli.speech_files import converted, read_speech
from satellite.cli.terminal import asker
from satellite.components import spec
from satellite.components.spec import AUTO
from satellite.diagnostics.soundcheck.recording import record
from satellite.errors import UsageError
from satellite.settings import Settings

TIMES = 4
"""Recordings of a word at the microphone."""
SECONDS = 3.0
"""Seconds of each of them."""

wav_option = command.option(
    "--wav",
    "wavs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Recording of the word, said once; may be repeated. Without any, the microphone records",
)


async def word_recordings(
    settings: Settings, wavs: Sequence[Path], word: str
) -> Mapping[str, bytes]:
    """Return recordings of a word by their labels. Raises `UsageError`, and `DeviceError`s."""
    if wavs:
        if len(wavs) > MOST:
            raise UsageError(f"name at most {MOST} recordings")
        return {str(path): read_speech(path) for path in wavs}
    ask = asker(silent=False)
    component = settings.mic if settings.mic != AUTO else devices.default_mic()
    found = {}
    for number in range(1, TIMES + 1):
        await ask.text(f"Press Enter, then say {word.replace('_', ' ')} ({number} of {TIMES})", "")
        recording = await record(spec.create("mic", component), SECONDS)
        found[f"recording {number}"] = converted(recording.audio, recording.form)
    return found
