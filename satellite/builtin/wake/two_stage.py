"""Two detectors in a row: a cheap and permissive one, and one that confirms its candidates.

Both may be permissive, as they seldom take the same sound for the word: in 30 minutes of sounds
other than wake words (`tests.soak.other_sounds`) the first finds 25 candidates of four words with
the threshold below, of which the second confirms none; sounds that only begin like the word are
mostly rejected, too (`tests.bench.recall`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from satellite.builtin.wake.bundled_models import comparable
from satellite.builtin.wake.engine import HOP, Adjust, WakeEngine, WakeStream
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Requirement
from satellite.values import SPEECH, Detection, EngineInfo

EARLY = 10 * HOP
"""Samples (0.8 s) before a candidate in which the second detector may find the word."""

LATE = SPEECH.rate
"""Samples after the last candidate in which the second detector may still find the word."""


CERTAIN = 0.5
"""Score of the second detector from which it detects the word at once, as alone. With its lower
threshold here, it would detect "hey jarvis" up to 0.28 s before the end of the word, which would be
transcribed; so its score is awaited while it rises."""


class TwoStage(WakeEngine):
    """Wake words that microWakeWord proposes and openWakeWord confirms."""

    class Options(OptionSet, frozen=True):
        """Options of the engine."""

        words: Annotated[tuple[str, ...], option("Wake words to listen for")] = ("okay_nabu",)
        sign: Annotated[
            float,
            option("Score of microWakeWord that proposes the word", minimum=0.01, maximum=1),
        ] = 0.03
        threshold: Annotated[
            float, option("Score of openWakeWord that confirms it", minimum=0, maximum=1)
        ] = 0.15
        refractory: Annotated[
            float, option("Ignore the word for this long after a detection", unit="s", minimum=0)
        ] = 2.0
        sign_model_dir: Annotated[str, option("Folder with microWakeWord models of your own")] = ""
        custom_model_dir: Annotated[
            str, option("Folder with openWakeWord models of your own, of the same names")
        ] = ""
        rest: Annotated[bool, option("Save CPU time in silence")] = True

    argument: ClassVar[str] = "words"
    license: ClassVar[str] = "openWakeWord's own models: CC BY-NC-SA 4.0, not for commercial use"
    requires: ClassVar[tuple[Requirement, ...]] = MicroWakeWord.requires + OpenWakeWord.requires

    name = "two-stage"
    talk_score = OpenWakeWord.talk_score
    hop = MicroWakeWord.hop

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        super().__init__(options.rest, context)
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
            ),
            context,
            near_misses=self.near_misses,
            certain=CERTAIN,
        )

    @property
    def confirming(self) -> OpenWakeWord:
        """The second detector."""
        return self._second

    def describe(self) -> EngineInfo:
        """Describe the engine; once loaded, with the words that both detectors know."""
        proposed = {comparable(model.name) for model in self._first.describe().models}
        info = self._second.describe()
        return msgspec.structs.replace(
            info,
            name=self.name,
            description="Wake words of microWakeWord, confirmed by openWakeWord",
            models=tuple(model for model in info.models if comparable(model.name) in proposed),
        )

    def heed(self, *adjust: Adjust) -> None:
        """Adjust thresholds, of the second detector."""
        self._second.heed(*adjust)

    def prepare(self) -> None:
        """Load the models of both, on the thread."""
        self._first.prepare()
        self._second.prepare()

    def stream(self, words: tuple[str, ...]) -> WakeStream:
        """Begin a stream, on the thread. Raises `ModelMissing`."""
        return TwoStageStream(self._first.stream(words), self._second.stream(words))

    def release(self) -> None:
        """Release the models."""
        self._first.release()
        self._second.release()


class TwoStageStream:
    """One audio stream. The first detector processes all of it, the second only the surroundings of
    candidates."""

    def __init__(self, first: WakeStream, second: WakeStream) -> None:
        self._first = first
        self._second = second
        self._history = -(-second.context // HOP) * HOP + EARLY
        """Samples stored: those that the second detector scores, and its context."""
        self._past = bytearray()
        self._now = 0
        """Samples of the stream so far."""
        self._processed = 0
        """Samples that the second detector has processed or skipped."""
        self._until: dict[str, int] = {}
        """The sample up to which each proposed word may be confirmed."""
        self._tried = False
        """Whether the first detector has processed the audio of the next `process` already."""
        self._unproposed: list[Detection] = []
        """Detections of the second detector without a candidate of the first one so far."""

    @property
    def context(self) -> int:
        """Samples of the past on which its scores depend."""
        return max(self._first.context, self._history)

    def best_score(self, audio: bytes) -> float:
        """Take a whole number of hops; return the second detector's highest score in them."""
        return self._second.best_score(audio)

    def skip(self, samples: int) -> None:
        """Skip the next samples."""
        self._first.skip(samples)
        self._now += samples
        self._past.clear()
        self._until.clear()
        self._unproposed.clear()

    def pause(self) -> None:
        """Report the second detector's near misses."""
        self._second.pause()

    def prime(self, audio: bytes) -> None:
        """Take a whole number of hops without scoring."""
        self._first.prime(audio)
        self._remember(audio)

    def process(self, audio: bytes) -> list[Detection]:
        """Take a whole number of hops; return the words that both detected in them."""
        if not self._tried:
            self._take(audio, self._first.process(audio))
        self._tried = False
        return self._confirmed() if self._until else []

    def process_at_once(self, audio: bytes) -> list[Detection] | None:
        """Process at once as long as no word is proposed."""
        candidates = self._first.process_at_once(audio)
        if candidates is None:
            return None
        self._take(audio, candidates)
        self._tried = bool(self._until)
        return None if self._tried else []

    def _take(self, audio: bytes, candidates: list[Detection]) -> None:
        self._remember(audio)
        for candidate in candidates:
            self._until[comparable(candidate.word)] = candidate.sample + LATE

    def _confirmed(self) -> list[Detection]:
        detections = self._unproposed + self._second.process(self._audio_to_confirm())
        confirmed = [d for d in detections if d.sample <= self._until.get(comparable(d.word), 0)]
        self._unproposed = [
            d for d in detections if d not in confirmed and self._now - d.sample < EARLY
        ]
        self._until = {word: end for word, end in self._until.items() if end > self._now}
        if not self._until:
            self._second.skip(0)  # reports its near misses
        return confirmed

    def _remember(self, audio: bytes) -> None:
        self._past += audio
        self._now += len(audio) // 2
        # trimmed in halves, so that the cost of moving bytes is shared
        if len(self._past) > 4 * self._history:
            del self._past[: -2 * self._history]

    def _audio_to_confirm(self) -> bytes:
        """Prime the second detector with its context; return the audio that it has to score."""
        missed, self._processed = self._now - self._processed, self._now
        if missed > self._history:
            self._second.skip(missed - self._history)
            audio = bytes(self._past[-2 * self._history :])
            self._second.prime(audio[: -2 * EARLY])
            return audio[-2 * EARLY :]
        return bytes(self._past[-2 * missed :])
