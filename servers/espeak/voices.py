"""eSpeak NG's voices and the names that people and other programs use for them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

from satellite.errors import ModelMissing
from satellite.languages import codes
from satellite.text.quoted import quoted


class Voice(msgspec.Struct, frozen=True):
    """One of the library's voices."""

    code: str
    """The voice's language, such as `en-us`."""
    name: str
    """Display name, such as `English (America)`."""
    file: str
    """The library's identifier, such as `gmw/en-US`."""
    aliases: tuple[tuple[int, str], ...] = ()
    """Other languages that the voice may serve, such as `en`, each after its priority (lower is
    better)."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The voice's languages, spelled as in other programs: `en-US`."""
        return tuple(_bcp47(code) for code in (self.code, *(alias for _, alias in self.aliases)))


class Voices:
    """The voices of a library, and the variants that apply to any of them."""

    def __init__(self, voices: Iterable[Voice], variants: Iterable[str]) -> None:
        self.variants = tuple(variants)
        self._by_name: dict[str, Voice] = {}
        all_voices = list(voices)
        for voice in all_voices:  # spellings of the same language count once
            self._by_name.setdefault(voice.code.lower(), voice)
        self.all = tuple(self._by_name.values())
        aliases = [(*alias, voice) for voice in all_voices for alias in voice.aliases]
        for _, alias, voice in sorted(aliases, key=lambda item: item[0]):
            self._by_name.setdefault(_key(alias), voice)
        for voice in all_voices:
            for name in (voice.name, voice.file):
                self._by_name.setdefault(_key(name), voice)

    def find(self, name: str) -> str:
        """Return the library's identifier of a voice.

        `name` is a language's code or a voice's name, optionally with `+` and a variant. Raises
        `ModelMissing`, which names the most similar voice.
        """
        base, _, variant = name.partition("+")
        voice = self._by_name.get(_key(base))
        if voice is None:
            raise ModelMissing(f"espeak has no voice {quoted(base)} ({_hint(base, self._by_name)})")
        return voice.file + self._suffix(variant)

    def choose(
        self, default: str, voice: str | None, language: str | None, speaker: str | None
    ) -> str:
        """Return the library's identifier of the voice that fits a request best.

        A named voice comes first, then a voice of the language, then `default`; `speaker` is a
        variant. Raises `ModelMissing`.
        """
        base, _, variant = (voice or default).partition("+")
        if language and language.strip() and not voice:
            base = self._fitting(base, language)
        return self.find(f"{base}+{speaker or variant}")

    def _fitting(self, default: str, language: str) -> str:
        key = codes.plain(language)
        while key:
            if key == _key(default) or key == _key(default).partition("-")[0]:
                return default
            if key in self._by_name:
                return key
            key = key.rpartition("-")[0]
        return codes.find(language, self._by_name) or language

    def _suffix(self, variant: str) -> str:
        if not variant:
            return ""
        known = {name.lower(): name for name in self.variants}
        if variant.lower() not in known:
            raise ModelMissing(f"espeak has no variant {quoted(variant)} ({_hint(variant, known)})")
        return f"+{known[variant.lower()]}"


def _key(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _hint(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(_key(name), names, n=1)
    return f"did you mean {near[0]}?" if near else f"available: {', '.join(names[:3])} and others"


def _bcp47(code: str) -> str:
    first, *rest = code.split("-")
    return "-".join((first, *(part.upper() if len(part) == 2 else part for part in rest)))
