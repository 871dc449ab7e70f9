"""The engine `sherpa-onnx`: speech-to-text by the models that k2-fsa publishes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from satellite.builtin.vad.silero import SileroVad
from satellite.errors import EngineClosed, EngineError, LanguageUnknown, ModelMissing, PluginBroken
from satellite.languages import codes, hearing
from satellite.languages.pack import ENGLISH
from satellite.lib.platform.cores import cores
from satellite.lib.worker import Worker
from satellite.ports import EngineContext, OpenCalls
from satellite.requirements import Package, Requirement
from satellite.text.quoted import quoted
from satellite.values import SPEECH, EngineInfo, ModelInfo, TranscribeRequest, Transcript
from servers.asr.batches import Batches
from servers.asr.malloc import give_back
from servers.asr.sherpa import writing
from servers.asr.sherpa.options import SherpaOptions
from servers.asr.sherpa.recognizer import Recognizer, is_capital, takes_hotwords
from servers.asr.sherpa.utterance import Beam, Progress, Step, Utterance, process
from servers.asr.sherpa.writing import Writing
from servers.models import manifest, sherpa_files
from servers.models.latest import latest
from servers.models.names import SHERPA, WHISPER
from servers.models.sherpa_files import SherpaFiles
from servers.models.store import Store

_LOGGER = logging.getLogger(__name__)

NAME = "sherpa-onnx"
PIECE = SPEECH.bytes_of(1.0)
"""Bytes of sound that are decoded before other requests have their turn."""
THREADS = 4
"""Most threads that are chosen by themselves: these models are small."""


class SherpaOnnx:
    """Recognizes speech, during it with streaming models, with what k2-fsa publishes."""

    Options = SherpaOptions
    license: ClassVar[str] = "each model has its own: see `satellite models`"
    argument: ClassVar[str] = "model"
    model: ClassVar[str] = "sherpa:zipformer-zh-en"
    look_every: ClassVar[float] = 2.0
    shares: ClassVar[bool] = True
    """It accepts all requests at once and decodes them in batches."""
    requires: ClassVar[tuple[Requirement, ...]] = (Package("sherpa_onnx", extra="sherpa"),)

    @classmethod
    async def auto(cls, context: EngineContext) -> str | None:
        """Return the most recently installed model that is known to serve the language.

        None without one, and for English where a Whisper model is installed.
        """
        return await asyncio.to_thread(_newest, context)

    def __init__(self, options: SherpaOptions, context: EngineContext | None = None) -> None:
        context = context or EngineContext()
        self._options = options
        self._store = Store.for_settings(context.models)
        self._worker = Worker(NAME, nice=context.nice)
        self._calls = OpenCalls(NAME)
        self._loading = asyncio.Lock()
        self._closed = False
        self._threads = options.num_threads or min(cores(), THREADS)
        self._files: SherpaFiles | None = None
        self._recognizer: Recognizer | None = None
        self._writing = Writing("as_is", False)
        self._beam = Beam(self._with_hotwords)
        processors = context.processors if options.provider == "cpu" else None
        self._batches: Batches[Step, Progress | EngineError] = Batches(
            self._worker, self._process, options.parallel, processors
        )

    async def load(self) -> None:
        """Load the model, without downloading it. Raises `ModelMissing`, `EngineFailed`."""
        async with self._loading:
            if self._closed:
                raise EngineClosed(f"{NAME} was closed")
            if self._recognizer is None:
                await self._worker.call(self._load)

    def describe(self) -> EngineInfo:
        """Describe the engine and its model, after `load` with the model's languages."""
        return EngineInfo(
            name=NAME,
            description="Speech recognition by k2-fsa's models",
            version=version("sherpa-onnx"),
            author="k2-fsa",
            url="https://github.com/k2-fsa/sherpa-onnx",
            models=(ModelInfo(name=self._name, languages=self._languages),),
            streaming=bool(self._files and self._files.streaming and self._options.partials),
        )

    @property
    def queued(self) -> int:
        """The number of pieces of sound that wait for the model."""
        return self._batches.queued

    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield partial transcripts, with a streaming model, then the final one.

        Each partial transcript begins with the previous one, and the final one begins with the last
        partial one. Names are recognized where a transducer's text is nearly one of them. Raises
        `ModelMissing` for another model, `LanguageUnknown`.
        """
        return self._calls.run(self._transcribed(audio, request))

    async def close(self) -> None:
        self._closed = True
        await self._calls.close()
        await self._worker.close()
        self._recognizer = None

    async def _transcribed(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        await self.load()
        language = self._language(request)
        utterance = await self._worker.call(self._utterance, request)
        sent = ""
        async for chunk in audio:
            for start in range(0, len(chunk), PIECE):
                progress = await self._step(utterance, chunk[start : start + PIECE])
            text = self._written(language, progress) if chunk else sent
            if self._options.partials and text != sent:
                sent = text
                yield Transcript(text=text, final=False, language=language or None)
        progress = await self._step(utterance, b"", end=True)
        text = self._written(language, progress)
        spoken = language or progress.language or None
        yield Transcript(text=text, final=True, language=spoken)

    async def _step(self, utterance: Utterance, audio: bytes, *, end: bool = False) -> Progress:
        alone = not self._batches.queued
        progress = await self._batches.run(Step(utterance, audio, end, alone))
        if isinstance(progress, EngineError):
            raise progress
        return progress

    @property
    def _name(self) -> str:
        """The model's name in `describe`, without its folder."""
        return Path(self._options.model).name if "/" in self._options.model else self._options.model

    @property
    def _languages(self) -> tuple[str, ...]:
        found = self._files.languages if self._files else ()
        return found or sherpa_files.languages_of(self._name)

    def _language(self, request: TranscribeRequest) -> str:
        """Return the language of a request, as it names it; empty if it names none.

        Raises `LanguageUnknown`, `ModelMissing`.
        """
        if request.model and request.model not in (NAME, self._name, self._options.model):
            raise ModelMissing(f"{NAME} runs {self._name}, not {quoted(request.model[:80])}")
        known = self._languages
        if request.language and known and codes.find(request.language, known) is None:
            raise LanguageUnknown(
                f"{NAME}:{self._name} knows {', '.join(known)}, not "
                f"{quoted(request.language[:40])}: choose a model of that language"
            )
        return request.language or self._options.language

    def _written(self, language: str, progress: Progress) -> str:
        """Return a text in the script of its language's pack."""
        try:
            return hearing.written(language or progress.language, progress.text)
        except PluginBroken as error:
            _LOGGER.debug("No script for %s: %s", quoted(language), error)
            return progress.text

    def _load(self) -> None:
        options = self._options
        folder = self._store.find(SHERPA, options.model)
        files = sherpa_files.read(folder)
        self._recognizer = Recognizer(files, options, self._threads)
        self._writing = Writing(
            options.casing, is_capital(files), self._punctuation(files, options.punctuation)
        )
        self._files = files
        SileroVad(SileroVad.Options()).load()
        hearing.phantoms()  # reads all packs, for which no request should wait
        give_back()
        _LOGGER.info("sherpa-onnx runs %s (%s) on %s", folder, files.kind, options.provider)

    def _punctuation(self, files: SherpaFiles, name: str) -> writing.Punctuate | None:
        folder = self._store.find(SHERPA, name) if name else files.folder
        found = sherpa_files.punctuation(folder)
        if found is None:
            if name:
                raise ModelMissing(f"{folder} holds no model that adds punctuation")
            return None
        return writing.punctuator(found, self._threads)

    def _with_hotwords(self) -> Recognizer | None:
        """Load the model once more, for a search that prefers names; None if it cannot."""
        assert self._files is not None  # `load` was called
        if not takes_hotwords(self._files):
            return None
        try:
            return Recognizer(self._files, self._options, self._threads, hotwords=True)
        except EngineError as error:
            _LOGGER.warning("Names are not preferred: %s", error)
            return None

    def _utterance(self, request: TranscribeRequest) -> Utterance:
        assert self._recognizer is not None  # `load` was called
        options = self._options
        detector = SileroVad(SileroVad.Options()) if options.vad_filter else None
        return Utterance(
            self._recognizer,
            self._writing,
            detector,
            options.vad_threshold,
            tuple(dict.fromkeys((*options.hotwords, *request.names, *request.terms))),
            self._beam,
        )

    def _process(self, steps: Sequence[Step]) -> Sequence[Progress | EngineError]:
        if self._recognizer is None:
            raise EngineClosed(f"{NAME} was closed")
        return process(self._recognizer, steps)


def _newest(context: EngineContext) -> str | None:
    language = context.language
    if codes.same(language, ENGLISH) and latest(WHISPER, context.models) is not None:
        return None
    store = Store.for_settings(context.models)
    return latest(SHERPA, context.models, partial(_fits, store, language))


def _fits(store: Store, language: str, name: str) -> bool:
    folder = store.path(SHERPA, name)
    if folder is None:
        return False
    try:
        imported_at = (folder / manifest.FILE).stat().st_mtime_ns
    except OSError:  # removed meanwhile
        return False
    return codes.find(language, _recognizer_languages(folder, name, imported_at)) is not None


@lru_cache(maxsize=32)
def _recognizer_languages(folder: Path, name: str, _imported_at: int) -> tuple[str, ...]:
    """Return the languages of a speech recognizer, none for another model.

    `_imported_at` distinguishes models that had the same name one after the other.
    """
    try:
        files = sherpa_files.read(folder)
    except EngineError:
        return ()
    if files.kind == sherpa_files.KEYWORDS:
        return ()
    return files.languages or sherpa_files.languages_of(name)
