"""Reading the parts of language packs that a turn needs, before the first turn needs them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from satellite.errors import PluginBroken
from satellite.languages.hearing import hearing
from satellite.languages.names import names_of
from satellite.languages.text_rules import text_rules
from satellite.turns.own_sentences import own_sentences

_LOGGER = logging.getLogger(__name__)


def read_packs(languages: Iterable[str]) -> None:
    """Read what turns in some languages need of their packs, which remains in memory.

    This takes tens of milliseconds, by which the answer of the first turn would come later.
    """
    for language in languages:
        try:
            for read in (own_sentences, text_rules, names_of, hearing):
                read(language)
        except PluginBroken as error:  # the turn that needs the part reports it
            _LOGGER.debug("a language pack is read when it is needed: %s", error)
