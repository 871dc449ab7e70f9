"""Recall of wake words across a room and in noise, against false wakes by a television.

    python -m tests.bench.recall [--hours 0.5] [--learned] [--peers] [--svg FILE]

Piper's joe, Kokoro's five voices and blends of them say the words, at three speeds, soft and loud,
in simulated rooms amid a fan, water, music, babble or a television. The same voices read a book and
dialogues, in which no word is said. Each detector scores every hop of all of it once; recall, false
wakes and phrases taken for the word are read from the scores for every threshold. With `--peers`,
the Python classes of pyopen-wakeword and pymicro-wakeword run, too, as wyoming-openwakeword and
linux-voice-assistant use them. Speech and scores are cached, some 100 MB an hour of speech: an
interrupted run continues. eSpeak NG's voices are a control, counted apart. With
`--learned`, some speakers teach the word as by `satellite wake learn`, and are then listened to.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import TwoStage
from satellite.values import DetectRequest
from tests.bench.wake_words import streams
from tests.bench.wake_words.curves import Curve, Decide, heard, single, two_stages
from tests.bench.wake_words.drawing import Line, Panel, svg
from tests.bench.wake_words.learned import LearnedRecall, taught
from tests.bench.wake_words.streams import FAR_FIELD, NEAR_FIELD, PLACES, Said, Stream, words_at
from tests.bench.wake_words.texts import WORDS
from tests.bench.wake_words.tracks import Detector, Listening, OurMicroWakeWord, Track
from tests.bench.wake_words.voices import CONTROL, SPEAKERS, Speaker, speak
from tests.support import recordings
from tests.support.acoustics import RATE, pcm, room_noise, samples

PACES = (0.85, 1.0, 1.2)
"""Speeds at which the words are said."""
THRESHOLDS = tuple(
    float(each) for each in (0.005, 0.01, 0.02, 0.03, 0.05, 0.07, *np.arange(0.1, 1, 0.05), 0.97)
)
LIMIT = 0.5
"""False wakes in an hour of a television's speech that are bearable."""


class Contender(msgspec.Struct, frozen=True):
    """A way to decide, with its default threshold."""

    name: str
    detectors: tuple[str, ...]
    decide: Decide
    default: dict[str, float]
    """By word."""


def contenders(peers: bool) -> list[Contender]:
    """Return the engines with their defaults, and the peers with those of their programs."""
    cutoffs = OurMicroWakeWord(WORDS).cutoffs
    own = TwoStage.Options()
    found = [
        _contender("openwakeword", single, OpenWakeWord.Options().threshold),
        Contender("microwakeword", ("microwakeword",), single, cutoffs),
        Contender(
            "two-stage",
            ("openwakeword", "microwakeword"),
            two_stages(own.sign),
            dict.fromkeys(WORDS, own.threshold),
        ),
    ]
    if peers:
        found += [
            _contender("pyopen-wakeword", single, 0.5),
            Contender("pymicro-wakeword", ("pymicro-wakeword",), single, cutoffs),
        ]
    return found


def _contender(name: str, decide: Decide, default: float) -> Contender:
    return Contender(name, (name,), decide, dict.fromkeys(WORDS, default))


def said(word: str, speakers: Sequence[Speaker]) -> list[Said]:
    """Return a word by speakers at several speeds."""
    text = word.replace("_", " ")
    return [Said(speak(text, each, pace), str(each)) for each in speakers for pace in PACES]


def recorded(word: str) -> list[Said]:
    """Return a word by people, if there are recordings, once for each kind of noise."""
    if not (recordings.FOLDER / f"{word}.wav").exists():
        return []
    sound = samples(recordings.samples(word))
    loud = np.flatnonzero(np.abs(sound) > 0.1 * np.abs(sound).max())
    return 5 * [Said(sound[max(0, loud[0] - 800) : loud[-1] + 1600], "a person")]


class Measurement:
    """The scores of all streams."""

    def __init__(self, peers: bool, hours: float) -> None:
        self._listening = Listening(WORDS)
        self._all = contenders(peers)
        needed = {name for each in self._all for name in each.detectors}
        self._detectors = [each for each in self._listening.detectors if each.name in needed]
        self._speech = list(streams.television(hours))
        self._behind = streams.speech()

    @property
    def hours(self) -> float:
        """Hours of speech without a word."""
        return sum(stream.hours for stream in self._speech)

    async def curves(self, word: str) -> list[Curve]:
        """Return the curves of all contenders for a word."""
        places = {
            str(place): words_at(place, said(word, SPEAKERS), self._behind, seed)
            for seed, place in enumerate(PLACES)
        }
        if people := recorded(word):
            places["a person, 4 m, 10 dB"] = words_at(FAR_FIELD, people, self._behind, 77)
        places["eSpeak, 1.5 m, 15 dB"] = words_at(NEAR_FIELD, said(word, CONTROL), self._behind, 78)
        phrases = streams.phrases(word, SPEAKERS[::3])
        wanted = [*places.values(), phrases]
        tracks = {
            detector.name: {
                "speech": [await self._track(detector, each, word) for each in self._speech],
                "words": [await self._track(detector, each, word) for each in wanted],
            }
            for detector in self._detectors
        }
        return [self._curve(each, word, places, phrases, tracks) for each in self._all]

    async def learned(self, word: str, speakers: Sequence[Speaker]) -> str:
        """Report what openWakeWord hears of speakers before and after they taught the word."""
        engine = OpenWakeWord(OpenWakeWord.Options(words=WORDS))
        [detector] = [each for each in self._detectors if each.name == engine.name]
        places = {
            str(place): words_at(place, said(word, SPEAKERS), self._behind, PLACES.index(place))
            for place in PLACES
        }
        places["phrases"] = streams.phrases(word, SPEAKERS[::3])
        words = {name: await self._track(detector, each, word) for name, each in places.items()}
        speech = [await self._track(detector, each, word) for each in self._speech]
        found, count = LearnedRecall(), 0
        for speaker in speakers:
            check = await taught(engine, word, speaker)
            if check is None:
                found.refused.append(str(speaker))
                continue
            count += 1
            found.listen(speech, check)
            for name, stream in places.items():
                found.add(name, stream, words[name], speaker, check)
        await engine.close()
        return found.report(word, count * self.hours)

    async def _track(self, detector: Detector, stream: Stream, word: str) -> Track:
        found = await self._listening.tracks(detector, stream, WORDS)
        return found[WORDS.index(word)]

    def _curve(
        self,
        contender: Contender,
        word: str,
        places: dict[str, Stream],
        phrases: Stream,
        tracks: dict[str, dict[str, list[Track]]],
    ) -> Curve:
        def decided(kind: str, number: int, threshold: float) -> list[int]:
            found = [tracks[name][kind][number] for name in contender.detectors]
            return contender.decide(found, threshold)

        thresholds = tuple(sorted({*THRESHOLDS, contender.default[word]}))
        recall = {
            name: tuple(
                float(np.mean(heard(stream.utterances, decided("words", number, threshold))))
                for threshold in thresholds
            )
            for number, (name, stream) in enumerate(places.items())
        }
        wakes = [
            sum(len(decided("speech", number, each)) for number in range(len(self._speech)))
            for each in thresholds
        ]
        return Curve(
            engine=contender.name,
            word=word,
            thresholds=thresholds,
            recall=recall,
            false_wakes=tuple(count / self.hours for count in wakes),
            phrases=tuple(
                sum(heard(phrases.utterances, decided("words", len(places), each)))
                for each in thresholds
            ),
        )


def table(curves: Sequence[Curve], chosen: dict[str, int]) -> str:
    """Return the figures of each engine at a threshold, as Markdown."""
    places = list(curves[0].recall)
    rows = [
        f"| {curves[0].word} | threshold | false wakes/h | phrases | " + " | ".join(places) + " |",
        "|---" * (4 + len(places)) + "|",
    ]
    for curve in curves:
        at = chosen[curve.engine]
        cells = [
            curve.engine,
            f"{curve.thresholds[at]:.3g}",
            f"{curve.false_wakes[at]:.1f}",
            str(curve.phrases[at]),
            *(f"{curve.recall[place][at]:.2f}" for place in places),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def panels(curves: Sequence[Curve], defaults: Sequence[Contender]) -> list[Panel]:
    """Return a diagram for each word and each place of the goals."""
    found = []
    for word in dict.fromkeys(curve.word for curve in curves):
        for place in map(str, (NEAR_FIELD, FAR_FIELD)):
            lines = []
            for curve in curves:
                if curve.word == word:
                    [contender] = [each for each in defaults if each.name == curve.engine]
                    points = tuple(zip(curve.false_wakes, curve.recall[place], strict=True))
                    lines.append(Line(curve.engine, points, curve.at(contender.default[word])))
            found.append(Panel(f"{word.replace('_', ' ')}, {place}", tuple(lines)))
    return found


async def cores(engine: WakeEngine, audio: bytes) -> float:
    """Return the processor cores that an engine takes for a sound, with its default options."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(audio), 2560):
            yield audio[start : start + 2560]

    await engine.load()
    began = time.process_time()
    async for _ in engine.detect(chunks(), DetectRequest(words=WORDS[:1])):
        pass
    spent = time.process_time() - began
    return spent / (len(audio) / 2 / RATE)


async def _cpu(talk: Sequence[Stream]) -> None:
    quiet, loud = pcm(room_noise(120, -60.0)), talk[0].audio[: 2 * 120 * RATE]
    kinds: tuple[Any, ...] = (OpenWakeWord, MicroWakeWord, TwoStage)
    for kind in kinds:
        for name, audio in (("a quiet room", quiet), ("continuous talk", loud)):
            engine = kind(kind.Options())
            print(f"{kind.name}: {await cores(engine, audio):.4f} cores in {name}")
            await engine.close()


async def _run(
    words: Sequence[str], peers: bool, hours: float, drawing: Path | None, learned: bool
) -> None:
    measurement = Measurement(peers, hours)
    defaults = contenders(peers)
    every = []
    for word in words:
        curves = await measurement.curves(word)
        every += curves
        print(f"\nDefault thresholds, {measurement.hours:.2f} hours of speech:\n")
        own = {each.name: each.default[word] for each in defaults}
        print(table(curves, {each.engine: each.at(own[each.engine]) for each in curves}))
        print(f"\nThresholds with at most {LIMIT} false wakes an hour:\n")
        print(table(curves, {each.engine: each.limited(LIMIT) for each in curves}), flush=True)
        if learned:
            print(f"\n{await measurement.learned(word, SPEAKERS[::3])}", flush=True)
        if drawing is not None:
            drawing.write_text(svg(panels(every, defaults)), encoding="utf-8")
    await _cpu(list(streams.television(0.05)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hours", type=float, default=0.5, help="of speech without a word")
    parser.add_argument("--word", choices=WORDS, action="append", help="both by default")
    parser.add_argument(
        "--learned", action="store_true", help="let some speakers teach the word, too"
    )
    parser.add_argument("--peers", action="store_true", help="run the peers' classes, too")
    parser.add_argument("--svg", type=Path, help="file for the drawing")
    options = parser.parse_args()
    words = options.word or WORDS
    asyncio.run(_run(words, options.peers, options.hours, options.svg, options.learned))


if __name__ == "__main__":
    main()
