"""Pronunciations in the phonemes of PocketSphinx's US English model (ARPAbet).

They come from the CMU dictionary of the pocketsphinx wheel and, for words that it lacks, such as
the name of a lamp, from eSpeak NG.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from satellite.errors import EngineError, PackageMissing
from satellite.text.quoted import quoted
from servers.espeak.library import library

_LOGGER = logging.getLogger(__name__)

PHONEMES = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH"),
    *("IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH"),
    *("UW", "V", "W", "Y", "Z", "ZH"),
)
"""Every phoneme of the model's `mdef`, noises aside."""

VOWELS = frozenset(name for name in PHONEMES if name[0] in "AEIOU")

_VARIANT = re.compile(rb"\(\d+\)$")

_FROM_ESPEAK = {
    **{name: name.upper() for name in ("p", "b", "t", "d", "k", "g", "f", "v", "s", "z")},
    **{name: name.upper() for name in ("m", "n", "l", "r", "w")},
    "S": "SH",
    "Z": "ZH",
    "T": "TH",
    "D": "DH",
    "N": "NG",
    "tS": "CH",
    "dZ": "JH",
    "h": "HH",
    "j": "Y",
    "x": "K",
    "?": "T",
    "t#": "T",
    "r-": "R",
    "n-": "AH N",
    "@L": "AH L",
    "a": "AE",
    "aa": "AE",
    "a#": "AH",
    "A:": "AA",
    "A@": "AA R",
    "A": "AA",
    "0": "AA",
    "0#": "AA",
    "O:": "AO",
    "O": "AO",
    "O@": "AO R",
    "o@": "AO R",
    "V": "AH",
    "@": "AH",
    "3": "ER",
    "3:": "ER",
    "@2": "AH",
    "@5": "AH",
    "E": "EH",
    "E#": "EH",
    "E2": "EH",
    "e@": "EH R",
    "I": "IH",
    "I2": "IH",
    "I#": "IH",
    "i": "IY",
    "i:": "IY",
    "i@": "IY AH",
    "i@3": "IH R",
    "U": "UH",
    "U@": "UH R",
    "u:": "UW",
    "u": "UW",
    "aI": "AY",
    "aI3": "AY ER",
    "aI@": "AY AH",
    "aU": "AW",
    "eI": "EY",
    "OI": "OY",
    "oU": "OW",
    "aU@": "AW ER",
    ";": "Y",
    "-": "",
    "": "",
    ":": "",
}
"""eSpeak NG's names of English phonemes (its file `docs/phonemes.md`) in ARPAbet."""


def pronounce(words: Iterable[str], dictionary: Path, voice: str) -> dict[str, list[str]]:
    """Return the pronunciations of each word: phonemes separated by spaces.

    `dictionary` is the file of the CMU dictionary (a word and its phonemes on each line, variants
    as `word(2)`); `voice` is the eSpeak NG voice for words that it lacks. A word unknown to both is
    left out, with a warning that names it. Blocks.
    """
    wanted = set(words)
    found = _look_up(wanted, dictionary)
    for word in sorted(wanted - set(found)):
        if phonemes := _from_espeak(word, voice):
            found[word] = [phonemes]
            _LOGGER.debug("Pronouncing %s as %s", quoted(word), phonemes)
        else:
            _LOGGER.warning(
                "no pronunciation for %s: sentences with it will not be recognized", quoted(word)
            )
    return found


def _look_up(wanted: set[str], dictionary: Path) -> dict[str, list[str]]:
    """Read only the wanted lines: the whole dictionary would cost 20 MB as Python objects."""
    keys = {word.encode() for word in wanted}
    found: dict[str, list[str]] = {}
    with dictionary.open("rb") as lines:
        for line in lines:
            key = line[: line.find(b" ")]
            if key.endswith(b")"):
                key = _VARIANT.sub(b"", key)
            if key in keys:
                found.setdefault(key.decode(), []).append(line.decode().split(" ", 1)[1].strip())
    return found


def _from_espeak(word: str, voice: str) -> str:
    """Return eSpeak NG's pronunciation of a word; empty for an unknown one."""
    if not all(letter.isdecimal() or _is_latin(letter) for letter in word if letter != "'"):
        return ""  # eSpeak would pronounce the name of the script: "Chinese letter"
    try:
        source = library()
        names = source.phonemes(word, source.voices.find(voice))
    except (EngineError, PackageMissing) as error:
        _LOGGER.warning("eSpeak NG: cannot pronounce %s: %s", quoted(word), error)
        return ""
    names = [name.lstrip("',%=") for name in names]
    if unknown := [name for name in names if name not in _FROM_ESPEAK]:
        _LOGGER.debug("No phonemes for %s in %s", ", ".join(unknown), quoted(word))
        return ""
    return " ".join(filter(None, (_FROM_ESPEAK[name] for name in names)))


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN ")
