"""Stop words of other languages than English, recognized by Whisper base as the satellite does it.

    python -m tests.bench.stop_words_languages [--languages de es] [--texts]

eSpeak NG speaks every stop word of a pack, and as many names of its things and rooms, which are as
short. Prints, for each language, how many of the former are heard as a stop word, and how many of
the latter are taken for one. Without --languages those are measured that eSpeak NG speaks
understandably: its Chinese, French and Japanese are no test speech. The model is the real one:
`python -m tests.support.real_models` fetches it.

Measured on two busy cores, heard and taken for one: de 4 and 1 of 13, es 5 and 1 of 10, it 4 and 0
of 9, nl 5 and 0 of 10. Most of the others are written as nothing at all.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from satellite.languages.hearing import hearing
from satellite.listening.stop_phrases import StopRecognition, plain, stop_recognition
from satellite.values import SPEECH, TranscribeRequest
from servers.asr.whisper.engine import FasterWhisper
from servers.intents.request_names import usual_home
from tests.support.real_models import Unavailable, fetched
from tests.support.speech import speak

LANGUAGES = ("de", "es", "it", "nl", "ru", "pl", "pt")
BEFORE, AFTER = 0.25, 0.4
"""Seconds of sound around a word: see `satellite.listening.stop_words`."""


async def heard(recognition: StopRecognition, text: str, language: str) -> str:
    """Return what the recognizer of stop words writes for a spoken text."""
    spoken = speak(text, language, rate=140).strip(b"\0")
    sound = bytes(SPEECH.bytes_of(BEFORE)) + spoken[: len(spoken) // 2 * 2]
    sound += bytes(SPEECH.bytes_of(AFTER))

    async def feed() -> AsyncIterator[bytes]:
        yield sound

    asr = recognition.create()
    found = ""
    try:
        request = TranscribeRequest(language=recognition.language)
        async with aclosing(asr.transcribe(feed(), request)) as transcripts:
            async for transcript in transcripts:
                found = transcript.text
    finally:
        await asr.close()
    return found


async def run(languages: Sequence[str], show: bool) -> None:
    options = FasterWhisper.Options(model=str(fetched("whisper-base")), partials=False)
    whisper = FasterWhisper(options)
    await whisper.load()
    print(f"{'language':10}{'heard':>10}{'taken for one':>16}")
    try:
        for language in languages:
            recognition = stop_recognition(language, whisper)
            words = hearing(language).stop_words
            home = usual_home(language)
            others = [name for name in (*home.areas, *home.names) if plain(name) not in words]
            counts, lines = [], []
            for texts in (words, others[: len(words)]):
                count = 0
                for text in texts:
                    written = await heard(recognition, text, language)
                    is_stop = plain(written) in recognition.phrases
                    count += is_stop
                    lines.append(f"    {text}  ->  {written}{'  (stop)' if is_stop else ''}")
                counts.append(f"{count} of {len(texts)}")
            print(f"{language:10}{counts[0]:>10}{counts[1]:>16}", flush=True)
            if show:
                print("\n".join(lines), flush=True)
    finally:
        await whisper.close()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--languages", nargs="*", default=LANGUAGES, metavar="CODE")
    parser.add_argument("--texts", action="store_true", help="print the transcripts, too")
    asked = parser.parse_args(arguments)
    try:
        asyncio.run(run(asked.languages, asked.texts))
    except Unavailable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
