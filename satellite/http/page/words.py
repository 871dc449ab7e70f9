"""Words of the page, from the language packs; English ones where a pack lacks some."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from satellite.errors import PluginBroken
from satellite.languages.pack import ENGLISH, Pack, find, merge, pack

_LOGGER = logging.getLogger(__name__)

_PART = "page"


def words_for(wanted: str) -> dict[str, Any]:
    """Return the words in the first language of a list that has some.

    `wanted` is a list as in the header Accept-Language, such as `de-CH,de;q=0.9,en;q=0.8`; the
    order counts, and not the weights.
    """
    for part in wanted.split(",")[:10]:
        code = part.partition(";")[0].strip()
        if len(code) < 36 and (found := find(code)) is not None and _part(found):
            return _words(found.code)
    return _words(ENGLISH)


@lru_cache(maxsize=32)
def _words(code: str) -> dict[str, Any]:
    own = pack(code)
    return {"language": own.code, **merge(_part(pack(ENGLISH)), _part(own))}


def _part(found: Pack) -> dict[str, Any]:
    try:
        return found.part(_PART)
    except PluginBroken as error:
        _LOGGER.warning("%s; the page shows English instead", error)
        return {}
