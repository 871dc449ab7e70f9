"""Local agreement: what two decodings in a row say alike is taken to stay.

After Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription System" (2023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


def agreed(
    before: Sequence[int], now: Sequence[int], decode: Callable[[Sequence[int]], str]
) -> tuple[int, ...]:
    """The tokens at the beginning of both that are whole words with another word after them.

    A hypothesis' last word may be half heard, and its last stop only the end of the sound so far;
    so neither is taken.
    """
    same = 0
    for one, other in zip(before, now, strict=False):
        if one != other:
            break
        same += 1
    while same and not (_begins_a_word(before, same, decode) and _begins_a_word(now, same, decode)):
        same -= 1
    return tuple(now[:same])


def _begins_a_word(tokens: Sequence[int], at: int, decode: Callable[[Sequence[int]], str]) -> bool:
    """Whether a word begins at a token that is there. In scripts without spaces signs are words."""
    if at >= len(tokens):
        return False
    head, tail = decode(tokens[:at]), decode(tokens[at:])
    if "\ufffd" in head[-1:] or not tail.strip():
        return False  # in the middle of a sign, or at the end
    return tail[0].isspace() or (_spaceless(head[-1:]) and _spaceless(tail[0]))


def _spaceless(sign: str) -> bool:
    """Whether a sign is of a script that is written without spaces: Thai to CJK and beyond."""
    return "\u0e00" <= sign <= "\u1aff" or "\u2e80" <= sign < "\uac00"
