"""Names of models: `whisper:base.en`, `whisper:OWNER/REPO`, `piper:en_US-lessac-medium`,
`gguf:qwen2.5-1.5b`, `gguf:OWNER/REPO:FILE`, `sherpa:sense-voice`, `ollama:llama3.2:1b`.
"""

from __future__ import annotations

import re

import msgspec

from satellite.errors import UsageError
from satellite.options import unknown_name
from satellite.text.quoted import quoted
from servers.models import gguf_models, gpt4all_models, sherpa_models, turn_models, whisper_sizes

WHISPER = "whisper"
PIPER = "piper"
GGUF = "gguf"
SHERPA = "sherpa"
GPT4ALL = "gpt4all"
OLLAMA = "ollama"
TURN = "turn"
KINDS = (WHISPER, PIPER, GGUF, SHERPA, GPT4ALL, OLLAMA, TURN)

_OFFICIAL_WHISPER = "MIT"
_LICENSES = {
    WHISPER: "see its repository",
    PIPER: "see its MODEL_CARD",
    GGUF: "see its repository",
    SHERPA: "see its repository",
    GPT4ALL: "see GPT4All's catalogue",
    OLLAMA: "ollama show --license",
}
"""Where the license of a model is found, by kind."""

_EXAMPLES = (
    "whisper:base.en, whisper:OWNER/REPO, piper:en_US-lessac-medium, gguf:qwen2.5-1.5b, "
    "gguf:OWNER/REPO:FILE, sherpa:sense-voice, gpt4all:FILE.gguf, ollama:llama3.2:1b"
)
LONGEST = 200
"""Characters of a name: it becomes that of a folder, which has 255 bytes, with others beside it."""

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SIMPLE = re.compile(r"[A-Za-z0-9][\w.-]*")
_OLLAMA = re.compile(r"[A-Za-z0-9][\w.:/-]*")
_GGUF = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*:[A-Za-z0-9][\w.-]*\.gguf")


class Name(msgspec.Struct, frozen=True):
    """A model's kind and name, normalised."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def license(self) -> str:
        """The model's license, or where it is found."""
        if self.kind == GGUF and self.name in gguf_models.RECOMMENDED:
            return gguf_models.RECOMMENDED[self.name].license
        if self.kind == SHERPA and self.name in sherpa_models.RECOMMENDED:
            return sherpa_models.RECOMMENDED[self.name].license
        if self.kind == TURN:
            return turn_models.KNOWN[self.name].license
        official = self.kind == WHISPER and "/" not in self.name
        return _OFFICIAL_WHISPER if official else _LICENSES[self.kind]

    @property
    def folder(self) -> str:
        """Name of the model's folder: a repository's `/` is written `--`, and `:` is `++`."""
        return self.name.replace("/", "--").replace(":", "++")


def parse(text: str) -> Name:
    """Parse KIND:NAME. Raises `UsageError`, with examples of names."""
    kind, colon, name = text.partition(":")
    if not colon or not name:
        raise UsageError(f"{quoted(text)} names no model (as {_EXAMPLES})")
    return name_of_kind(kind, name)


def name_of_kind(kind: str, name: str) -> Name:
    """Return the name of a model of a kind. Raises `UsageError` for an unknown kind or a bad name.

    A short name and the published one are the same model: `large`, `large-v3` and
    `Systran/faster-whisper-large-v3` are.
    """
    if kind not in KINDS:
        raise UsageError(f"{kind}:{name}: {unknown_name(kind, dict.fromkeys(KINDS))}")
    if len(name) > LONGEST:
        raise UsageError(f"{kind}:{name[:20]}…: a model's name has at most {LONGEST} characters")
    if kind == WHISPER:
        return Name(kind, _whisper(name))
    if kind == GGUF:
        return Name(kind, _gguf(name))
    if kind == SHERPA:
        return Name(kind, _sherpa(name))
    if kind == GPT4ALL:
        return Name(kind, _gpt4all(name))
    if kind == TURN:
        if name not in turn_models.KNOWN:
            raise UsageError(f"turn:{unknown_name(name, turn_models.KNOWN)}")
        return Name(kind, name)
    pattern, what = (_SIMPLE, "a voice's name") if kind == PIPER else (_OLLAMA, "an Ollama model")
    if not pattern.fullmatch(name):
        raise UsageError(f"{kind}:{name}: {quoted(name)} cannot be {what} (as {_EXAMPLES})")
    return Name(kind, name)


def _gguf(name: str) -> str:
    pattern = _GGUF if ":" in name or "/" in name else _SIMPLE
    if not pattern.fullmatch(name) or ".." in name:
        raise UsageError(f"gguf:{name}: {quoted(name)} is not OWNER/REPOSITORY:FILE.gguf")
    return name


def _gpt4all(name: str) -> str:
    if not _SIMPLE.fullmatch(name) or "--" in name or ".." in name:
        raise UsageError(f"gpt4all:{name}: {quoted(name)} is no model of GPT4All's catalogue")
    return gpt4all_models.file_of(name)


def _sherpa(name: str) -> str:
    pattern = _REPOSITORY if "/" in name else _SIMPLE
    if not pattern.fullmatch(name) or "--" in name or ".." in name:
        raise UsageError(
            f"sherpa:{name}: {quoted(name)} is neither a model of k2-fsa nor a repository "
            "OWNER/REPO of Hugging Face"
        )
    return sherpa_models.short_name(name)


def _whisper(name: str) -> str:
    repository = name if "/" in name else whisper_sizes.repository(name)
    if repository is None:
        hint = unknown_name(name, whisper_sizes.SIZES)
        raise UsageError(f"whisper:{hint}; or name a repository, as whisper:OWNER/REPO")
    if not _REPOSITORY.fullmatch(repository) or "--" in repository or ".." in repository:
        raise UsageError(
            f"whisper:{name}: {quoted(name)} is not a repository OWNER/REPO of Hugging Face"
        )
    return whisper_sizes.size(repository) or repository
