"""The engine `sherpa-onnx`: text-to-speech by the voices that k2-fsa publishes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, ClassVar

from satellite.audio.lead import Lead
from satellite.errors import EngineFailed
from satellite.languages.text_rules import text_rules
from satellite.lib.platform.cores import cores
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.text.quoted import quoted
from satellite.text.rules import TextRules
from satellite.values import AudioChunk, AudioFormat, EngineInfo, SpeechRequest
from servers.models.store import Store
from servers.tts.lru import LruCache
from servers.tts.normalization.normalizer import normalize
from servers.tts.scheduler import Scheduler
from servers.tts.segmenter import Piece, Segmenter
from servers.tts.sherpa.catalog import Catalog, Choice, Voice, any_voice
from servers.tts.sherpa.voice import Loading, SherpaVoice, SpeakingStyle
from servers.tts.speech_rate import SpeechRate

CHUNK_SECONDS = 0.5
"""Seconds of sound in the largest chunk: a frame of 24 kB on the wire."""
MOST_THREADS = 4
"""Threads by default: more gain little for one sentence."""


class SherpaTts:
    """Speaks with voices of Piper (VITS), Kokoro, Matcha and Kitten."""

    class Options(OptionSet, frozen=True):
        """The voice and its parameters, with sherpa-onnx's names."""

        voice: Annotated[
            str, option("Name of an installed voice, or its folder; any voice by default")
        ] = ""
        speaker: Annotated[
            str, option("Name or number of the speaker, for voices with more than one")
        ] = ""
        rate: Annotated[
            float, option("Speed: 1.0 is normal, 1.5 faster", minimum=0.25, maximum=4)
        ] = 1.0
        volume: Annotated[
            float, option("Volume: 1.0 is full scale, 0.5 quieter", minimum=0, maximum=2)
        ] = 1.0
        sentence_silence: Annotated[
            float, option("Silence between sentences", unit="s", minimum=0, maximum=5)
        ] = 0.2
        silence_scale: Annotated[
            float, option("Length of long pauses within a sentence", minimum=0, maximum=5)
        ] = 0.2
        length_scale: (
            Annotated[
                float,
                option("Length of sounds; the voice's own by default", minimum=0.1, maximum=10),
            ]
            | None
        ) = None
        noise_scale: (
            Annotated[
                float,
                option("Variation of the sound (Piper, Matcha); the voice's own", minimum=0),
            ]
            | None
        ) = None
        noise_scale_w: (
            Annotated[float, option("Variation of the rhythm (Piper); the voice's own", minimum=0)]
            | None
        ) = None
        languages: Annotated[
            tuple[str, ...], option("Languages of a voice whose files name none")
        ] = ()
        voices: Annotated[int, option("Most voices in memory, 60 to 400 MB each", minimum=1)] = 2
        num_threads: Annotated[int, option("Threads; 0 is up to four", minimum=0, maximum=64)] = 0
        provider: Annotated[str, option("cpu, or cuda with k2-fsa's own build")] = "cpu"

    argument: ClassVar[str] = "voice"
    look_every: ClassVar[float] = 2.0
    license: ClassVar[str] = "sherpa-onnx: Apache-2.0; eSpeak NG: GPL-3.0; each voice has its own"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("sherpa_onnx", extra="sherpa"),)
    shares: ClassVar[bool] = True
    """It accepts any number of requests at once and speaks them piece by piece in turn."""

    @classmethod
    async def auto(cls, context: EngineContext) -> str | None:
        """Return no particular voice, as all are used; None if none speaks the language, or if a
        voice for Piper's own engine does."""
        return "" if await asyncio.to_thread(any_voice, context.models, context.language) else None

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        context = context or EngineContext()
        self._options = options
        self._loading = Loading(
            num_threads=options.num_threads or min(cores(), MOST_THREADS),
            provider=options.provider,
            noise_scale=options.noise_scale,
            noise_scale_w=options.noise_scale_w,
            silence_scale=options.silence_scale,
        )
        self._scheduler = Scheduler("sherpa-onnx", 1, context.nice, context.processors)
        self._catalog = Catalog(
            Store.for_settings(context.models),
            options.voice,
            options.speaker,
            options.languages,
            context.language,
        )
        self._loaded: LruCache[SherpaVoice] = LruCache(options.voices)
        self._speech_rate = SpeechRate()
        self._ready = False

    async def load(self) -> None:
        """Load the voice. Raises `PackageMissing`, `ModelMissing`, `EngineFailed`."""
        await self._scheduler.call(None, self._load)
        self._ready = True

    def describe(self) -> EngineInfo:
        """Describe the engine; its models are the installed voices."""
        return EngineInfo(
            name="sherpa-onnx",
            description="Voices of Piper, Kokoro, Matcha and Kitten by sherpa-onnx",
            version=_version(),
            author="k2-fsa",
            url="https://github.com/k2-fsa/sherpa-onnx",
            models=tuple(voice.info for voice in self._catalog.voices),
            streaming=True,
        )

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech, beginning with the first clause.

        One piece is spoken at a time; the next one is for the listener who would otherwise run out
        of sound first. Raises `ModelMissing`, `LanguageUnknown`, `EngineFailed`, `EngineClosed`.
        """
        if not self._ready:
            await self.load()
        self._scheduler.check()
        choice = self._catalog.choose(request)
        stopped = threading.Event()
        try:
            lead = Lead(request.ahead) if request.ahead > 0 else None
            async for chunk in self._pieces(request.text, choice, lead, stopped):
                yield chunk
        finally:
            stopped.set()

    @property
    def waiting(self) -> int:
        """Pieces of speech that are requested but not begun."""
        return self._scheduler.waiting

    async def close(self) -> None:
        await self._scheduler.close()
        self._loaded.clear()

    async def _pieces(
        self, text: str, choice: Choice, lead: Lead | None, stopped: threading.Event
    ) -> AsyncGenerator[AudioChunk, None]:
        form = AudioFormat(choice.voice.files.rate)
        rules = text_rules(choice.language)
        segmenter = Segmenter(text, partial(normalize, language=choice.language), rules)
        style, spoken = self._style(choice.voice), False
        while piece := segmenter.take(self._fitting(lead, rules)):
            audio = await self._say(choice, style, piece, lead, stopped)
            if not audio:
                continue
            if lead is not None and piece.opens:
                audio = bytes(form.bytes_of(self._options.sentence_silence)) + audio
            lead, spoken = lead or Lead(), True
            size = form.bytes_of(CHUNK_SECONDS)
            for start in range(0, len(audio), size):
                chunk = AudioChunk(audio=audio[start : start + size], format=form)
                lead.add(form.seconds(chunk.audio))
                yield chunk
        if not spoken and any(map(str.isalnum, text)):
            raise EngineFailed(
                f"the sherpa-onnx voice {choice.voice.name} knows no sound of {quoted(text, 60)}"
            )

    async def _say(
        self,
        choice: Choice,
        style: SpeakingStyle,
        piece: Piece,
        lead: Lead | None,
        stopped: threading.Event,
    ) -> bytes:
        dry = None if lead is None else lead.dry

        def speak() -> bytes:
            voice = self._take(choice.voice)
            with self._speech_rate.measured(len(piece.text)):
                return voice.speak(piece.text, choice, style, stopped)

        return await self._scheduler.call(dry, speak)

    def _fitting(self, lead: Lead | None, rules: TextRules) -> float:
        """Return the characters of the next piece that fit into the time that other turns leave;
        there is none before the first piece."""
        if lead is None:
            return 0.0
        return self._speech_rate.fitting(lead.seconds / (1 + self._scheduler.waiting))

    def _load(self) -> None:
        self._catalog.load()
        choice = self._catalog.choose(SpeechRequest(text=""))
        self._take(choice.voice)
        normalize("", choice.language)  # reads its language's table

    def _take(self, voice: Voice) -> SherpaVoice:
        key: tuple[Path, tuple[int, int]] = (voice.files.folder, voice.stamp)
        return self._loaded.take(key, lambda: SherpaVoice(voice, self._loading))

    def _style(self, voice: Voice) -> SpeakingStyle:
        options = self._options
        length = options.length_scale
        if length is None:
            length = voice.files.scales.get("length_scale", 1.0)
        return SpeakingStyle(speed=options.rate / length, volume=options.volume)


def _version() -> str:
    try:
        return version("sherpa-onnx")
    except PackageNotFoundError:  # for example if it was not installed by pip
        return ""
