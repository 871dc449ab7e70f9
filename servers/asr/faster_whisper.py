"""Speech-to-text by Whisper, run by CTranslate2 through faster-whisper's package."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from satellite.errors import EngineClosed, EngineFailed
from satellite.options import OptionSet, option
from satellite.requirements import Package, Requirement
from satellite.values import EngineInfo, ModelInfo, TranscribeRequest, Transcript
from satellite.worker import Worker
from servers.asr.whisper import decoding, machine, utterance
from servers.asr.whisper.batches import Batches
from servers.asr.whisper.decoding import Decoder
from servers.asr.whisper.hearing import Hearing
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.memory import keep_buffers
from servers.asr.whisper.model import Model, Search
from servers.asr.whisper.quality import Thresholds
from servers.asr.whisper.utterance import Utterance
from servers.asr.whisper.voice import Detector, Everything, Silero
from servers.asr.whisper.windows import RATE
from servers.models.latest import latest
from servers.models.names import WHISPER
from servers.models.store import Store

_LOGGER = logging.getLogger(__name__)


class FasterWhisper:
    """Understands speech in 99 languages with a Whisper model."""

    class Options(OptionSet, frozen=True):
        """The names are those of faster-whisper, or of wyoming-faster-whisper."""

        model: Annotated[
            str, option("Size, Hugging Face repository, or folder of a CTranslate2 Whisper model")
        ] = "base"
        language: Annotated[
            str, option("Language where a request names none; detected when empty")
        ] = ""
        task: Annotated[
            Literal["transcribe", "translate"], option("Write what is said, or its English")
        ] = "transcribe"
        device: Annotated[str, option("cpu, cuda, cuda:1, or auto: CUDA where it works")] = "auto"
        compute_type: Annotated[
            str, option("As int8 or float16; auto: float16 with CUDA, else int8")
        ] = "auto"
        cpu_threads: Annotated[
            int, option("Threads for one batch; 0: all cores, up to 4", minimum=0, maximum=256)
        ] = 0
        num_workers: Annotated[
            int, option("Batches worked on at once; 0: as suits the cores", minimum=0, maximum=64)
        ] = 0
        beam_size: Annotated[int, option("Texts kept in mind while decoding", minimum=1)] = 5
        best_of: Annotated[int, option("Texts tried at a temperature above 0", minimum=1)] = 5
        patience: Annotated[float, option("Searches on after the first text", minimum=1)] = 1.0
        length_penalty: Annotated[float, option("More than 1 favours long texts")] = 1.0
        repetition_penalty: Annotated[float, option("More than 1 avoids repetition")] = 1.0
        no_repeat_ngram_size: Annotated[
            int, option("Never repeats so many tokens; 0: may", minimum=0)
        ] = 0
        temperature: Annotated[
            tuple[float, ...], option("Tried one after the other while the text is doubtful")
        ] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
        initial_prompt: Annotated[str, option("A text in the style of what will be said")] = ""
        hotwords: Annotated[
            str, option("Words likely to be said, besides the names in a request")
        ] = ""
        condition_on_previous_text: Annotated[
            bool, option("Past 30 s the text so far helps to understand the rest")
        ] = True
        no_speech_threshold: Annotated[
            float, option("From this probability on an unlikely text is silence", minimum=0)
        ] = 0.6
        log_prob_threshold: Annotated[
            float, option("Average log-probability below which a text is doubtful", maximum=0)
        ] = -1.0
        compression_ratio_threshold: Annotated[
            float, option("Above it a text repeats itself", minimum=1)
        ] = 2.4
        vad_filter: Annotated[bool, option("Hears only voices; Silero finds them")] = True
        vad_threshold: Annotated[
            float, option("Voice probability that counts as voice", minimum=0, maximum=1)
        ] = 0.5
        vad_min_speech_ms: Annotated[
            int, option("A shorter voice is a noise", unit="ms", minimum=0, maximum=5000)
        ] = 100
        partials: Annotated[
            bool, option("Transcribes while somebody speaks, when nobody waits")
        ] = True
        partial_interval: Annotated[
            float, option("Least time between partial transcripts", unit="s", minimum=0.2)
        ] = 1.0
        encoder_window: Annotated[
            Literal["full", "auto"],
            option("auto: short utterances in short windows, doubtful ones again in the full one"),
        ] = "full"

    argument: ClassVar[str] = "model"
    model: ClassVar[str] = "whisper:base.en"
    look_every: ClassVar[float] = 2.0
    shares: ClassVar[bool] = True
    """Takes all requests at once and itself chooses what is worked on together, and first."""
    requires: ClassVar[tuple[Requirement, ...]] = (
        Package("faster_whisper", extra="server"),
        Package("ctranslate2", extra="server"),
    )

    @classmethod
    async def auto(cls) -> str | None:
        """The model that came to this machine last; None where there is none."""
        return await asyncio.to_thread(latest, WHISPER)

    def __init__(self, options: Options) -> None:
        self._options = options
        self._ears = Worker("whisper-ears")
        self._loading = asyncio.Lock()
        self._closed = False
        self._model: Model | None = None
        self._batches: Batches | None = None
        self._silero: Any = None

    async def load(self) -> None:
        """Load the model, from this machine alone. Raises `ModelMissing`, `EngineFailed`."""
        async with self._loading:
            if self._model is None:
                model, self._silero, workers = await self._ears.call(self._load)
                if self._closed:
                    raise EngineClosed("faster-whisper was closed")
                self._model, self._batches = model, Batches(model, workers)

    def describe(self) -> EngineInfo:
        """Say what this is; the languages are known after `load`."""
        languages = self._model.vocabulary.languages if self._model else ()
        name = Path(self._options.model).name if "/" in self._options.model else self._options.model
        return EngineInfo(
            name="faster-whisper",
            description="Whisper, by CTranslate2",
            version=version("faster-whisper"),
            author="SYSTRAN",
            url="https://github.com/SYSTRAN/faster-whisper",
            models=(ModelInfo(name=name, languages=languages),),
            streaming=self._options.partials,
        )

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield partial transcripts while somebody speaks, then the final one.

        Each partial transcript begins with the one before it, and the final one with the last. The
        final text is that of the whole utterance, except that it is held to what was said before.
        Partial transcripts come only for sound that arrives as it is spoken, and while nobody waits
        for the model. Sound without a voice gives an empty text.
        """
        await self.load()
        if self._closed:
            raise EngineClosed("faster-whisper was closed")
        async with aclosing(self._utterance(request).run(audio, self._ears)) as transcripts:
            async for transcript in transcripts:
                yield transcript

    async def close(self) -> None:
        self._closed = True
        if self._batches is not None:
            await self._batches.close()
        await self._ears.close()
        self._model = None

    def _utterance(self, request: TranscribeRequest) -> Utterance:
        assert self._model is not None
        assert self._batches is not None
        options, vocabulary = self._options, self._model.vocabulary
        detector: Detector = Silero(self._silero) if options.vad_filter else Everything()
        language = vocabulary.language(request.language) or vocabulary.language(options.language)
        if request.language and language is None:
            _LOGGER.debug("The model has no language %r: it is detected", request.language)
        return Utterance(
            hearing=Hearing(detector, options.vad_threshold, self._minimum),
            decoder=Decoder(self._model, self._batches, self._decoding),
            batches=self._batches,
            vocabulary=vocabulary,
            habits=self._habits,
            language=language,
            hotwords=utterance.hotwords(request, options.hotwords),
        )

    @property
    def _minimum(self) -> int:
        return self._options.vad_min_speech_ms * RATE // 1000 if self._options.vad_filter else 0

    @property
    def _thresholds(self) -> Thresholds:
        options = self._options
        return Thresholds(
            no_speech=options.no_speech_threshold,
            log_prob=options.log_prob_threshold,
            compression_ratio=options.compression_ratio_threshold,
        )

    @property
    def _decoding(self) -> decoding.Habits:
        options = self._options
        return decoding.Habits(
            search=Search(
                beam_size=options.beam_size,
                patience=options.patience,
                length_penalty=options.length_penalty,
                repetition_penalty=options.repetition_penalty,
                no_repeat_ngram_size=options.no_repeat_ngram_size,
                best_of=options.best_of,
            ),
            temperatures=options.temperature or (0.0,),
            thresholds=self._thresholds,
            task=options.task,
            encoder_window=options.encoder_window,
        )

    @property
    def _habits(self) -> utterance.Habits:
        options = self._options
        return utterance.Habits(
            thresholds=self._thresholds,
            initial_prompt=options.initial_prompt,
            condition_on_previous_text=options.condition_on_previous_text,
            partials=options.partials,
            interval=options.partial_interval,
        )

    def _load(self) -> tuple[Model, Any, int]:
        """Blocks for as long as the model is large."""
        from faster_whisper.vad import get_vad_model

        keep_buffers()
        options = self._options
        path = Path(options.model).expanduser()
        folder = path if path.is_dir() else Store().find("whisper", options.model)
        cuda = options.device != "cpu" and machine.has_cuda()
        chosen = self._choose(options.device, cuda)
        try:
            model = Model(folder, chosen)
            model.warm_up()
        except (EngineFailed, RuntimeError) as error:
            if options.device != "auto" or chosen.device == "cpu":
                raise EngineFailed(f"faster-whisper: {error}") from error
            _LOGGER.warning("CUDA does not work (%s): the CPU does it", error)
            chosen = self._choose("cpu", cuda=False)
            model = Model(folder, chosen)
            model.warm_up()
        _LOGGER.info("Whisper %s runs on %s", options.model, chosen)
        return model, get_vad_model().session, chosen.workers

    def _choose(self, device: str, cuda: bool) -> Machine:
        options = self._options
        return machine.choose(
            device,
            options.compute_type,
            options.cpu_threads,
            options.num_workers,
            cuda,
            machine.cores(),
        )
