"""Short windows of Whisper beside whole ones: python -m tests.bench.short_windows [--count 200]

Decodes the same English utterances of up to 7 s with and without the short window that brief sound
gets first, and prints wrong words, repetitions and CPU time of both. The utterances are the texts
of tests/bench/rejection_texts.py, by voices made of recordings (Flite's and Piper's joe), 35 and
25 dB above the noise. `-v` prints the texts that differ.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from satellite.languages import hearing
from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.decoding import Decoder
from servers.asr.whisper.engine import FasterWhisper
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Model
from servers.asr.whisper.tokens import Prompt
from servers.asr.whisper.transcription import build_prompt
from servers.asr.whisper.windows import BRIEF
from tests.bench.rejection_sounds import ESPEAK, Case, cases, sound
from tests.bench.word_errors import WordErrors, words
from tests.support.real_models import Unavailable, fetched

MACHINE = Machine("cpu", "int8", threads=1, workers=1)
LANGUAGE = "en"
KINDS = {"short window first": BRIEF, "whole window": 0}


def utterances(count: int) -> Sequence[Case]:
    """Return that many utterances, of all texts in turn."""
    spoken = [case for case in cases(False) if case.text and case.voice not in ESPEAK]
    return spoken[:: max(1, len(spoken) // count)][:count]


def repeats(spoken: str, written: str) -> bool:
    """Return whether a transcript is so much longer than its text that it repeats itself."""
    return len(words(written)) > 2 * len(words(spoken)) + 3


async def measure(model_folder: Path, chosen: Sequence[Case], verbose: bool) -> None:
    """Decode all utterances in both ways and print the figures."""
    model = Model(model_folder, MACHINE)
    batches = BatchScheduler(model, MACHINE)
    options = FasterWhisper.Options(model=str(model_folder)).decoding
    decoders = {name: Decoder(model, batches, options, brief) for name, brief in KINDS.items()}
    style = hearing.hearing(LANGUAGE).prompt

    def prompt(language: str | None) -> Prompt:
        return build_prompt(model.vocabulary, hotwords="", earlier=f"{style} ", prefix=())

    errors = {name: WordErrors() for name in KINDS}
    cpu, repeated = dict.fromkeys(KINDS, 0.0), dict.fromkeys(KINDS, 0)
    for case in chosen:
        samples = np.frombuffer(sound(case), "<i2").astype(np.float32) / np.float32(32768)
        texts = []
        for name, decoder in decoders.items():
            began = time.process_time()
            attempt, _ = await decoder.decode(samples, prompt, LANGUAGE)
            cpu[name] += time.process_time() - began
            errors[name].add(case.text, attempt.text)
            repeated[name] += repeats(case.text, attempt.text)
            texts.append(attempt.text)
        if verbose and len(set(texts)) > 1:
            print(f"{case.text!r} ({case.voice}): {' | '.join(map(repr, texts))}", flush=True)
    await batches.close()
    for name, found in errors.items():
        print(
            f"{name:20} {found.errors:4} of {found.spoken} words wrong ({found.rate:.4f}), "
            f"{repeated[name]} repetitions, {cpu[name]:.0f} s of CPU"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="utterances")
    parser.add_argument(
        "--model", choices=("whisper-base", "whisper-tiny.en"), default="whisper-base"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print texts that differ")
    flags = parser.parse_args()
    try:
        model = fetched(flags.model)
    except Unavailable as error:
        sys.exit(str(error))
    asyncio.run(measure(model, utterances(flags.count), flags.verbose))


if __name__ == "__main__":
    main()
