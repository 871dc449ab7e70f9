"""Sentences of the satellite itself, in a turn or for a ring, from the pack of its language."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from satellite.errors import PluginBroken, SatelliteError
from satellite.languages.pack import ENGLISH, pack
from satellite.languages.plurals import plurals_of
from satellite.text.fill import fill
from satellite.timers.ringing import RingSentences, RingWords

_LOGGER = logging.getLogger(__name__)

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
    rings: RingSentences
    """Said for what rings late."""

    def apology(self, stage: str, error: SatelliteError | None = None) -> str | None:
        """Return the sentence for a failure of `stage`; None where only a sound is possible."""
        name = self.names.get(stage)
        sentence = self.causes.get(error.code) if error is not None else None
        return fill(sentence, name=name) if sentence and name else self.stages.get(stage)

    def ring_words(self) -> RingWords:
        """Return what says how late a ring is. Raises `PluginBroken`."""
        return RingWords(self.language, self.rings, plurals_of(pack(self.language)))


@cache
def own_sentences(language: str | None = None) -> OwnSentences:
    """Return the sentences of a language such as "en-US"; in English if its pack has none."""
    found = pack(language)
    try:
        if found.part(_PART):
            return read_sentences(found.code, found.part(_PART))
    except PluginBroken as error:  # what failed must be said all the same
        _LOGGER.warning("%s; the satellite's own sentences are said in English", error)
    return read_sentences(ENGLISH, pack(ENGLISH).part(_PART))


def read_sentences(language: str, content: Mapping[str, Any]) -> OwnSentences:
    """Return the sentences of a part's content. Raises `PluginBroken` for an invalid one."""
    try:
        return msgspec.convert({"language": language, **content}, OwnSentences)
    except msgspec.ValidationError as error:
        raise PluginBroken(f"language pack {language}: {_PART}.yaml: {error}") from error
