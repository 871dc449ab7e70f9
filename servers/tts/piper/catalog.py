"""The Piper voices on this machine, and the choice of a voice for a request."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
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
from servers.models.manifest import Installed
from servers.models.names import PIPER
from servers.models.store import Fingerprint, Store
from servers.tts.piper.description import Description, describe

_LOGGER = logging.getLogger(__name__)

DEFAULT_VOICE = "en_US-lessac-medium"
"""The voice suggested when none is installed."""
RESCAN_INTERVAL = 1.0
"""Seconds between checks for added and removed voices."""


class Voice(msgspec.Struct, frozen=True):
    """One voice."""

    name: str
    path: Path
    """Path of the `.onnx`."""
    about: Description
    stamp: tuple[int, int]
    """Modification time (ns) and size of the file: changes with it."""

    @property
    def info(self) -> ModelInfo:
        """The voice as described to clients."""
        about = self.about
        numbered = sorted(about.speaker_id_map, key=about.speaker_id_map.__getitem__)
        return ModelInfo(
            name=self.name,
            languages=(about.language_code,),
            description=" ".join(filter(None, (about.dataset, about.audio.quality))),
            speakers=tuple(numbered) if about.num_speakers > 1 else (),
        )

    def speaker(self, name: str) -> int:
        """Return the number of a speaker, by name or number. Raises `ModelMissing`."""
        about = self.about
        number = about.speaker_id_map.get(name)
        if number is None and name.isdecimal() and int(name) < about.num_speakers:
            number = int(name)
        if number is None:
            raise ModelMissing(
                f"the Piper voice {self.name} has no speaker {quoted(name)} "
                f"({_hint(name, about.speaker_id_map)})"
            )
        return number

    def has(self, speaker: str) -> bool:
        """Return whether the voice has a speaker of this name or number."""
        return speaker in self.about.speaker_id_map or (
            speaker.isdecimal() and int(speaker) < self.about.num_speakers
        )

    def speaks(self, language: str) -> int:
        """Rate the match with a language: 2 including the region, 1 without, 0 no match."""
        ours = self.about.language_code
        if codes.plain(ours) == codes.plain(language):
            return 2
        return int(codes.same(ours, language))


class Catalog:
    """All installed voices, and optionally a voice outside the store."""

    def __init__(self, store: Store, default: str, language: str = "en") -> None:
        """`default` is the name of a voice, the path of its `.onnx`, or empty for any voice,
        preferably one of the language."""
        self._store = store
        self._default = default
        self._language = language
        self._external: Voice | None = None
        self._installed: dict[str, Voice] = {}
        self._seen: Fingerprint | None = None
        self._scanned = -RESCAN_INTERVAL

    def load(self) -> None:
        """Read the voices. Raises `ModelMissing` and `EngineFailed` for the default one."""
        if _is_path(self._default):
            path = self._store.find(PIPER, _as_path(self._default))
            self._external = _read(_voice_file(path))
        self._scanned = -RESCAN_INTERVAL
        self.choose(SpeechRequest(text=""))

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every voice, by name; changes appear within `RESCAN_INTERVAL`."""
        if time.monotonic() - self._scanned >= RESCAN_INTERVAL:
            self._scan()
            self._scanned = time.monotonic()
        external = (self._external,) if self._external else ()
        return (*external, *self._installed.values())

    def choose(self, request: SpeechRequest) -> Voice:
        """Choose the voice for a request by its name, or else by language and speaker.

        Prefers the default voice among those that match. Raises `ModelMissing`,
        `LanguageUnknown`.
        """
        if request.voice:
            return self._named(request.voice)
        voices = self._preferred()
        if language := request.language:
            best = max(voice.speaks(language) for voice in voices)
            if best == 0:
                raise LanguageUnknown(
                    f"no installed Piper voice speaks {quoted(language)}: "
                    f"{language_remedy('tts', language)} ({_hint(language, _languages(voices))})"
                )
            voices = [voice for voice in voices if voice.speaks(language) == best]
        if speaker := request.speaker:
            return next((voice for voice in voices if voice.has(speaker)), voices[0])
        return voices[0]

    def _preferred(self) -> list[Voice]:
        """Return all voices, the default one first. Raises `ModelMissing`."""
        voices = self.voices
        default: Voice | None
        if self._external is None and self._default:
            default = self._named(self._default)
        else:
            default = self._any(voices)
        if default is None:
            raise ModelMissing(
                f"no Piper voice is installed: run satellite models pull piper:{DEFAULT_VOICE}"
            )
        return [default, *(voice for voice in voices if voice is not default)]

    def _any(self, voices: Sequence[Voice]) -> Voice | None:
        """Return the voice outside the store, or else the best one of the language."""
        if self._external is not None:
            return self._external
        return max(
            voices,
            key=lambda voice: (voice.speaks(self._language), voice.name == DEFAULT_VOICE),
            default=None,
        )

    def _named(self, name: str) -> Voice:
        voices = {_key(voice.name): voice for voice in reversed(self.voices)}
        if (voice := voices.get(_key(name))) is not None:
            return voice
        near = get_close_matches(_key(name), voices, n=1)
        hint = f" ({voices[near[0]].name} is)" if near else ""
        raise ModelMissing(
            f"the Piper voice {quoted(name)} is not installed{hint}: "
            f"run satellite models pull piper:{name}"
        )

    def _scan(self) -> None:
        seen = self._store.fingerprint()
        if seen == self._seen:
            return
        self._installed = {voice.name: voice for voice in _read_all(self._store.installed())}
        self._seen = seen


def any_voice(settings: ModelSettings, language: str) -> bool:
    """Return whether an installed voice speaks a language. Quick while no voice is added."""
    store = Store.for_settings(settings)
    spoken = _spoken(store.root, store.fingerprint())
    return any(codes.same(code, language) for code in spoken)


@lru_cache(maxsize=8)
def _spoken(root: Path, _fingerprint: Fingerprint) -> tuple[str, ...]:
    voices = _read_all(Store(root).installed())
    return tuple({voice.about.language_code: None for voice in voices})


def _read_all(installed: Iterable[Installed]) -> Iterable[Voice]:
    for model in installed:
        if model.kind == PIPER:
            try:
                yield _read(_voice_file(Path(model.path)), model.name)
            except EngineError as error:
                _LOGGER.warning("ignoring a Piper voice: %s", error)


def _read(path: Path, name: str | None = None) -> Voice:
    about, status = describe(path), path.stat()
    stamp = (status.st_mtime_ns, status.st_size)
    return Voice(name or path.name.removesuffix(".onnx"), path, about, stamp)


def _voice_file(path: Path) -> Path:
    """Return the `.onnx` at a path, which may be the folder of a single voice."""
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.onnx"))
    if len(found) != 1:
        problem = "no .onnx" if not found else f"{len(found)} voices: name one of them"
        raise ModelMissing(f"Piper voice {path}: the folder has {problem}")
    return found[0]


def _is_path(text: str) -> bool:
    return text.endswith(".onnx") or "/" in text or text.startswith("~")


def _as_path(text: str) -> str:
    """Mark a text as a path for the store: `voice.onnx` becomes `./voice.onnx`."""
    return text if text.startswith(("/", "~", ".")) else f"./{text}"


def _languages(voices: Iterable[Voice]) -> list[str]:
    return sorted({voice.about.language_code for voice in voices})


def _key(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _hint(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    more = " and others" if len(names) > 3 else ""
    return f"available: {', '.join(names[:3])}{more}" if names else "it has only one"
