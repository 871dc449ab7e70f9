"""The common beginning of two decodings is final."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.asr.whisper.agreement import agreed_tokens


def tokens(text: str) -> tuple[int, ...]:
    """Return a token for each byte, as for the rarest words."""
    return tuple(text.encode())


def decode(given_tokens: Sequence[int]) -> str:
    return bytes(given_tokens).decode(errors="replace")


@pytest.mark.parametrize(
    ("before", "now", "sure"),
    [
        (" turn on", " turn on the", " turn"),
        (" turn on the li", " turn on the lamp", " turn on the"),
        (" turn on the", " turn on the", " turn on"),
        (" turn on.", " turn on the lamp", " turn"),
        (" turn on.", " turn on.", " turn"),
        (" burn", " turn", ""),
        ("", " turn on", ""),
        (" turn", " turn", ""),
        (" größe ist", " größe ist gut", " größe"),
        ("打开灯", "打开灯吧", "打开"),
        ("今日は晴れ", "今日は雨", "今日は"),
        (" 불을 켜 줘", " 불을 켜 줘요", " 불을 켜"),
    ],
)
def test_agreement_needs_a_following_word(before: str, now: str, sure: str) -> None:
    assert decode(agreed_tokens(tokens(before), tokens(now), decode)) == sure


@given(st.text(max_size=30), st.text(max_size=30))
def test_agreed_tokens_begin_both_texts_and_are_whole_text(before: str, now: str) -> None:
    before, now = (text.encode(errors="replace").decode() for text in (before, now))
    sure = agreed_tokens(tokens(before), tokens(now), decode)
    assert tokens(before)[: len(sure)] == tokens(now)[: len(sure)] == sure
    assert bytes(sure).decode() == decode(sure), "no sign is cut in two"
