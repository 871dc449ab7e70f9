"""Two detectors, one after the other: a cheap and permissive one, and one that confirms it.

Both may be permissive, as they seldom take the same sound for the word: in 30 minutes of sounds
that are no word (`tests.soak.other_sounds`) the first finds 25 signs of four words with the limit
below, of which the second confirms none; what only begins like the word is mostly told apart, too
(`tests.bench.recall`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from satellite.builtin.wake.bundled_models import plain
from satellite.builtin.wake.engine import HOP, Stream, WakeEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.options import OptionSet, option
from satellite.requirements import Requirement
from satellite.values import SPEECH, Detection, EngineInfo

EARLY = 10 * HOP
"""Samples (0.8 s) from before the first sign of a word in which the second detector may hear it."""

LATE = SPEECH.rate
"""Samples after the last sign of a word in which the second detector may still hear it."""


class TwoStage(WakeEngine):
    """microWakeWord hears what might be the word; openWakeWord then listens to it again."""

    class Options(OptionSet, frozen=True):
        """What it can be told."""

        words: Annotated[tuple[str, ...], option("Wake words to listen for")] = ("okay_nabu",)
        sign: Annotated[
            float,
            option("Score of microWakeWord's that is looked into", minimum=0.01, maximum=1),
        ] = 0.1
        threshold: Annotated[
            float, option("Score of openWakeWord's that confirms it", minimum=0, maximum=1)
        ] = 0.1
        refractory: Annotated[
            float, option("Deaf to the word for so long once it was heard", unit="s", minimum=0)
        ] = 2.0
        sign_model_dir: Annotated[str, option("Folder with microWakeWord models of your own")] = ""
        custom_model_dir: Annotated[
            str, option("Folder with openWakeWord models of your own, of the same names")
        ] = ""
        rest: Annotated[bool, option("Do not work while there is nothing to hear")] = True

    argument: ClassVar[str] = "words"
    requires: ClassVar[tuple[Requirement, ...]] = MicroWakeWord.requires + OpenWakeWord.requires

    name = "two-stage"
    talk = 0.01  # of what openWakeWord scores
    hop = MicroWakeWord.hop

    def __init__(self, options: Options) -> None:
        super().__init__(options.rest)
        self._first = MicroWakeWord(
            MicroWakeWord.Options(
                words=options.words,
                threshold=options.sign,
                refractory=0.0,
                custom_model_dir=options.sign_model_dir,
            )
        )
        self._second = OpenWakeWord(
            OpenWakeWord.Options(
                words=options.words,
                threshold=options.threshold,
                refractory=options.refractory,
                custom_model_dir=options.custom_model_dir,
            )
        )
        self._second.missed = self.missed

    def describe(self) -> EngineInfo:
        """Say which words there are, once loaded: those that both detectors know."""
        signs = {plain(model.name) for model in self._first.describe().models}
        info = self._second.describe()
        return msgspec.structs.replace(
            info,
            name=self.name,
            description="Wake words of microWakeWord, confirmed by openWakeWord",
            models=tuple(model for model in info.models if plain(model.name) in signs),
        )

    def prepare(self) -> None:
        """Load the models of both, on the thread."""
        self._first.prepare()
        self._second.prepare()

    def listener(self, words: tuple[str, ...]) -> Stream:
        """Begin a stream, on the thread. Raises `ModelMissing`."""
        return Confirmed(self._first.listener(words), self._second.listener(words))

    def release(self) -> None:
        """Let go of the models."""
        self._first.release()
        self._second.release()


class Confirmed:
    """One audio stream being listened to: by the first detector always, by the second where the
    first has heard a sign of a word, and shortly before and after."""

    def __init__(self, first: Stream, second: Stream) -> None:
        self._first = first
        self._second = second
        self._kept = -(-second.context // HOP) * HOP + EARLY
        """Samples remembered: those that the second detector judges, and what it has to know."""
        self._past = bytearray()
        self._now = 0
        """Samples of the stream so far."""
        self._given = 0
        """Samples of it that the second detector has heard or left out."""
        self._until: dict[str, int] = {}
        """The sample up to which each word may be heard of which there was a sign."""
        self._glanced = False
        """What `hear` is asked for next, `glance` has shown to the first detector already."""
        self._unsigned: list[Detection] = []
        """What the second detector has heard, and the first one not yet."""

    @property
    def context(self) -> int:
        """Samples of the past on which its answers depend."""
        return max(self._first.context, self._kept)

    def peak(self, audio: bytes) -> float:
        """Take a whole number of hops; return the second detector's highest score in them."""
        return self._second.peak(audio)

    def skip(self, samples: int) -> None:
        """Leave out the next samples."""
        self._first.skip(samples)
        self._now += samples
        self._past.clear()
        self._until.clear()
        self._unsigned.clear()

    def recall(self, audio: bytes) -> None:
        """Take a whole number of hops in without judging."""
        self._first.recall(audio)
        self._remember(audio)

    def hear(self, audio: bytes) -> list[Detection]:
        """Take a whole number of hops; say which words both have heard, and where."""
        if not self._glanced:
            self._take(audio, self._first.hear(audio))
        self._glanced = False
        return self._confirmed() if self._until else []

    def glance(self, audio: bytes) -> list[Detection] | None:
        """The same as long as there is no sign of a word."""
        signs = self._first.glance(audio)
        if signs is None:
            return None
        self._take(audio, signs)
        self._glanced = bool(self._until)
        return None if self._glanced else []

    def _take(self, audio: bytes, signs: list[Detection]) -> None:
        self._remember(audio)
        for sign in signs:
            self._until[plain(sign.word)] = sign.sample + LATE

    def _confirmed(self) -> list[Detection]:
        heard = self._unsigned + self._second.hear(self._caught_up())
        found = [one for one in heard if one.sample <= self._until.get(plain(one.word), 0)]
        self._unsigned = [
            one for one in heard if one not in found and self._now - one.sample < EARLY
        ]
        self._until = {word: end for word, end in self._until.items() if end > self._now}
        if not self._until:
            self._second.skip(0)  # what was nearly heard is known now
        return found

    def _remember(self, audio: bytes) -> None:
        self._past += audio
        self._now += len(audio) // 2
        # trimmed in halves, so that the cost of moving bytes is shared
        if len(self._past) > 4 * self._kept:
            del self._past[: -2 * self._kept]

    def _caught_up(self) -> bytes:
        """What the second detector is to judge, once it knows what went before."""
        missed, self._given = self._now - self._given, self._now
        if missed > self._kept:
            self._second.skip(missed - self._kept)
            known = bytes(self._past[-2 * self._kept :])
            self._second.recall(known[: -2 * EARLY])
            return known[-2 * EARLY :]
        return bytes(self._past[-2 * missed :])
