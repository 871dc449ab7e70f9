"""Stop words of other languages than English, recognized by Whisper base as the satellite does it.

    python -m tests.bench.stop_words_languages [--languages de es] [--prompted] [--clips FOLDER]

eSpeak NG speaks every stop word of a pack in three voices; then what is no stop word and as short:
words that sound like one, short remarks, and the names of things and rooms. With --clips, pieces
of 1.2 s of the recorded sentences in a folder with an `expected.tsv` are heard as well. Prints, for
each language, how many of the former are heard as a stop word, and how many of the others are taken
for one, with the seconds that these last. With --prompted, Whisper is asked with the stop words as
its hotwords, too, which the satellite does not do. Without --languages those are measured that
eSpeak NG speaks understandably: its Chinese, French and Japanese are no test speech. The model is
the real one: `python -m tests.support.real_models` fetches it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import msgspec

from satellite.audio.wavfile import read_wav
from satellite.languages.hearing import hearing
from satellite.listening.stop_phrases import plain, stop_recognition
from satellite.ports import Asr
from satellite.values import SPEECH, TranscribeRequest
from servers.asr.whisper.engine import FasterWhisper
from servers.intents.request_names import usual_home
from tests.support.real_models import Unavailable, fetched
from tests.support.speech import speak

LANGUAGES = ("de", "es", "it", "nl", "ru", "pl", "pt")
VOICES = ("", "+f2", "+m3")
BEFORE, AFTER = 0.25, 0.4
"""Seconds of sound around a word: see `satellite.listening.stop_words`."""

PIECE = 1.2
"""Seconds of a piece of a recorded sentence: as much as passes for a stop word."""

NEAR = {
    "de": (
        "Stoff, Stock, Top, Schock, Hals, kalt, hör zu, auf, einhören, sei lieb, "
        "sei ruhrig, Truhe, Schuss, Schlüssel, genau, Genuss, er weicht, es reift, "
        "ab und zu, vergiss nicht, ja, nein, danke, komm mal her, was ist los, Hunger, "
        "guten Appetit, sag mal"
    ),
    "es": (
        "vara, para ti, pasta, vasta, ya voy, de frente, calle, silla, silbido, "
        "cancha, cancelo, dejar, hoy, sí, no, gracias, ven aquí, qué pasa, "
        "tengo hambre, buen provecho, oye, top, tope"
    ),
    "it": (
        "pasta, vasta, forma, firma, fermento, smettere, silente, zio, zitta, "
        "annulla tutto, lascia, lascia qui, sì, no, grazie, vieni qui, che c'è, "
        "ho fame, buon appetito, senti, top, stoppa"
    ),
    "nl": (
        "stap, stof, sop, hou van, ophangen, stijl, steel, wees lief, genoot, "
        "genoegen, analyse, laat me, laat maar zien, ja, nee, dank je, kom eens, "
        "wat is er, honger, eet smakelijk"
    ),
    "ru": (
        "стол, столб, хвать, становись, молчи, тихий, обмен, прекрасно, пристань, да, "
        "нет, спасибо, иди сюда, что такое, приятного аппетита, вольно"
    ),
    "pl": (
        "stok, stos, przystań, wystawa, dość, cichy, ciasno, zatrzask, anuluję, "
        "nieważny, tak, nie, dziękuję, chodź tu, co jest, smacznego"
    ),
    "pt": (
        "vara, pera, para ti, pasta, vasta, cheia, silêncios, calor, cancelo, deixa, "
        "sim, não, obrigado, anda cá, o que foi, tenho fome, bom apetite"
    ),
}
"""Words that sound like a stop word, and short remarks at a table."""


class Spoken(msgspec.Struct, frozen=True):
    """A short utterance: 16 kHz mono."""

    text: str
    audio: bytes


def voiced(text: str, voice: str) -> Spoken:
    """Return a text as eSpeak NG says it, without the silence around it."""
    sound = speak(text, voice, rate=140).strip(b"\0")
    return Spoken(text, sound[: len(sound) // 2 * 2])


def pieces(folder: Path, language: str) -> Iterator[Spoken]:
    """Yield the pieces of the recorded sentences in a language."""
    size = SPEECH.bytes_of(PIECE)
    for line in (folder / "expected.tsv").read_text("utf-8").splitlines():
        path, spoken_language, text = line.split("\t")
        if spoken_language == language:
            _, audio = read_wav(folder / path)
            for start in range(0, len(audio) - size // 2, size):
                yield Spoken(f"... of {text}", audio[start : start + size])


async def heard(asr: Asr, audio: bytes, request: TranscribeRequest) -> str:
    """Return what a recognizer of stop words writes for an utterance."""
    sound = bytes(SPEECH.bytes_of(BEFORE)) + audio + bytes(SPEECH.bytes_of(AFTER))

    async def feed() -> AsyncIterator[bytes]:
        yield sound

    found = ""
    async with aclosing(asr.transcribe(feed(), request)) as transcripts:
        async for transcript in transcripts:
            found = transcript.text
    return found


class Bench:
    """A loaded Whisper, and what is heard by it."""

    def __init__(self, whisper: FasterWhisper, folders: Sequence[Path], show: bool) -> None:
        self._whisper = whisper
        self._folders = folders
        self._show = show

    async def run(self, language: str, prompted: bool, voices: Sequence[str]) -> None:
        """Print the line of a language."""
        recognition = stop_recognition(language, self._whisper)
        words = hearing(language).stop_words
        home = usual_home(language)
        near = NEAR.get(language, "").split(", ")
        others = [text for text in (*near, *home.areas, *home.names) if text]
        stops = [voiced(text, language + voice) for text in words for voice in voices]
        rest = [
            voiced(text, language + voice)
            for text in others
            if plain(text) not in recognition.phrases
            for voice in voices
        ]
        rest += [piece for folder in self._folders for piece in pieces(folder, language)]
        request = TranscribeRequest(
            language=recognition.language, names=tuple(words) if prompted else ()
        )
        counts, lines = [], []
        asr = recognition.create()
        try:
            for utterances in (stops, rest):
                count = 0
                for each in utterances:
                    written = await heard(asr, each.audio, request)
                    is_stop = plain(written) in recognition.phrases
                    count += is_stop
                    lines.append(f"    {each.text}  ->  {written}{'  (stop)' if is_stop else ''}")
                counts.append(f"{count} of {len(utterances)}")
        finally:
            await asr.close()
        seconds = sum(SPEECH.seconds(each.audio) for each in rest)
        how = "prompted" if prompted else "as it is"
        print(f"{language:10}{how:10}{counts[0]:>12}{counts[1]:>16}{seconds:>8.0f} s", flush=True)
        if self._show:
            print("\n".join(lines), flush=True)


async def run(asked: argparse.Namespace) -> None:
    options = FasterWhisper.Options(model=str(fetched("whisper-base")), partials=False)
    whisper = FasterWhisper(options)
    await whisper.load()
    bench = Bench(whisper, asked.clips, asked.texts)
    print(f"{'language':20}{'heard':>12}{'taken for one':>16}{'speech':>10}")
    try:
        for language in asked.languages:
            for prompted in (False, True) if asked.prompted else (False,):
                await bench.run(language, prompted, VOICES[: asked.voices])
    finally:
        await whisper.close()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--languages", nargs="*", default=LANGUAGES, metavar="CODE")
    parser.add_argument("--voices", type=int, default=len(VOICES), help="of eSpeak NG: 1 to 3")
    parser.add_argument("--clips", nargs="*", type=Path, default=[], metavar="FOLDER")
    parser.add_argument("--prompted", action="store_true", help="also with hotwords")
    parser.add_argument("--texts", action="store_true", help="print the transcripts, too")
    try:
        asyncio.run(run(parser.parse_args(arguments)))
    except Unavailable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
