"""The Piper voices of this machine, and which of them a request means."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import msgspec

from satellite.errors import EngineError, ModelMissing
from satellite.values import ModelInfo, SpeechRequest
from servers.models.manifest import Installed
from servers.models.names import PIPER
from servers.models.store import Fingerprint, Store
from servers.tts.piper.description import Description, describe

_LOGGER = logging.getLogger(__name__)

DEFAULT_VOICE = "en_US-lessac-medium"
"""The voice to suggest where there is none."""
RESCAN_INTERVAL = 1.0
"""Seconds for which nobody looks whether voices came or went."""


class Voice(msgspec.Struct, frozen=True):
    """One voice."""

    name: str
    path: Path
    """Of its `.onnx`."""
    about: Description
    stamp: tuple[int, int]
    """Differs when the file does."""

    @property
    def info(self) -> ModelInfo:
        """What clients are told of it."""
        about = self.about
        numbered = sorted(about.speaker_id_map, key=about.speaker_id_map.__getitem__)
        return ModelInfo(
            name=self.name,
            languages=(about.language_code,),
            description=" ".join(filter(None, (about.dataset, about.audio.quality))),
            speakers=tuple(numbered) if about.num_speakers > 1 else (),
        )

    def speaker(self, name: str) -> int:
        """The number of a speaker, by name or number. Raises `ModelMissing`."""
        about = self.about
        number = about.speaker_id_map.get(name)
        if number is None and name.isdecimal() and int(name) < about.num_speakers:
            number = int(name)
        if number is None:
            raise ModelMissing(
                f"the Piper voice {self.name} has no speaker {name!r} "
                f"({_hint(name, about.speaker_id_map)})"
            )
        return number

    def has(self, speaker: str) -> bool:
        """Whether it has a speaker of this name or number."""
        return speaker in self.about.speaker_id_map or (
            speaker.isdecimal() and int(speaker) < self.about.num_speakers
        )

    def speaks(self, language: str) -> int:
        """How well it fits a language: 2 with its region, 1 without, 0 not at all."""
        ours, wanted = _key(self.about.language_code), _key(language)
        if ours == wanted:
            return 2
        return int(ours.partition("-")[0] == wanted.partition("-")[0])


class Catalog:
    """All installed voices, and perhaps one that lies elsewhere."""

    def __init__(self, store: Store, default: str) -> None:
        """`default` is the name of a voice, the path of its `.onnx`, or empty for any."""
        self._store = store
        self._default = default
        self._elsewhere: Voice | None = None
        self._installed: dict[str, Voice] = {}
        self._seen: Fingerprint | None = None
        self._looked = -RESCAN_INTERVAL

    def load(self) -> None:
        """Look for voices. Raises `ModelMissing` and `EngineFailed` for the default one."""
        if _is_path(self._default):
            path = self._store.find(PIPER, _as_path(self._default))
            self._elsewhere = _read(_voice_file(path))
        self._looked = -RESCAN_INTERVAL
        self.choose(SpeechRequest(text=""))

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every voice, by name; those that came or went a second ago at most are known."""
        if time.monotonic() - self._looked >= RESCAN_INTERVAL:
            self._look()
            self._looked = time.monotonic()
        elsewhere = (self._elsewhere,) if self._elsewhere else ()
        return (*elsewhere, *self._installed.values())

    def choose(self, request: SpeechRequest) -> Voice:
        """The voice that a request means: of its name, else of its language and speaker.

        Where several fit, the default one is taken if it is among them. Raises `ModelMissing`.
        """
        if request.voice:
            return self._named(request.voice)
        voices = self._preferred()
        if language := request.language:
            best = max(voice.speaks(language) for voice in voices)
            if best == 0:
                raise ModelMissing(
                    f"no Piper voice on this machine speaks {language!r}: satellite models pull "
                    f"piper:NAME fetches one ({_hint(language, _languages(voices))})"
                )
            voices = [voice for voice in voices if voice.speaks(language) == best]
        if speaker := request.speaker:
            return next((voice for voice in voices if voice.has(speaker)), voices[0])
        return voices[0]

    def _preferred(self) -> list[Voice]:
        """All voices, the default one first. Raises `ModelMissing`."""
        voices = self.voices
        default: Voice | None
        if self._elsewhere is None and self._default:
            default = self._named(self._default)
        else:
            default = next(
                (v for v in voices if v is self._elsewhere or v.name == DEFAULT_VOICE),
                voices[0] if voices else None,
            )
        if default is None:
            raise ModelMissing(
                f"no Piper voice is on this machine: satellite models pull piper:{DEFAULT_VOICE}"
            )
        return [default, *(voice for voice in voices if voice is not default)]

    def _named(self, name: str) -> Voice:
        voices = {_key(voice.name): voice for voice in reversed(self.voices)}
        if (voice := voices.get(_key(name))) is not None:
            return voice
        near = get_close_matches(_key(name), voices, n=1)
        hint = f" (here is {voices[near[0]].name})" if near else ""
        raise ModelMissing(
            f"the Piper voice {name!r} is not on this machine{hint}: "
            f"satellite models pull piper:{name}"
        )

    def _look(self) -> None:
        seen = self._store.fingerprint()
        if seen == self._seen:
            return
        self._installed = {voice.name: voice for voice in _read_all(self._store.installed())}
        self._seen = seen


def _read_all(installed: Iterable[Installed]) -> Iterable[Voice]:
    for model in installed:
        if model.kind == PIPER:
            try:
                yield _read(_voice_file(Path(model.path)), model.name)
            except EngineError as error:
                _LOGGER.warning("a Piper voice cannot be used: %s", error)


def _read(path: Path, name: str | None = None) -> Voice:
    about, status = describe(path), path.stat()
    stamp = (status.st_mtime_ns, status.st_size)
    return Voice(name or path.name.removesuffix(".onnx"), path, about, stamp)


def _voice_file(path: Path) -> Path:
    """The `.onnx` that a path means, which may be the folder of a single voice."""
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.onnx"))
    if len(found) != 1:
        what = "no .onnx" if not found else f"{len(found)} voices: name one of them"
        raise ModelMissing(f"Piper voice {path}: there is {what} in this folder")
    return found[0]


def _is_path(text: str) -> bool:
    return text.endswith(".onnx") or "/" in text or text.startswith("~")


def _as_path(text: str) -> str:
    """So that the store takes it for a path: `voice.onnx` is in the current folder."""
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
    return f"known are {', '.join(names[:3])}{more}" if names else "it has only one"
