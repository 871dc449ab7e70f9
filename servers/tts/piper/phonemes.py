"""Division of the phonemes of very long sentences."""

from __future__ import annotations

from collections.abc import Iterator

MOST = 240
"""Phonemes of the longest sentence that is worked on as a whole, about 15 s of speech. The work
grows with the square of them, and letters and digits that are spelled have many: 300 characters had
1,600, and took 10 s before their first sound (two shared cores, a voice of medium quality)."""


def parts_of(phonemes: list[str]) -> Iterator[list[str]]:
    """Yield the phonemes of a sentence, those of a very long one in parts, cut between words."""
    while len(phonemes) > MOST:
        space = next((at for at in range(MOST - 1, 0, -1) if phonemes[at] == " "), MOST - 1)
        yield phonemes[: space + 1]
        phonemes = phonemes[space + 1 :]
    if phonemes:
        yield phonemes
