"""The engine `gpt-sovits`: text-to-speech in cloned voices by a server of GPT-SoVITS."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, ClassVar, Literal

from satellite.errors import EngineClosed, EngineError, EngineFailed
from satellite.languages.text_rules import text_rules
from satellite.options import OptionSet, option
from satellite.ports import EngineContext, OpenCalls
from satellite.requirements import Package, Requirement
from satellite.settings import VoiceSettings
from satellite.settings.speaking import ClipLanguage
from satellite.values import (
    AudioChunk,
    AudioFormat,
    EngineInfo,
    ModelInfo,
    ProgramInfo,
    SpeechRequest,
)
from servers.tts.sovits.api import SovitsApi
from servers.tts.sovits.turns import Turns
from servers.tts.sovits.voices import AUTO, LANGUAGES, Voices, language_of
from servers.tts.text_splitter import split_text

_LOGGER = logging.getLogger(__name__)

NAME = "gpt-sovits"


class GptSovits:
    """Speaks like the person of a clip of some seconds."""

    class Options(OptionSet, frozen=True):
        """The server, the voice, and the parameters of its synthesis by its own names."""

        url: Annotated[str, option("Address of api_v2.py")] = "http://127.0.0.1:9880"
        voice: Annotated[
            str,
            option("Voice of requests that name none, such as one of satellite voices add"),
        ] = ""
        ref_audio_path: Annotated[
            str, option("Clip of the voice `default`: 3 to 10 s, a path on the server")
        ] = ""
        prompt_text: Annotated[str, option("Words of that clip")] = ""
        prompt_lang: Annotated[ClipLanguage, option("Language of that clip")] = "auto"
        text_lang: Annotated[
            ClipLanguage,
            option("Language of the texts; auto is that of each request, or what it looks like"),
        ] = "auto"
        gpt_weights_path: Annotated[
            str, option("GPT weights of voices without their own, a path on the server")
        ] = ""
        sovits_weights_path: Annotated[
            str, option("SoVITS weights of voices without their own, a path on the server")
        ] = ""
        text_split_method: Annotated[
            Literal["cut0", "cut1", "cut2", "cut3", "cut4", "cut5"],
            option("cut0 speaks whole sentences, cut5 each part between punctuation marks"),
        ] = "cut0"
        streaming_mode: Annotated[
            Literal[0, 1, 2, 3],
            option("0 sends the sound at the end, 1 by part of a text, 2 and 3 as it comes"),
        ] = 1
        speed_factor: Annotated[float, option("Speed", minimum=0.25, maximum=4)] = 1.0
        fragment_interval: Annotated[
            float, option("Silence after each part of a text", unit="s", minimum=0, maximum=5)
        ] = 0.3
        top_k: Annotated[int, option("Most likely tokens to choose from", minimum=1)] = 15
        top_p: Annotated[
            float, option("Total probability of those tokens", minimum=0, maximum=1)
        ] = 1.0
        temperature: Annotated[float, option("Variety", minimum=0, maximum=2)] = 1.0
        repetition_penalty: Annotated[
            float, option("Penalty of repeated tokens", minimum=0.5, maximum=3)
        ] = 1.35
        seed: Annotated[int, option("Seed; another each time if -1", minimum=-1)] = -1
        sample_steps: Annotated[
            int, option("Steps of versions 3 and 4", minimum=1, maximum=128)
        ] = 32
        super_sampling: Annotated[bool, option("48 kHz from version 3")] = False
        timeout: Annotated[float, option("Longest silence of the server", unit="s", minimum=1)] = (
            30.0
        )
        waiting: Annotated[
            int, option("Requests that may wait, as it speaks one at a time", minimum=0)
        ] = 8

    argument: ClassVar[str] = "url"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("aiohttp"),)

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        self._options = options
        own = VoiceSettings(
            ref_audio_path=options.ref_audio_path,
            prompt_text=options.prompt_text,
            prompt_lang=options.prompt_lang,
        )
        self._voices = Voices(own, context.voices if context else {}, options.voice)
        self._turns = Turns(options.waiting, options.timeout)
        self._calls = OpenCalls(NAME)
        self._api: SovitsApi | None = None
        self._closed = False

    @property
    def queued(self) -> int:
        """The number of requests that wait."""
        return self._turns.queued

    async def load(self) -> None:
        """Look for the server, and load the weights of the first voice.

        A missing server or voice is logged: either may come later. Raises `EngineFailed` for an
        address that cannot be used.
        """
        api = self._ready()
        try:
            _, voice = self._voices.choose(None)
            async with self._turns.turn(begun=True):
                await api.check()
                await self._use_weights(api, voice)
        except EngineClosed:
            raise
        except EngineError as error:
            _LOGGER.warning("text-to-speech unavailable: %s", error)
        weighted = [name for name, voice in self._voices.all().items() if voice.gpt_weights_path]
        if weighted and not self._options.gpt_weights_path:
            _LOGGER.warning(
                "gpt-sovits: voices without gpt_weights_path speak with the weights of %s after "
                "it: set the option gpt_weights_path to those of the others",
                ", ".join(weighted),
            )

    async def served_by(self) -> ProgramInfo:
        """Ask the server whether it is GPT-SoVITS. Raises `EngineError`s."""
        api = self._ready()
        await api.check()
        names = tuple(self._voices.all())
        return ProgramInfo(name="GPT-SoVITS", url=api.url, roles=("tts",), voices=names)

    def describe(self) -> EngineInfo:
        """Describe the engine; its models are its voices."""
        return EngineInfo(
            name=NAME,
            description="A server of GPT-SoVITS, in cloned voices",
            author="RVC-Boss",
            url="https://github.com/RVC-Boss/GPT-SoVITS",
            models=tuple(
                ModelInfo(
                    name=name,
                    languages=LANGUAGES if voice.text_lang == AUTO else _languages(voice),
                    description="cloned voice",
                )
                for name, voice in self._voices.all().items()
            ),
        )

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech as it comes. Raises `EngineError`s."""
        return self._calls.run(self._speak(request))

    async def close(self) -> None:
        self._closed = True
        if self._api is not None:
            await self._api.close()
        await self._calls.close()

    async def _speak(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        if not _is_speakable(request.text):
            return
        api = self._ready()
        name, voice = self._voices.choose(request.voice)
        language = language_of(voice, self._options.text_lang, request.language)
        form: AudioFormat | None = None
        for piece in split_text(_clean(request.text), rules=text_rules(request.language)):
            if not _is_speakable(piece):
                continue
            async with self._turns.turn(begun=form is not None):
                await self._use_weights(api, voice)
                body = self._body(piece, language, voice)
                async with aclosing(api.speak(body, name)) as chunks:
                    async for chunk in chunks:
                        form = form or chunk.format
                        if chunk.format != form:
                            raise EngineFailed(
                                f"gpt-sovits: {api.url} changed from {form.rate} to "
                                f"{chunk.format.rate} Hz within a text: another program sets its "
                                "weights"
                            )
                        yield chunk

    def _ready(self) -> SovitsApi:
        if self._closed:
            raise EngineClosed("gpt-sovits was closed")
        if self._api is None:
            self._api = SovitsApi(self._options.url, self._options.timeout)
        return self._api

    async def _use_weights(self, api: SovitsApi, voice: VoiceSettings) -> None:
        await api.use_weights(
            voice.gpt_weights_path or self._options.gpt_weights_path,
            voice.sovits_weights_path or self._options.sovits_weights_path,
        )

    def _body(self, text: str, language: str, voice: VoiceSettings) -> dict[str, Any]:
        options = self._options
        return {
            "text": text,
            "text_lang": language,
            "ref_audio_path": voice.ref_audio_path,
            "aux_ref_audio_paths": list(voice.aux_ref_audio_paths),
            "prompt_text": voice.prompt_text,
            "prompt_lang": voice.prompt_lang,
            "text_split_method": options.text_split_method,
            "streaming_mode": options.streaming_mode,
            "media_type": "wav",  # which names its rate
            "speed_factor": options.speed_factor,
            "fragment_interval": options.fragment_interval,
            "top_k": options.top_k,
            "top_p": options.top_p,
            "temperature": options.temperature,
            "repetition_penalty": options.repetition_penalty,
            "seed": options.seed,
            "sample_steps": options.sample_steps,
            "super_sampling": options.super_sampling,
        }


def _languages(voice: VoiceSettings) -> tuple[str, ...]:
    """Return the language of a voice with one of its own, as others write it."""
    return (voice.text_lang.removeprefix("all_").removeprefix("auto_"),)


def _is_speakable(text: str) -> bool:
    """Return whether a text has letters or digits: of others, the server says nothing."""
    return any(map(str.isalnum, text))


def _clean(text: str) -> str:
    """Return a text without controls and halves of characters, which JSON cannot hold."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() or c.isspace() else " " for c in whole)
