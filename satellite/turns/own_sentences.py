"""Sentences of the satellite itself in a turn, from the YAML file of its language."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec

from satellite.errors import SatelliteError

_LANGUAGE = "en"
"""The language where the satellite's own has no file."""


class OwnSentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sentences of one language."""

    language: str
    one_moment: str
    """Said once in a turn that takes long."""
    no_answer: str
    """Said for an empty answer."""
    nothing_to_say: str
    """Said for an answer in which nothing can be spoken."""
    causes: dict[str, str]
    """Apologies by the code of an error."""
    stages: dict[str, str]
    """Apologies by stage, for errors without one of their own."""
    names: dict[str, str]
    """What failed, by stage."""

    def apology(self, stage: str, error: SatelliteError | None = None) -> str | None:
        """Return the sentence for a failure of `stage`; None where only a sound is possible."""
        name = self.names.get(stage)
        sentence = self.causes.get(error.code) if error is not None else None
        return sentence.format(name=name) if sentence and name else self.stages.get(stage)


def own_sentences(language: str | None = None) -> OwnSentences:
    """Return the sentences of a language such as "en-US"; in English if it has none."""
    base = (language or _LANGUAGE).replace("_", "-").split("-")[0].lower()
    return _read(base if base.isalpha() and _file(base).is_file() else _LANGUAGE)


def _file(language: str) -> Any:
    return resources.files("satellite.turns") / f"{language}.yaml"


@cache
def _read(language: str) -> OwnSentences:
    import yaml  # 15 ms, only when something is said

    content: Any = yaml.load(_file(language).read_text(encoding="utf-8"), yaml.CSafeLoader)
    return msgspec.convert(content, OwnSentences)
