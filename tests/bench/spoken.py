"""Speech as people say it: Piper speaks texts full of short forms, and Whisper writes them down.

    python -m tests.bench.spoken [--kinds formulas money] [--threads 2]

Each of the texts is cleaned and spoken as the service does it, by the voice en_US-joe-medium, and
written down by Whisper base with five beams. A text is as expected if the words that belong to it
are in what Whisper wrote, one after another, in whatever spelling: figures, signs and spaces count
as the words for them. The voice varies its sound at random, and Whisper misses a word now and
then: a text that is missed is spoken twice more, and both of these have to be heard.
`python -m tests.support.real_models` fetches both models.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import soxr
from unicode_rbnf import FormatPurpose, RbnfEngine

from satellite.text.speakable import speakable
from satellite.values import SpeechRequest
from servers.tts.normalization.normalizer import normalize
from servers.tts.piper.engine import Piper
from tests.bench.spoken_texts import MORE, TEXTS
from tests.support.real_models import cache

_ALL = TEXTS | MORE
_RATE = 16_000
"""Samples per second that Whisper takes."""
_YEAR = re.compile(r"\b(1[1-9]|20)([1-9]\d)\b")
_CLOCK = re.compile(r"(?<=\d)\.(?=\d\d\b)")
_HYPHEN = re.compile(r"(?<=\d)-(?=\d)")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)\b")
_DECADE = re.compile(r"\b([2-9]0)s\b")
_DECIMAL = re.compile(r"\d+(?:\.\d+)?")
_MONEY = re.compile(r"[$€£](?=\d[\d.,]*,? (?:[A-Z][\w.]* ){0,2}(?:dollar|euro|pound)s?\b)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


class Written(msgspec.Struct, frozen=True):
    """A text, the words expected of it, and what was heard.

    ` | ` separates expected words that are as good as each other.
    """

    kind: str
    text: str
    expected: str
    heard: str

    @property
    def right(self) -> bool:
        """Whether the expected words were heard."""
        heard = [letters(reading) for reading in readings(self.heard)]
        expected = [letters(words) for words in self.expected.split(" | ")]
        return any(words in reading for words in expected for reading in heard)


def readings(text: str) -> Iterator[str]:
    """Yield a text with what Whisper writes in figures in each of the ways that it may be read."""
    yield text
    yield _YEAR.sub(r"\1 \2", text)  # 1914 for "nineteen fourteen"
    yield _CLOCK.sub(" ", text)  # 7.30 for "seven thirty"
    yield _HYPHEN.sub(" ", text)  # 7-16th for "seven sixteenth"
    yield _HYPHEN.sub(" minus ", text)  # 30-12 for "thirty minus twelve"
    yield _HYPHEN.sub("/", text)  # 3-8 for "three eighths"
    yield _MONEY.sub("", text)  # $20 Canadian dollars for "twenty Canadian dollars"


def letters(text: str) -> str:
    """Return the letters of a text whose figures and signs are in words."""
    numbers = RbnfEngine.for_language("en")

    def words(number: str, purpose: FormatPurpose) -> str:
        return " " + numbers.format_number(number, purpose).text + " "

    text = _THOUSANDS.sub("", normalize(text, "en-US"))
    text = _ORDINAL.sub(lambda match: words(match[1], FormatPurpose.ORDINAL), text)
    text = _DECADE.sub(lambda match: words(match[1], FormatPurpose.CARDINAL)[:-2] + "ies ", text)
    text = re.sub(r"(?<=\d)\.0\b", " point zero", text)
    text = _DECIMAL.sub(lambda match: words(match[0], FormatPurpose.CARDINAL), text)
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[^a-z]", "", plain)


async def write_down(
    texts: Sequence[tuple[str, str, str]],
    voice: Path,
    whisper: Path,
    threads: int = 0,
    *,
    steady: bool = False,
) -> list[Written]:
    """Speak each text (kind, text, expected words) and write it down.

    The voice varies its sound at random, unless it is `steady`; then each text is spoken once.
    """
    from faster_whisper import WhisperModel
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # otherwise it leaves a thread behind
    ear = WhisperModel(str(whisper), device="cpu", compute_type="int8", cpu_threads=threads)
    noise = 0.0 if steady else None
    options = Piper.Options(
        voice=str(voice), cpu_threads=threads, noise_scale=noise, noise_w_scale=noise
    )
    piper = Piper(options)
    try:
        written = []
        for kind, text, expected in texts:
            hearings = [Written(kind, text, expected, _hear(ear, *await _speak(piper, text)))]
            if not hearings[0].right and not steady:
                for _ in range(2):
                    heard = _hear(ear, *await _speak(piper, text))
                    hearings.append(Written(kind, text, expected, heard))
            missed = [hearing for hearing in hearings if not hearing.right]
            written.append(missed[0] if 2 * len(missed) > len(hearings) else hearings[-1])
        return written
    finally:
        await piper.close()


async def _speak(piper: Piper, text: str) -> tuple[bytes, int]:
    """Return speech as the service makes it, and its rate."""
    request = SpeechRequest(text=speakable(text))
    chunks = [chunk async for chunk in piper.synthesize(request)]
    return b"".join(chunk.audio for chunk in chunks), chunks[0].format.rate


def _hear(ear: Any, audio: bytes, rate: int) -> str:
    samples = np.frombuffer(audio, np.int16).astype(np.float32) / 32768
    quiet = np.zeros(_RATE // 2, np.float32)
    heard = np.concatenate([quiet, soxr.resample(samples, rate, _RATE), quiet])
    segments, _ = ear.transcribe(heard, language="en", beam_size=5)
    return "".join(segment.text for segment in segments).strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kinds", nargs="+", choices=_ALL, default=list(_ALL))
    parser.add_argument("--threads", type=int, default=0, help="0: one for each core")
    flags = parser.parse_args()
    voice = cache() / "piper-en_US-joe-medium" / "en_US-joe-medium.onnx"
    whisper = cache() / "whisper-base"
    for path in (voice, whisper / "model.bin"):
        if not path.exists():
            sys.exit(f"no {path}: python -m tests.support.real_models fetches it")
    texts = [(kind, *text) for kind in flags.kinds for text in _ALL[kind]]
    written = asyncio.run(write_down(texts, voice, whisper, flags.threads))
    for kind in flags.kinds:
        own = [each for each in written if each.kind == kind]
        print(f"{kind:24} {sum(each.right for each in own):3} of {len(own)}")
    for each in written:
        if not each.right:
            print(f"{each.text!r}\n    expected {each.expected!r}\n    heard    {each.heard!r}")
    right = sum(each.right for each in written)
    print(f"as expected: {right} of {len(written)} ({right / len(written):.1%})")


if __name__ == "__main__":
    main()
