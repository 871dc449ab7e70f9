"""Comparison of machines' names as people see them: what looks like a name counts as that name.

Adverts may hold any Unicode. A name that differs from that of a paired machine only by its case,
its punctuation, invisible characters or letters of another alphabet is meant to be taken for it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_ALIKE = str.maketrans(
    # Cyrillic, Greek, Armenian, Latin extensions and digits that look like Latin letters: the
    # single letters of confusables.txt of Unicode Technical Standard 39
    "АВЕЗКМНОРСТУХЅІЈԌҮՏΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
    "аеіјкорсухѕһӏԁԛԝѵгдьαιικνορτυχγηωβօսհոցզѡ"
    "ıɑɡʟɩꞁɪʏʀɴʜʙᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ"
    "01|",
    "ABE3KMHOPCTYXSIJGYSABEZHIKMNOPTYX"
    "aeijkopcyxshldqwvrdbaiikvoptuxynwbouhngqw"
    "iagliliyrnhbacdejkmoptuvwz"
    "oll",
)
_SEPARATORS = re.compile(r"[^\w-]+|_+|-+(?=(?:asr|llm|tts|wake|satellite)\b)|-+(?!\w)|(?<!\w)-+")
"""What ends a word of a name: all but letters, digits and the hyphens inside of a word; a hyphen
before a role, too."""


def looks_like(instance: str, machine: str) -> bool:
    """Return whether an announced name is, or begins with, the name of a machine."""
    return any(_begins(form(instance), form(machine)) for form in (_spelled, _seen))


def imitated(instance: str, machines: Iterable[str]) -> str | None:
    """Return the machine whose name an announced name is taken for: the longest that fits."""
    alike = [machine for machine in machines if looks_like(instance, machine)]
    return max(alike, key=len, default=None)


def _begins(text: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return bool(words) and text[: len(words)] == words


def _spelled(name: str) -> tuple[str, ...]:
    """Return the words of a name, whatever their case."""
    return _words(unicodedata.normalize("NFKD", name.casefold()).casefold())


def _seen(name: str) -> tuple[str, ...]:
    """Return the words of a name as people see them, in a form for comparison only."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc"))
    words = _words(plain.translate(_ALIKE).casefold().translate(_ALIKE))
    return tuple(word.replace("i", "l") for word in words)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in _SEPARATORS.split(text) if word)
