"""Speech-to-text by Whisper, run by CTranslate2 through faster-whisper's package."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from satellite.errors import EngineClosed, EngineFailed
from satellite.requirements import Package, Requirement
from satellite.values import EngineInfo, ModelInfo, TranscribeRequest, Transcript
from satellite.worker import Worker
from servers.asr.memory import keep_buffers
from servers.asr.whisper import machine, native, utterance
from servers.asr.whisper.batches import Batches
from servers.asr.whisper.decoding import Decoder
from servers.asr.whisper.hearing import Hearing
from servers.asr.whisper.model import Model
from servers.asr.whisper.options import WhisperOptions
from servers.asr.whisper.utterance import Utterance
from servers.asr.whisper.voice import Detector, Everything, Silero
from servers.models.latest import latest
from servers.models.names import WHISPER
from servers.models.store import Store

_LOGGER = logging.getLogger(__name__)


class FasterWhisper:
    """Understands speech in 99 languages with a Whisper model."""

    Options = WhisperOptions
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

    def __init__(self, options: WhisperOptions) -> None:
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
            hearing=Hearing(detector, options.vad_threshold, options.least_voice),
            decoder=Decoder(self._model, self._batches, options.decoding),
            batches=self._batches,
            vocabulary=vocabulary,
            habits=options.habits,
            language=language,
            hotwords=utterance.hotwords(request, options.hotwords),
        )

    def _load(self) -> tuple[Model, Any, int]:
        """Blocks for as long as the model is large."""
        native.prepare()
        keep_buffers()
        from faster_whisper.vad import get_vad_model

        options = self._options
        path = Path(options.model).expanduser()
        folder = path if path.is_dir() else Store().find("whisper", options.model)
        cuda = options.device != "cpu" and machine.has_cuda()
        chosen = options.machine(options.device, cuda)
        try:
            model = Model(folder, chosen)
            model.warm_up()
        except (EngineFailed, RuntimeError) as error:
            if options.device != "auto" or chosen.device == "cpu":
                raise EngineFailed(f"faster-whisper: {error}") from error
            _LOGGER.warning("CUDA does not work (%s): the CPU does it", error)
            chosen = options.machine("cpu", cuda=False)
            model = Model(folder, chosen)
            model.warm_up()
        _LOGGER.info("Whisper %s runs on %s", options.model, chosen)
        return model, get_vad_model().session, chosen.workers
