"""How far a text is a sentence: whole, whole but open, or only begun."""

from __future__ import annotations

from functools import lru_cache

import pytest

from satellite.languages.pack import find
from satellite.values import Extent
from servers.intents import sentence_files
from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS

NAMES = ("living room lamp", "lamp", "fan")
AREAS = ("Kitchen", "Living Room")

SAMPLES = 20
"""Texts of each language, which bounds the time."""


@lru_cache(2)
def sentences(language: str) -> Sentences:
    return load(language, understood=SKILLS)


def extent(text: str, language: str = "en") -> Extent:
    return sentences(language).extent(text, NAMES, AREAS)


@pytest.mark.parametrize(
    "text",
    [
        "Add milk to the shopping list.",
        "Set the volume to 50%",
        "Good night",
        "What's the date today?",
        "Set the lamp to red.",
    ],
)
def test_nothing_could_follow_a_whole_sentence(text: str) -> None:
    assert extent(text) is Extent.WHOLE


@pytest.mark.parametrize(
    "text",
    [
        "Turn on the lamp.",
        "Set a timer for 5 minutes.",
        "Please set a timer for five minutes",
        "What time is it?",
        "Set the volume to 20",
        "Broadcast dinner is ready",
    ],
)
def test_a_whole_sentence_is_open_where_it_could_go_on(text: str) -> None:
    assert extent(text) is Extent.OPEN


@pytest.mark.parametrize(
    "text",
    [
        "Turn on the",
        "Turn on the living",
        "Can you turn on the",
        "Turn on the lamp in the",
        "Set a timer for",
        "Set a timer for 5.",
        "Set a timer for twenty",
        "Remind me to...",
        "Add milk to",
        "What is two plus?",
        "What's the weather in",
    ],
)
def test_a_beginning_is_known(text: str) -> None:
    assert extent(text) is Extent.BEGUN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "What is the capital of France?",
        "Who wrote Hamlet?",
        "Tell me a joke",
        "Why is the sky blue?",
        "I think that",
        "Play some jazz",
        "Remind me to call mom",
        "Turn on the livin",
        "x " * 400,
    ],
)
def test_other_texts_are_unknown(text: str) -> None:
    """Texts that end with a value of any text are among them: where that ends is unknown."""
    assert extent(text) is Extent.UNKNOWN


@pytest.mark.parametrize("language", sorted(sentence_files.languages()))
def test_what_people_say_is_whole_in_every_language(language: str) -> None:
    """A whole request that would be taken for a beginning would be waited for in vain."""
    known = [text for text in whole_texts(language)[:SAMPLES] if understood(text, language)]
    found = {text: extent(text, language) for text in known}
    assert [text for text, each in found.items() if each is Extent.BEGUN] == []
    ended = [text for text, each in found.items() if each is not Extent.UNKNOWN]
    assert len(ended) >= 0.7 * len(found), [text for text in found if text not in ended]


@pytest.mark.parametrize("language", sorted(sentence_files.languages()))
def test_what_people_have_begun_to_say_is_waited_for_in_every_language(language: str) -> None:
    texts = [text for text in whole_texts(language)[:SAMPLES] if understood(text, language)]
    begun = [text for whole in texts if (text := without_last_word(whole, language))]
    open_ = [text for text in begun if not understood(text, language)]
    found = [text for text in open_ if extent(text, language) is Extent.BEGUN]
    assert len(found) >= 0.6 * len(open_), [text for text in open_ if text not in found]


def whole_texts(language: str) -> list[str]:
    found = find(language)
    sources = found.sources("tests") if found is not None else []
    tests = [test for source in sources for test in source.content.get("tests") or ()]
    return [test["text"] for test in tests if test.get("intent")]


def understood(text: str, language: str) -> bool:
    return sentences(language).match(text, NAMES, AREAS) is not None


def without_last_word(text: str, language: str) -> str:
    joined = sentences(language).intents.settings.ignore_whitespace
    return text.rstrip(".?!。？！")[:-2] if joined else text.rpartition(" ")[0]
