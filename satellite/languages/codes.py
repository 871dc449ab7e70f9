"""Codes of languages as systems write them, and which of them are of the same language."""

from __future__ import annotations

import re
from collections.abc import Collection

OTHER_CODES = {
    # older and newer codes of ISO 639-1
    "in": ("id",),
    "iw": ("he",),
    "ji": ("yi",),
    "jv": ("jw",),
    "jw": ("jv",),
    "mo": ("ro",),
    # written forms of one language
    "nb": ("no",),
    "nn": ("no",),
    "no": ("nb",),
    # a language within a group, and the group, for which the registry of BCP 47 has one code
    "fil": ("tl",),
    "tl": ("fil",),
    "cmn": ("zh",),
    "yue": ("zh",),
    "arb": ("ar",),
    "azj": ("az",),
    "ekk": ("et",),
    "khk": ("mn",),
    "lvs": ("lv",),
    "npi": ("ne",),
    "ory": ("or",),
    "pes": ("fa",),
    "plt": ("mg",),
    "prs": ("fa",),
    "als": ("sq",),
    "swh": ("sw",),
    "uzn": ("uz",),
    "ydd": ("yi",),
    "zsm": ("ms",),
    "sh": ("sr", "hr", "bs"),
    "hbs": ("sr", "hr", "bs"),
    "scc": ("sr",),
    "scr": ("hr",),
    # spoken forms of a language, which is the nearest that recognizers know
    "gsw": ("de",),
    "ary": ("ar",),
    "arz": ("ar",),
    "apc": ("ar",),
}
"""By a code of BCP 47, the codes that other systems use for the language, the best first."""

WRITTEN_IN = {"zh-hant": "zh-tw", "zh-hk": "zh-tw", "zh-mo": "zh-tw", "yue": "zh-tw"}
"""By a code in small letters, the region whose written language it shares."""

_THREE = (
    "afr af|amh am|ara ar|asm as|aze az|bak ba|bel be|bul bg|ben bn|bod bo|tib bo|bre br|bos bs|"
    "cat ca|ces cs|cze cs|cym cy|wel cy|dan da|deu de|ger de|ell el|gre el|eng en|spa es|est et|"
    "eus eu|baq eu|fas fa|per fa|fin fi|fao fo|fra fr|fre fr|glg gl|guj gu|hau ha|heb he|hin hi|"
    "hrv hr|hat ht|hun hu|hye hy|arm hy|ind id|isl is|ice is|ita it|jpn ja|jav jw|kat ka|geo ka|"
    "kaz kk|khm km|kan kn|kor ko|lat la|ltz lb|lin ln|lao lo|lit lt|lav lv|mlg mg|mri mi|mao mi|"
    "mkd mk|mac mk|mal ml|mon mn|mar mr|msa ms|may ms|mlt mt|mya my|bur my|nep ne|nld nl|dut nl|"
    "nno nn|nob no|nor no|oci oc|pan pa|pol pl|pus ps|por pt|ron ro|rum ro|rus ru|san sa|snd sd|"
    "sin si|slk sk|slo sk|slv sl|sna sn|som so|sqi sq|alb sq|srp sr|sun su|swe sv|swa sw|tam ta|"
    "tel te|tgk tg|tha th|tuk tk|tgl tl|tur tr|tat tt|ukr uk|urd ur|uzb uz|vie vi|yid yi|yor yo|"
    "zho zh|chi zh"
)
THREE_LETTERS = dict(pair.split() for pair in _THREE.split("|"))
"""By a code of ISO 639-2 or 639-3, that of ISO 639-1, for the languages of Whisper."""


_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


def well_formed(code: str) -> bool:
    """Return whether a text may be a code of a language, whether or not anything knows it."""
    return _CODE.fullmatch(plain(code)) is not None


def find(requested: str, known: Collection[str]) -> str | None:
    """Return the known code for a language such as `de`, `pt-BR` or `zh-Hant-TW`; None without one.

    Takes codes of ISO 639 and BCP 47, with script and region, and of POSIX, such as `de_DE.UTF-8`.
    """
    parts = plain(requested).split("-")
    # in zh-yue, the second part is the language, and the first its group
    extended = [part for part in parts[1:2] if len(part) == 3 and part.isalpha()]
    for code in (*extended, parts[0]):
        short = THREE_LETTERS.get(code, code)
        for candidate in (code, short, *OTHER_CODES.get(code, ()), *OTHER_CODES.get(short, ())):
            if candidate in known:
                return candidate
    return None


def same(code: str, other: str) -> bool:
    """Return whether two codes are of the same language, whatever their regions."""
    first, second = plain(code).partition("-")[0], plain(other).partition("-")[0]
    return first == second or bool(find(code, (second,)) or find(other, (first,)))


def group(code: str) -> str:
    """Return a code without script and region: `pt` for `pt_BR`, `de` for `deu`."""
    short = plain(code).partition("-")[0]
    return THREE_LETTERS.get(short, short)


def plain(code: str) -> str:
    """Return a code in small letters, with hyphens, and without an encoding: `de-de`."""
    code = code.strip().partition(".")[0].partition("@")[0]
    return code.replace("_", "-").lower()
