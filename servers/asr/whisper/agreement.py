"""Local agreement: the text that two decodings in a row have in common is final.

After Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription System" (2023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from servers.asr.scripts import is_spaceless


def agreed_tokens(
    before: Sequence[int], now: Sequence[int], decode: Callable[[Sequence[int]], str]
) -> tuple[int, ...]:
    """Return the common first tokens that are whole words followed by another word.

    The last word of a hypothesis may be half recognized, and its last full stop may only mark the
    end of the sound so far, so neither is accepted.
    """
    same = 0
    for left, right in zip(before, now, strict=False):
        if left != right:
            break
        same += 1
    while same and not (_begins_a_word(before, same, decode) and _begins_a_word(now, same, decode)):
        same -= 1
    return tuple(now[:same])


def _begins_a_word(tokens: Sequence[int], at: int, decode: Callable[[Sequence[int]], str]) -> bool:
    """Return whether a word begins at a token. In scripts without spaces, characters are words."""
    if at >= len(tokens):
        return False
    head, tail = decode(tokens[:at]), decode(tokens[at:])
    if "\ufffd" in head[-1:] or not tail.strip():
        return False  # within a character, or at the end
    return tail[0].isspace() or (is_spaceless(head[-1:]) and is_spaceless(tail[0]))
