"""Wrong words of voices that begin at once: python -m tests.bench.early_voice [--count 80]

Transcribes the same commands of tests/bench/rejection_texts.py, in voices made of recordings, with
each of the `--leads` seconds of their sound before the voice, as Whisper gets them right after a
wake word. Prints the wrong words for each lead: there should be as many with any of them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from servers.asr.whisper.engine import FasterWhisper
from tests.bench.rejection_sounds import ESPEAK, Case, cases, sound
from tests.bench.transcripts import transcript
from tests.bench.word_errors import WordErrors
from tests.support.real_models import Unavailable, fetched
from tests.support.speech import RATE

BEGINNING = 0.1
"""Level of a voice's first sample, of its highest."""


def after(audio: bytes, lead: float) -> bytes:
    """Return an utterance, 16 kHz mono, from `lead` seconds before its voice on."""
    level = np.abs(np.frombuffer(audio, np.int16).astype(np.int32))
    first = int(np.argmax(level > BEGINNING * level.max()))
    return audio[2 * max(0, first - int(lead * RATE)) :]


async def measure(folder: Path, chosen: Sequence[Case], leads: Sequence[float]) -> None:
    """Transcribe all utterances with each lead and print the figures."""
    engine = FasterWhisper(FasterWhisper.Options(model=str(folder)))
    await engine.load()
    try:
        for lead in leads:
            errors = WordErrors()
            for case in chosen:
                audio = after(await asyncio.to_thread(sound, case), lead)
                errors.add(case.text, await transcript(engine, audio))
            wrong = f"{errors.errors} of {errors.spoken} words wrong"
            print(f"{folder.name}, {lead:.2f} s before the voice: {wrong}", flush=True)
    finally:
        await engine.close()


def main() -> None:
    """Parse the flags, measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="whisper-tiny.en")
    parser.add_argument("--count", type=int, default=80, help="utterances")
    parser.add_argument("--leads", type=float, nargs="+", default=[0.0, 0.1, 0.2, 0.5])
    arguments = parser.parse_args()
    spoken = [case for case in cases(False) if case.text and case.voice not in ESPEAK]
    chosen = spoken[:: max(1, len(spoken) // arguments.count)][: arguments.count]
    try:
        folder = fetched(arguments.model)
    except Unavailable as error:
        sys.exit(str(error))
    asyncio.run(measure(folder, chosen, arguments.leads))


if __name__ == "__main__":
    main()
