"""Models worth fetching for a language, by role and size; and the engine that runs a model."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from satellite.languages import codes
from satellite.languages.pack import ENGLISH, Models, find
from servers.models import gguf_models, sherpa_models
from servers.models.names import GGUF, GPT4ALL, OLLAMA, PIPER, SHERPA, WHISPER, Name, parse

WHISPER_MEGABYTES = {
    "tiny": 75,
    "base": 145,
    "small": 484,
    "medium": 1528,
    "large-v3-turbo": 1618,
    "large-v3": 3087,
}
"""Sizes of model.bin for CTranslate2 in 16 bits: two bytes for each parameter."""

_WITH_ENGLISH = ("tiny", "base", "small", "medium")
"""Sizes with a model for English alone, which hears English better."""

VOICE_MEGABYTES = 63
"""A Piper voice of medium quality."""

SHARE = 0.6
"""The part of the memory that a model may fill: the system and the other engines need the rest."""

_ENGINES = {
    WHISPER: ("asr", "faster-whisper"),
    PIPER: ("tts", "piper"),
    GGUF: ("llm", "llamacpp"),
    GPT4ALL: ("llm", "gpt4all"),
    OLLAMA: ("llm", "ollama"),
}
_SHERPA = "sherpa-onnx"
_SHERPA_ROLES = {"asr-models": "asr", "tts-models": "tts", "kws-models": "wake"}


class Recommended(msgspec.Struct, frozen=True):
    """A model that serves a language."""

    role: str
    model: str
    """As `satellite models pull` takes it."""
    megabytes: int | None
    """To download, and about as much to hold in memory; None where it is not known."""
    license: str
    first: bool
    """Whether it is the one to begin with."""

    def fits(self, memory: int) -> bool:
        """Return whether a machine with that many bytes of memory can hold it."""
        return self.megabytes is None or self.megabytes * 1e6 <= SHARE * memory


def recommended(language: str) -> tuple[Recommended, ...]:
    """Return the models for a language by role, the smaller ones first."""
    return tuple(
        Recommended(role, str(name), size, name.license, str(name) == getattr(first, role))
        for first in (_first(language),)
        for role, text, size in (*_asr(language), *_llm(), *_tts(language, first))
        for name in (parse(text),)
    )


def sherpa_models_for(language: str) -> dict[str, str]:
    """Return k2-fsa's first model of each role for a language, as `models pull` takes it."""
    found: dict[str, str] = {}
    for role in _SHERPA_ROLES.values():
        for name in _sherpa(role, language):
            found.setdefault(role, f"{SHERPA}:{name}")
    return found


def component_of(name: Name) -> tuple[str, str] | None:
    """Return the role of a model and the component that uses it; None for one with another use."""
    if name.kind == SHERPA:
        role = sherpa_role(name.name)
        return (role, f"{_SHERPA}:{name.name}") if role in ("asr", "tts") else None
    if name.kind not in _ENGINES:
        return None
    role, engine = _ENGINES[name.kind]
    return role, f"{engine}:{name.name}"


def sherpa_role(name: str) -> str:
    """Return the role of one of k2-fsa's models by its name; empty for one beside engines."""
    release = sherpa_models.archive(name.rpartition("/")[2]) or ""
    group = release.removeprefix(f"{sherpa_models.RELEASES}/").partition("/")[0]
    return _SHERPA_ROLES.get(group, "")


def _first(language: str) -> Models:
    """Return the pack's own choice; that of English as far as it knows any language."""
    pack = find(language)
    if pack is not None:
        return pack.about.models
    english = find(ENGLISH)
    return Models(asr="whisper:small", llm=english.about.models.llm if english else "")


def _asr(language: str) -> Iterator[tuple[str, str, int | None]]:
    english = codes.same(language, ENGLISH)
    for size, megabytes in WHISPER_MEGABYTES.items():
        suffix = ".en" if english and size in _WITH_ENGLISH else ""
        yield "asr", f"whisper:{size}{suffix}", megabytes
    yield from (("asr", f"sherpa:{name}", None) for name in _sherpa("asr", language))


def _llm() -> Iterator[tuple[str, str, int | None]]:
    for name, model in gguf_models.RECOMMENDED.items():
        yield "llm", f"gguf:{name}", model.megabytes


def _tts(language: str, first: Models) -> Iterator[tuple[str, str, int | None]]:
    if first.tts:
        yield "tts", first.tts, VOICE_MEGABYTES if first.tts.startswith("piper:") else None
    yield from (("tts", f"sherpa:{name}", None) for name in _sherpa("tts", language))


def _sherpa(role: str, language: str) -> Iterator[str]:
    for name, model in sherpa_models.RECOMMENDED.items():
        knows = any(codes.same(language, code) for code in model.languages)
        if sherpa_role(name) == role and knows:
            yield name
