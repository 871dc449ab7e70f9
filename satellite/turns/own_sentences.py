"""Sentences of the satellite itself in a turn, from the pack of its language."""

from __future__ import annotations

from functools import cache

import msgspec

from satellite.errors import SatelliteError
from satellite.languages.pack import ENGLISH, pack

_PART = "own_sentences"


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


@cache
def own_sentences(language: str | None = None) -> OwnSentences:
    """Return the sentences of a language such as "en-US"; in English if it has none."""
    for found in (pack(language), pack(ENGLISH)):
        if content := found.part(_PART):
            return msgspec.convert({"language": found.code, **content}, OwnSentences)
    raise AssertionError("the English pack has every part")
