"""Figures that sound alike, such as 14 and 40, as rivals in a text.

A search seldom has both among its texts: its beams are spent on spellings of the likelier one, such
as "6.50 am" and "6.50am". So the rivals are compared with the text by themselves.
"""

from __future__ import annotations

import re
from itertools import islice

MARGIN = 4.0
"""Most by which the logarithm of a rival's probability may be below that of the text. For teens and
tens of eSpeak's, Flite's and Piper's voices (35 and 25 dB above pink noise), `logprobs` of tiny.en
finds the wrong one likelier by 2 to 7.5, and the right one by 2 to 10, mostly by more than 5."""
MOST = 3
"""Most rivals of a text that are compared; a command has one or two numbers."""

_FIGURES = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_TENS = 10


def rivals(text: str) -> tuple[str, ...]:
    """Return the text with one of its figures replaced by one that sounds like it, for each.

    Fourteen and forty, in both directions, as German, Dutch and Chinese have them, too.
    """
    texts = (
        f"{text[: place.start()]}{other}{text[place.end() :]}"
        for place in _FIGURES.finditer(text)
        if (other := rival(int(place[0]))) is not None
    )
    return tuple(islice(texts, MOST))


def rival(number: int) -> int | None:
    """Return the ten that sounds like a teen, or the teen that sounds like a ten."""
    tens, ones = divmod(number, _TENS)
    if tens == 1 and ones > 2:
        return ones * _TENS
    if tens > 2 and not ones:
        return _TENS + tens
    return None
