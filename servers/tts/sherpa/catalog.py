"""The voices for sherpa-onnx on this machine, and the choice of a voice for a request."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import msgspec

from satellite.components.auto import language_remedy
from satellite.errors import EngineError, LanguageUnknown, ModelMissing
from satellite.languages import codes
from satellite.settings import ModelSettings
from satellite.text.quoted import quoted
from satellite.values import ModelInfo, SpeechRequest
from servers.models.names import PIPER, SHERPA
from servers.models.sherpa_voices import VoiceFiles, is_voice, read_voice
from servers.models.store import Fingerprint, Store

_LOGGER = logging.getLogger(__name__)

DEFAULT_VOICE = "kokoro-multi-lang"
"""The voice suggested when none is installed."""
RESCAN_INTERVAL = 1.0
"""Seconds between checks for added and removed voices."""
_MOST_LISTED = 200
"""Speakers of a voice that are described to clients."""


class Voice(msgspec.Struct, frozen=True):
    """One installed voice, which may have many speakers."""

    name: str
    files: VoiceFiles
    stamp: tuple[int, int]
    """Modification time (ns) and size of the network: changes with it."""

    @property
    def info(self) -> ModelInfo:
        """The voice as described to clients."""
        return ModelInfo(
            name=self.name,
            languages=self.files.languages,
            description=self.files.kind,
            speakers=self.files.speakers[:_MOST_LISTED],
        )

    def speaker(self, name: str) -> int | None:
        """Return the number of a speaker, by name or number; None where the voice has none."""
        if name in self.files.speakers:
            return self.files.speakers.index(name)
        return int(name) if name.isdecimal() and int(name) < self.files.count else None

    def speaks(self, language: str) -> int:
        """Rate the match with a language: 2 including the region, 1 without, 0 no match."""
        spoken = self.files.languages
        if any(codes.plain(code) == codes.plain(language) for code in spoken):
            return 2
        return int(any(codes.same(code, language) for code in spoken))

    def spoken(self, language: str) -> str:
        """Return the voice's own code for a language that it speaks."""
        ranked = self.files.languages
        exact = [code for code in ranked if codes.plain(code) == codes.plain(language)]
        return (exact or [code for code in ranked if codes.same(code, language)])[0]


class Choice(msgspec.Struct, frozen=True):
    """A voice, its speaker and the language to speak."""

    voice: Voice
    speaker: int
    language: str


class Catalog:
    """All installed voices, and optionally one outside the store."""

    def __init__(
        self, store: Store, default: str, speaker: str, languages: tuple[str, ...], language: str
    ) -> None:
        """`default` is the name or the folder of a voice, or empty for any, preferably one that
        speaks `language`; `languages` are those of a voice that names none."""
        self._store = store
        self._default = default
        self._speaker = speaker
        self._languages = languages
        self._language = language
        self._external: Voice | None = None
        self._installed: tuple[Voice, ...] = ()
        self._seen: Fingerprint | None = None
        self._scanned = -RESCAN_INTERVAL

    def load(self) -> None:
        """Read the voices. Raises `ModelMissing` and `EngineFailed` for the default one."""
        if self._default:
            folder = self._store.find(SHERPA, self._default)
            name = folder.name if "/" in self._default else self._default
            self._external = _read(folder, name, self._languages)
        self._scanned = -RESCAN_INTERVAL
        self.choose(SpeechRequest(text=""))

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every voice, the configured one first; changes appear within `RESCAN_INTERVAL`."""
        if time.monotonic() - self._scanned >= RESCAN_INTERVAL:
            seen = self._store.fingerprint()
            if seen != self._seen:
                self._installed = tuple(_installed(self._store, self._languages))
                self._seen = seen
            self._scanned = time.monotonic()
        first = self._external
        if first is None:
            return self._installed
        others = (voice for voice in self._installed if voice.files.folder != first.files.folder)
        return (first, *others)

    def choose(self, request: SpeechRequest) -> Choice:
        """Choose the voice, its speaker and its language.

        `request.voice` names a voice or one of its speakers. A voice of another language is never
        taken. Raises `ModelMissing`, `LanguageUnknown`.
        """
        voices = self.voices
        if not voices:
            raise ModelMissing(
                "no voice for sherpa-onnx is installed: "
                f"run satellite models pull sherpa:{DEFAULT_VOICE}"
            )
        speaker = request.speaker or ""
        if request.voice:
            voice, speaker = self._named(request.voice, speaker)
        else:
            voice = self._fitting(voices, request.language, speaker)
        if request.language and not voice.speaks(request.language):
            raise LanguageUnknown(
                f"no installed voice for sherpa-onnx speaks {quoted(request.language)}: "
                f"{language_remedy('tts', request.language)}"
            )
        return self._with_speaker(voice, speaker, request.language or "")

    def _fitting(self, voices: tuple[Voice, ...], language: str | None, speaker: str) -> Voice:
        wanted = language or ("" if self._external else self._language)
        ranked = sorted(voices, key=lambda voice: -voice.speaks(wanted)) if wanted else [*voices]
        best = [voice for voice in ranked if voice.speaks(wanted) == ranked[0].speaks(wanted)]
        having = (voice for voice in best if speaker and voice.speaker(speaker) is not None)
        return next(having, best[0])

    def _with_speaker(self, voice: Voice, speaker: str, language: str) -> Choice:
        files = voice.files
        usual = voice.speaker(self._speaker) if self._speaker else None
        if speaker or (self._speaker and usual is None and voice is self._external):
            name = speaker or self._speaker
            if (number := voice.speaker(name)) is None:
                raise ModelMissing(
                    f"the sherpa-onnx voice {voice.name} has no speaker {quoted(name)} "
                    f"({_hint(name, files.speakers)})"
                )
            spoken = language and voice.spoken(language)
            return Choice(voice, number, spoken or files.language_of(number))
        if not language and usual is not None:
            return Choice(voice, usual, files.language_of(usual))
        if not language and voice.speaks(self._language):
            language = self._language
        spoken = voice.spoken(language) if language else files.languages[0]
        if usual is not None and codes.same(files.language_of(usual), spoken):
            return Choice(voice, usual, spoken)
        fitting = (n for n in range(files.count) if files.language_of(n) == spoken)
        return Choice(voice, next(fitting, 0), spoken)

    def _named(self, name: str, speaker: str) -> tuple[Voice, str]:
        voices = self.voices
        for voice in voices:
            if _key(voice.name) == _key(name):
                return voice, speaker
        for voice in voices:
            if name in voice.files.speakers:
                return voice, speaker or name
        if voices[0].speaker(name) is not None and voices[0].files.count > 1:
            return voices[0], speaker or name
        names = [voice.name for voice in voices]
        raise ModelMissing(
            f"the sherpa-onnx voice {quoted(name)} is not installed ({_hint(name, names)})"
        )


def any_voice(settings: ModelSettings, language: str) -> bool:
    """Return whether an installed voice speaks a language, and none for Piper's own engine does.

    Quick while no voice is added.
    """
    store = Store.for_settings(settings)
    spoken, others = _spoken(store.root, store.fingerprint())
    return any(codes.same(code, language) for code in spoken) and not any(
        codes.same(code, language) for code in others
    )


@lru_cache(maxsize=8)
def _spoken(root: Path, _fingerprint: Fingerprint) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the languages of the installed voices, and those of voices for Piper's engine."""
    store = Store(root)
    found = (code for voice in _installed(store, ()) for code in voice.files.languages)
    piper = (model.name for model in store.installed() if model.kind == PIPER)
    return tuple(dict.fromkeys(found)), tuple({name.partition("-")[0]: None for name in piper})


def _installed(store: Store, languages: tuple[str, ...]) -> Iterator[Voice]:
    for model in store.installed():
        if model.kind == SHERPA and is_voice(Path(model.path)):
            try:
                yield _read(Path(model.path), model.name, languages)
            except EngineError as error:
                _LOGGER.warning("ignoring a voice for sherpa-onnx: %s", error)


def _read(folder: Path, name: str, languages: tuple[str, ...]) -> Voice:
    files = read_voice(folder, languages)
    status = files.network.stat()
    return Voice(name, files, (status.st_mtime_ns, status.st_size))


def _key(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _hint(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    more = " and others" if len(names) > 3 else ""
    return f"available: {', '.join(names[:3])}{more}" if names else "it has only numbers"
