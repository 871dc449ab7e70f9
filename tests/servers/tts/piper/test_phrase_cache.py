"""Phrases are cached by text and style, up to a limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from servers.tts.piper.phrase_cache import LONGEST, PhraseCache


def test_a_phrase_is_found_only_in_its_style() -> None:
    phrases = PhraseCache(100)
    phrases.put("yes", "loud", b"YES")
    assert phrases.get("yes", "loud") == b"YES"
    assert phrases.get("yes", "quiet") is None


def test_the_least_recently_used_phrase_is_dropped_first() -> None:
    phrases = PhraseCache(10)
    phrases.put("a", 0, b"12345")
    phrases.put("b", 0, b"12345")
    assert phrases.get("a", 0)
    phrases.put("c", 0, b"12345")
    assert phrases.get("b", 0) is None
    assert phrases.get("a", 0)
    assert phrases.bytes == 10


def test_long_texts_and_oversized_sounds_are_not_cached() -> None:
    phrases = PhraseCache(10)
    phrases.put("x" * (LONGEST + 1), 0, b"1")
    phrases.put("y", 0, b"12345678901")
    assert phrases.bytes == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.binary(max_size=8)), max_size=60))
def test_the_cache_never_exceeds_its_limit(puts: list[tuple[str, bytes]]) -> None:
    phrases = PhraseCache(20)
    for text, sound in puts:
        phrases.put(text, 0, sound)
        assert phrases.bytes <= 20
        assert phrases.get(text, 0) == sound
