"""The parts `hearing` and `script` of a language pack: what a recognizer has to know."""

from __future__ import annotations

import logging
from functools import cache

import msgspec

from satellite.errors import PluginBroken
from satellite.languages import pack

_LOGGER = logging.getLogger(__name__)

_PART = "hearing"
_SCRIPT = "script"


class Hearing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `hearing.yaml`."""

    prompt: str = ""
    """A text in the language's script, in front of what a recognizer writes: it continues in that
    script and style. It is nothing that a person says to a satellite."""
    phantoms: tuple[str, ...] = ()
    """Phrases that recognizers write where nothing was said: the ends of subtitles and videos that
    they were trained on. No request consists of one."""
    polite_phantoms: tuple[str, ...] = ()
    """Phrases that recognizers write where nothing was said, and that people do say."""
    name_endings: int = 0
    """Most letters at the end of a name that its grammatical cases change: a name that was heard in
    another case is no misheard one."""
    stop_words: tuple[str, ...] = ()
    """Words that end a reply or a ring, without a wake word."""
    not_stop_words: tuple[str, ...] = ()
    """Words that are often said alone, or sound like a stop word. A recognizer of the stop words
    alone recognizes these, too, and does not mistake them for one."""


class Characters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Characters of another script, `instead`, and what to `write` for each, in the same order."""

    instead: str = ""
    write: str = ""


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `script.yaml`, which few packs have: recognizers mix scripts of a language."""

    characters: Characters = Characters()


class Phantoms(msgspec.Struct, frozen=True):
    """The hallucinated phrases of all languages, whatever the language of a request."""

    never_said: frozenset[str]
    also_said: frozenset[str]


def hearing(language: str | None) -> Hearing:
    """Return the part of a language's pack, empty without a pack. Raises `PluginBroken`."""
    found = pack.find(language) if language else None
    return found.read(_PART, Hearing) if found is not None else Hearing()


def written(language: str | None, text: str) -> str:
    """Return a recognized text in the script of a language's pack, character by character.

    Raises `PluginBroken`.
    """
    return text.translate(script_of(language)) if language else text


def script_of(language: str) -> dict[int, int]:
    """Return the table for `str.translate` of a language's `script.yaml`, empty without one.

    Raises `PluginBroken`.
    """
    found = pack.find(language)
    return _characters(found) if found is not None else {}


@cache
def _characters(found: pack.Pack) -> dict[int, int]:
    characters = found.read(_SCRIPT, Script).characters
    # spaces come from the ends of lines
    instead, write = "".join(characters.instead.split()), "".join(characters.write.split())
    if len(instead) != len(write):
        raise PluginBroken(
            f"language pack {found.code}: {_SCRIPT}.yaml: instead has {len(instead)} characters, "
            f"and write {len(write)}"
        )
    return str.maketrans(instead, write)


@cache
def phantoms() -> Phantoms:
    """Return the phrases of all packs. A pack that cannot be read is logged and left out.

    Reads all packs, a millisecond or two each, when it is first called.
    """
    never: set[str] = set()
    polite: set[str] = set()
    for code in pack.installed():
        try:
            found = hearing(code)
        except PluginBroken as error:
            _LOGGER.warning("Phrases of a language are unknown: %s", error)
            continue
        never.update(found.phantoms)
        polite.update(found.polite_phantoms)
    return Phantoms(frozenset(never), frozenset(polite))
