"""Text-to-speech with Piper's neural voices, on ONNX Runtime."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, ClassVar

from satellite.audio.lead import Lead
from satellite.languages.text_rules import text_rules
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.text.rules import TextRules
from satellite.values import AudioChunk, AudioFormat, EngineInfo, SpeechRequest
from servers.models.store import Store
from servers.tts.lru import LruCache
from servers.tts.normalization.normalizer import normalize
from servers.tts.piper.catalog import Catalog, Voice, any_voice
from servers.tts.piper.phrase_cache import PhraseCache
from servers.tts.piper.piece_sound import PieceSound
from servers.tts.piper.voice import PiperVoice, SpeakingStyle, divide_cores
from servers.tts.scheduler import Scheduler
from servers.tts.segmenter import Piece, Segmenter
from servers.tts.speech_rate import SpeechRate

CHUNK_SECONDS = 0.5
"""Seconds of sound in the largest chunk: a frame of 22 kB on the wire."""
FIRST_PER_WAITING = 0.95
"""Additional seconds of speech in the first piece for each waiting piece."""
_WARM_UP = "Ready."


class Piper:
    """Speaks with natural voices in some forty languages."""

    class Options(OptionSet, frozen=True):
        """The voice and its parameters, with Piper's names."""

        voice: Annotated[
            str, option("Name of an installed voice, or path of its .onnx; any voice by default")
        ] = ""
        rate: Annotated[
            float, option("Speed: 1.0 is normal, 1.5 faster", minimum=0.25, maximum=4)
        ] = 1.0
        speaker: Annotated[
            str, option("Name or number of the speaker, for voices with more than one")
        ] = ""
        volume: Annotated[
            float, option("Volume: 1.0 is full scale, 0.5 quieter", minimum=0, maximum=2)
        ] = 1.0
        sentence_silence: Annotated[
            float, option("Silence between sentences", unit="s", minimum=0, maximum=5)
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
                option("Variation of the sound; the voice's own by default", minimum=0),
            ]
            | None
        ) = None
        noise_w_scale: (
            Annotated[
                float,
                option("Variation of the rhythm; the voice's own by default", minimum=0),
            ]
            | None
        ) = None
        voices: Annotated[int, option("Most voices in memory, 60 to 120 MB each", minimum=1)] = 3
        cache: Annotated[
            int, option("Memory for the sound of repeated short phrases", unit="MB", minimum=0)
        ] = 16
        cpu_threads: Annotated[
            int, option("Threads for each piece of speech; 0 is up to four", minimum=0)
        ] = 0

    argument: ClassVar[str] = "voice"
    model: ClassVar[str] = "piper:en_US-lessac-medium"
    look_every: ClassVar[float] = 2.0
    license: ClassVar[str] = "Piper: GPL-3.0-or-later; each voice has its own, see its MODEL_CARD"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("piper", extra="server"),)
    shares: ClassVar[bool] = True
    """It accepts any number of requests at once and divides its threads among them."""

    @classmethod
    async def auto(cls, context: EngineContext) -> str | None:
        """Return no particular voice, as all are used; None if none speaks the language."""
        return "" if await asyncio.to_thread(any_voice, context.models, context.language) else None

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        context = context or EngineContext()
        self._options = options
        self._threads, pieces = divide_cores(options.cpu_threads)
        self._scheduler = Scheduler("piper", pieces, context.nice, context.processors)
        self._catalog = Catalog(Store.for_settings(context.models), options.voice, context.language)
        self._loaded: LruCache[PiperVoice] = LruCache(options.voices)
        self.phrases = PhraseCache(options.cache * 1_000_000)
        """Sounds of recent short phrases."""
        self._speech_rate = SpeechRate()
        self._ready = False

    async def load(self) -> None:
        """Load the voice. Raises `PackageMissing`, `ModelMissing`, `EngineFailed`."""
        self._scheduler.check()
        await asyncio.to_thread(self._load)
        self._ready = True

    def describe(self) -> EngineInfo:
        """Describe the engine; its models are the installed voices."""
        return EngineInfo(
            name="piper",
            description="Neural voices of Piper",
            version=_version(),
            author="The Home Assistant Authors",
            url="https://github.com/OHF-Voice/piper1-gpl",
            models=tuple(voice.info for voice in self._catalog.voices),
            streaming=True,
        )

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech, beginning with the first clause.

        Concurrent requests take turns: the next piece is for the listener who would otherwise run
        out of sound first. Raises `ModelMissing`, `EngineFailed`, `EngineClosed`.
        """
        if not self._ready:
            await self.load()
        self._scheduler.check()
        voice = self._catalog.choose(request)
        style = self._style(voice, request)
        form = AudioFormat(voice.about.audio.sample_rate)
        language = voice.about.language_code
        rules = text_rules(language)
        segmenter = Segmenter(request.text, partial(normalize, language=language), rules)
        pause = bytes(form.bytes_of(self._options.sentence_silence))
        lead, begun = Lead(request.ahead), request.ahead > 0
        while piece := segmenter.take(self._fitting(lead if begun else None, rules)):
            before = pause if piece.opens and begun else b""
            async with aclosing(self._say(voice, style, piece, lead, begun)) as parts:
                async for audio in parts:
                    for chunk in _chunks(before + audio, form):
                        lead.add(form.seconds(chunk.audio))
                        yield chunk
                    before = b""
            begun = True

    @property
    def waiting(self) -> int:
        """Pieces of speech that are requested but not begun."""
        return self._scheduler.waiting

    async def close(self) -> None:
        await self._scheduler.close()
        self._loaded.clear()

    async def _say(
        self, voice: Voice, style: SpeakingStyle, piece: Piece, lead: Lead, begun: bool
    ) -> AsyncGenerator[bytes, None]:
        """Yield the sound of a piece, in parts where its beginning is ready sooner.

        `begun`: whether some of the request was heard; `lead` counts that.
        """
        key = (voice.path, voice.stamp, style)
        if (audio := self.phrases.get(piece.text, key)) is not None:
            yield audio
            return
        sound: PieceSound | None = None

        def take(ahead: Callable[[], float] | None) -> bytes:  # on the thread
            nonlocal sound
            sound = sound or self._take(voice).speak(piece.text, style)
            return sound.take(ahead)

        parts: list[bytes] = []
        while sound is None or not sound.done:
            dry, ahead = (lead.dry, lambda: lead.seconds) if begun else (None, None)
            if self._scheduler.waiting:  # parts take more work in all
                ahead = _as_a_whole
            parts.append(await self._scheduler.call(dry, partial(take, ahead)))
            if parts[-1]:
                yield parts[-1]
                begun = True
        self._speech_rate.add(len(piece.text), sound.seconds)
        self.phrases.put(piece.text, key, b"".join(parts))

    def _fitting(self, lead: Lead | None, rules: TextRules) -> float:
        """Return the characters of the next piece that fit into the time that other turns leave.

        There is no time before the first piece, but the more pieces wait, the longer it must last.
        """
        if lead is None:
            seconds = FIRST_PER_WAITING * self._scheduler.waiting
            return seconds * rules.characters_per_second
        return self._speech_rate.fitting(lead.seconds / (1 + self._scheduler.waiting))

    def _load(self) -> None:
        self._catalog.load()
        voice = self._catalog.choose(SpeechRequest(text=""))
        style = self._style(voice, SpeechRequest(text=""))
        warm_up = normalize(_WARM_UP, voice.about.language_code)  # reads its language's table
        sound = self._take(voice).speak(warm_up, style)
        while not sound.done:
            sound.take(_as_a_whole)

    def _take(self, voice: Voice) -> PiperVoice:
        return self._loaded.take(
            (voice.path, voice.stamp), lambda: PiperVoice(voice, self._threads)
        )

    def _style(self, voice: Voice, request: SpeechRequest) -> SpeakingStyle:
        """Return a voice's parameters; the configured speaker applies to voices that have it."""
        options, usual = self._options, voice.about.inference
        speaker = request.speaker or (options.speaker if voice.has(options.speaker) else "")
        if not speaker and options.speaker and not request.voice and not request.language:
            speaker = options.speaker  # unknown: raises an error below
        length = usual.length_scale if options.length_scale is None else options.length_scale
        noise = usual.noise_scale if options.noise_scale is None else options.noise_scale
        rhythm = usual.noise_w if options.noise_w_scale is None else options.noise_w_scale
        return SpeakingStyle(
            speaker_id=voice.speaker(speaker) if speaker else 0,
            length_scale=length / options.rate,
            noise_scale=noise,
            noise_w_scale=rhythm,
            volume=options.volume,
        )


def _as_a_whole() -> float:
    """Return the time in which a sentence may be made whose sound is not needed in parts."""
    return math.inf


def _chunks(audio: bytes, form: AudioFormat) -> list[AudioChunk]:
    size = form.bytes_of(CHUNK_SECONDS)
    return [
        AudioChunk(audio=audio[start : start + size], format=form)
        for start in range(0, len(audio), size)
    ]


def _version() -> str:
    try:
        return version("piper-tts")
    except PackageNotFoundError:  # for example if it was not installed by pip
        return ""
