"""Speech-to-text by Whisper, run by CTranslate2 through faster-whisper's package."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from satellite.errors import EngineFailed, LanguageUnknown, ModelMissing, PluginBroken
from satellite.languages import codes, hearing
from satellite.lib.worker import Worker
from satellite.options import unknown_name
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.text.quoted import quoted
from satellite.values import EngineInfo, ModelInfo, TranscribeRequest, Transcript
from servers.asr.malloc import give_back, keep_buffers
from servers.asr.whisper import machine, native, transcription
from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.decoding import Decoder
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Model
from servers.asr.whisper.model_cache import CachedModel, ModelCache, installed
from servers.asr.whisper.model_languages import ENGLISH_ONLY, multilingual
from servers.asr.whisper.options import WhisperOptions
from servers.asr.whisper.sound_buffer import BLOCK_SAMPLES, SoundBuffer
from servers.asr.whisper.speech_detection import FRAME, Detector, NoDetector, Silero
from servers.asr.whisper.transcription import Style, Transcription
from servers.models.latest import latest
from servers.models.names import WHISPER
from servers.models.store import Store

_LOGGER = logging.getLogger(__name__)

MOST_WARNINGS = 100
"""Most unknown languages that are logged: they come from clients."""


class FasterWhisper:
    """Transcribes speech in 99 languages with a Whisper model."""

    Options = WhisperOptions
    argument: ClassVar[str] = "model"
    model: ClassVar[str] = "whisper:base.en"
    look_every: ClassVar[float] = 2.0
    shares: ClassVar[bool] = True
    """It accepts all requests at once and chooses batches and their order itself."""
    requires: ClassVar[tuple[Requirement, ...]] = (
        Package("faster_whisper", extra="server"),
        Package("ctranslate2", extra="server"),
    )

    @classmethod
    async def auto(cls, context: EngineContext) -> str | None:
        """Return the most recently installed model that knows the language; None without one."""
        return await asyncio.to_thread(_newest, context)

    def __init__(self, options: WhisperOptions, context: EngineContext | None = None) -> None:
        context = context or EngineContext()
        self._options = options
        self._nice = context.nice
        self._processors = context.processors
        self._store = Store.for_settings(context.models)
        self._detection = Worker("whisper-vad")
        self._models = ModelCache(options.models, self._loaded)
        self._languages: tuple[str, ...] = ()
        self._unknown_languages: set[str] = set()
        self._silero: Any = None

    async def load(self) -> None:
        """Load the model, without downloading it.

        Raises `EngineFailed`, and `LanguageUnknown` for an English-only model that is to hear
        another language.
        """
        async with self._models.lend(self._options.model) as loaded:
            self._languages = loaded.languages
            if self._options.language:
                self._language(loaded, self._options.language)

    def describe(self) -> EngineInfo:
        """Describe the engine: the model, and the other models that requests may name.

        The languages of a model that is given by its path are known after `load`.
        """
        mine = (self._options.model, self._name)
        others = dict(installed(self._store))
        languages = self._languages or others.get(self._name, ())
        return EngineInfo(
            name="faster-whisper",
            description="Whisper, by CTranslate2",
            version=version("faster-whisper"),
            author="SYSTRAN",
            url="https://github.com/SYSTRAN/faster-whisper",
            models=(
                ModelInfo(name=self._name, languages=languages),
                *(
                    ModelInfo(name=name, languages=known)
                    for name, known in others.items()
                    if name not in mine
                ),
            ),
            streaming=self._options.partials,
        )

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield partial transcripts during speech, then the final one.

        Each partial transcript begins with the previous one, and the final one begins with the last
        partial one; apart from that it is the text of the whole utterance. Partial transcripts are
        made only for sound that arrives at the pace of speech and while no request waits for the
        model. Sound without a voice yields an empty text. A request may name any installed model;
        raises `ModelMissing` for others, and `LanguageUnknown` for an English-only one in another
        language.
        """
        async with (
            self._models.lend(self._chosen(request.model)) as loaded,
            aclosing(self._utterance(request, loaded).run(audio, self._detection)) as transcripts,
        ):
            async for transcript in transcripts:
                yield transcript

    async def close(self) -> None:
        await self._models.close()
        await self._detection.close()

    @property
    def _name(self) -> str:
        """The model's name in `describe`, without its folder."""
        return Path(self._options.model).name if "/" in self._options.model else self._options.model

    def _chosen(self, wanted: str | None) -> str:
        """Return the model that a request names, never by a path on this machine."""
        if not wanted or wanted in (self._name, self._options.model):
            return self._options.model
        names = [name for name, _ in installed(self._store)]
        if wanted in names:
            return wanted
        hint = unknown_name(wanted, dict.fromkeys([self._name, *names]))
        raise ModelMissing(f"Whisper model {hint}; to install others: satellite models pull")

    def _utterance(self, request: TranscribeRequest, loaded: CachedModel) -> Transcription:
        options = self._options
        detector: Detector = Silero(self._silero) if options.vad_filter else NoDetector()
        language, asked = self._language(loaded, request.language or options.language)
        return Transcription(
            sound=SoundBuffer(
                detector,
                options.vad_threshold,
                options.least_voice,
                FRAME if request.pauses else BLOCK_SAMPLES,
            ),
            decoder=Decoder(loaded.model, loaded.batches, options.decoding),
            options=options.transcription,
            language=language,
            names=transcription.likely_names(request, options.hotwords),
            style=lambda spoken: self._style(asked or spoken),
            pauses=request.pauses,
            lasting=request.lasting,
        )

    def _style(self, language: str | None) -> Style:
        """Return the style of the pack of a language, with the prompt that is set, if any."""
        prompt = self._options.initial_prompt
        if self._options.task == "translate":
            return Style(prompt)
        try:
            found = hearing.hearing(language)
            prompt = prompt or found.prompt
            hearing.written(language, "")
        except PluginBroken as error:
            _LOGGER.debug("No style for %s: %s", quoted(language), error)
            return Style(prompt)
        return Style(prompt, partial(hearing.written, language), found.name_endings)

    def _language(self, loaded: CachedModel, wanted: str | None) -> tuple[str | None, str | None]:
        """Return a model's code of a language, and the language that it stands for.

        They are None to detect the language, and those of the option for one that no model knows.
        Raises `LanguageUnknown` if this model knows English only.
        """
        if found := codes.find(wanted or "", loaded.languages):
            return found, wanted
        if loaded.languages == ENGLISH_ONLY:
            if not wanted:
                return ENGLISH_ONLY[0], ENGLISH_ONLY[0]
            name = multilingual(loaded.name)
            raise LanguageUnknown(
                f"Whisper {Path(loaded.name).name} knows only English, not {quoted(wanted)}: "
                f"satellite models pull whisper:{name}, and use faster-whisper:{name}"
            )
        usual = codes.find(self._options.language, loaded.languages)
        if wanted:
            self._warn_of_language(wanted, usual)
        return usual, self._options.language or None

    def _warn_of_language(self, requested: str, used: str | None) -> None:
        """Log that the model lacks a language, once for each of the first of them."""
        if requested in self._unknown_languages or len(self._unknown_languages) >= MOST_WARNINGS:
            return
        self._unknown_languages.add(requested)
        instead = f"using {used}" if used else "detecting the language of each request"
        _LOGGER.warning("Whisper does not know the language %s: %s", quoted(requested), instead)

    async def _loaded(self, name: str) -> CachedModel:
        # on a low-priority thread, as the model's own threads inherit its priority
        loader = Worker("whisper-loader", nice=self._nice)
        try:
            model, chosen = await loader.call(self._load, name)
        finally:
            loader.abandon()  # a server that is stopped does not wait for a large model
        processors = None if chosen.on_cuda else self._processors
        return CachedModel(name, model, BatchScheduler(model, chosen, processors=processors))

    def _load(self, name: str) -> tuple[Model, Machine]:
        """Load a model. Blocks for seconds if it is large."""
        native.prepare()
        from faster_whisper.vad import get_vad_model

        options = self._options
        path = Path(name).expanduser() if name == options.model else None
        folder = path if path and path.is_dir() else self._store.find(WHISPER, name)
        cuda = options.device != "cpu" and machine.has_cuda()
        chosen = options.machine(options.device, cuda)
        try:
            model = Model(folder, chosen)
            model.warm_up()
        except (EngineFailed, RuntimeError) as error:
            if options.device != "auto" or chosen.device == "cpu":
                raise EngineFailed(f"faster-whisper: {error}") from error
            _LOGGER.warning("CUDA does not work, using the CPU: %s", error)
            chosen = options.machine("cpu", cuda=False)
            model = Model(folder, chosen)
            model.warm_up()
        _LOGGER.info("Whisper %s runs on %s", name, chosen)
        give_back()  # the memory that only loading needed, as large as the model
        keep_buffers()
        if self._silero is None:
            self._silero = get_vad_model().session
        hearing.phantoms()  # reads all packs, for which no request should wait
        return model, chosen


def _newest(context: EngineContext) -> str | None:
    """Return the name of the newest model for a language. One whose languages are unknown fits."""
    languages = dict(installed(Store.for_settings(context.models)))

    def fits(name: str) -> bool:
        known = languages.get(name)
        return not known or codes.find(context.language, known) is not None

    return latest(WHISPER, context.models, fits)
