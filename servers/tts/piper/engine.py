"""Text-to-speech with Piper's neural voices, on ONNX Runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, ClassVar

from satellite.audio.lead import Lead
from satellite.options import OptionSet, option
from satellite.requirements import Package, Requirement
from satellite.values import AudioChunk, AudioFormat, EngineInfo, SpeechRequest
from servers.models.latest import latest
from servers.models.names import PIPER
from servers.models.store import Store
from servers.tts.normalization.normalizer import normalize
from servers.tts.piper.catalog import Catalog, Voice
from servers.tts.piper.lru import LruCache
from servers.tts.piper.phrase_cache import PhraseCache
from servers.tts.piper.scheduler import Scheduler
from servers.tts.piper.segmenter import Piece, Segmenter
from servers.tts.piper.speech_rate import SpeechRate
from servers.tts.piper.voice import PiperVoice, SpeakingStyle, divide_cores

CHUNK_SECONDS = 0.5
"""Most sound in one chunk: a frame of 22 kB on the wire."""
FIRST_PER_WAITING = 12
"""Characters more in the first piece, just under a second of speech, for each piece that waits."""
_WARM_UP = "Ready."


class Piper:
    """Speaks with voices that sound like people, in some forty languages."""

    class Options(OptionSet, frozen=True):
        """Which voice, and how it speaks. The names are Piper's."""

        voice: Annotated[
            str, option("Name of an installed voice, or path of its .onnx; any voice by default")
        ] = ""
        rate: Annotated[
            float, option("How fast: 1.0 is normal, 1.5 faster", minimum=0.25, maximum=4)
        ] = 1.0
        speaker: Annotated[str, option("Name or number of the speaker, of voices with several")] = (
            ""
        )
        volume: Annotated[
            float, option("Loudness: 1.0 is full scale, 0.5 quieter", minimum=0, maximum=2)
        ] = 1.0
        sentence_silence: Annotated[
            float, option("Silence between sentences", unit="s", minimum=0, maximum=5)
        ] = 0.2
        length_scale: (
            Annotated[
                float,
                option("How long sounds last, the voice's own by default", minimum=0.1, maximum=10),
            ]
            | None
        ) = None
        noise_scale: (
            Annotated[
                float,
                option("How much the sound varies, the voice's own by default", minimum=0),
            ]
            | None
        ) = None
        noise_w_scale: (
            Annotated[
                float,
                option("How much the rhythm varies, the voice's own by default", minimum=0),
            ]
            | None
        ) = None
        voices: Annotated[int, option("Voices kept in memory, 60 to 120 MB each", minimum=1)] = 3
        cache: Annotated[
            int, option("Memory for short phrases spoken before", unit="MB", minimum=0)
        ] = 16
        cpu_threads: Annotated[
            int, option("Threads for one piece of speech; 0 is up to four", minimum=0)
        ] = 0

    argument: ClassVar[str] = "voice"
    model: ClassVar[str] = "piper:en_US-lessac-medium"
    look_every: ClassVar[float] = 2.0
    requires: ClassVar[tuple[Requirement, ...]] = (Package("piper", extra="server"),)
    shares: ClassVar[bool] = True
    """Any number of requests may be given to it at once: it divides its threads among them."""

    @classmethod
    async def auto(cls) -> str | None:
        """No voice in particular, as it knows all that are here; None where there is none."""
        return None if await asyncio.to_thread(latest, PIPER) is None else ""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._threads, pieces = divide_cores(options.cpu_threads)
        self._desk = Scheduler("piper", pieces)
        self._catalog = Catalog(Store(), options.voice)
        self._loaded: LruCache[PiperVoice] = LruCache(options.voices)
        self.phrases = PhraseCache(options.cache * 1_000_000)
        """What it remembers."""
        self._pace = SpeechRate()
        self._ready = False

    async def load(self) -> None:
        """Load the voice. Raises `PackageMissing`, `ModelMissing`, `EngineFailed`."""
        self._desk.check()
        await asyncio.to_thread(self._load)
        self._ready = True

    def describe(self) -> EngineInfo:
        """Say what this is; its models are the voices on this machine."""
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
        """Speak, the first clause first. Raises `ModelMissing`, `EngineFailed`, `EngineClosed`.

        Texts that are asked for at the same time take turns: the next piece is of the one whose
        listener would otherwise be the first to hear nothing.
        """
        if not self._ready:
            await self.load()
        self._desk.check()
        voice = self._catalog.choose(request)
        manner = self._manner(voice, request)
        form = AudioFormat(voice.about.audio.sample_rate)
        script = Segmenter(request.text, partial(normalize, language=voice.about.language_code))
        lead = Lead(request.ahead) if request.ahead > 0 else None
        while piece := script.take(self._fitting(lead)):
            audio = await self._say(voice, manner, piece, lead)
            if lead is not None and piece.opens:
                audio = bytes(form.bytes_of(self._options.sentence_silence)) + audio
            lead = lead or Lead()
            for chunk in _chunks(audio, form):
                lead.add(form.seconds(chunk.audio))
                yield chunk

    @property
    def waiting(self) -> int:
        """Pieces of speech that are asked for and not begun."""
        return self._desk.waiting

    async def close(self) -> None:
        await self._desk.close()
        self._loaded.clear()

    async def _say(
        self, voice: Voice, manner: SpeakingStyle, piece: Piece, lead: Lead | None
    ) -> bytes:
        how = (voice.path, voice.stamp, manner)
        audio = self.phrases.get(piece.text, how)
        if audio is None:
            dry = None if lead is None else lead.dry
            audio = await self._desk.call(dry, partial(self._speak, voice, manner, piece.text))
            self.phrases.put(piece.text, how, audio)
        return audio

    def _fitting(self, lead: Lead | None) -> float:
        """Characters of the next piece: as many as there is time for while others have a turn.

        Before the first there is no time at all; but the more others wait, the longer it has to
        last.
        """
        if lead is None:
            return float(FIRST_PER_WAITING * self._desk.waiting)
        return self._pace.fitting(lead.seconds / (1 + self._desk.waiting))

    def _speak(self, voice: Voice, manner: SpeakingStyle, text: str) -> bytes:
        loaded = self._take(voice)
        with self._pace.measured(len(text)):
            return loaded.speak(text, manner)

    def _load(self) -> None:
        self._catalog.load()
        voice = self._catalog.choose(SpeechRequest(text=""))
        manner = self._manner(voice, SpeechRequest(text=""))
        warm_up = normalize(_WARM_UP, voice.about.language_code)  # reads its language's table
        self._take(voice).speak(warm_up, manner)

    def _take(self, voice: Voice) -> PiperVoice:
        return self._loaded.take(
            (voice.path, voice.stamp), lambda: PiperVoice(voice, self._threads)
        )

    def _manner(self, voice: Voice, request: SpeechRequest) -> SpeakingStyle:
        """How this voice speaks; the configured speaker is that of voices that have it."""
        options, usual = self._options, voice.about.inference
        speaker = request.speaker or (options.speaker if voice.has(options.speaker) else "")
        if not speaker and options.speaker and not request.voice and not request.language:
            speaker = options.speaker  # unknown: say so
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


def _chunks(audio: bytes, form: AudioFormat) -> list[AudioChunk]:
    size = form.bytes_of(CHUNK_SECONDS)
    return [
        AudioChunk(audio=audio[start : start + size], format=form)
        for start in range(0, len(audio), size)
    ]


def _version() -> str:
    try:
        return version("piper-tts")
    except PackageNotFoundError:  # as where it is not installed by pip
        return ""
