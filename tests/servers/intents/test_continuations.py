"""Where words after an end are lost, only requests that hardly anybody goes on with are whole."""

from __future__ import annotations

from functools import lru_cache

import pytest

from satellite.languages.names import names_of
from satellite.values import Extent, ReplyRequest, Situation
from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS
from servers.llm.intents import Intents
from tests.bench.first_word_texts import BROKEN, WHOLE


@lru_cache(3)
def sentences(language: str) -> Sentences:
    return load(language, understood=SKILLS)


def extent(text: str, language: str = "en", irrevocable: bool = True) -> Extent:
    words = names_of(language)
    return sentences(language).extent(text, words.names, words.areas, irrevocable=irrevocable)


@pytest.mark.parametrize(
    "text",
    [
        "What time is it?",
        "Set a timer for twenty minutes.",
        "Set a timer for an hour and ten minutes.",
        "Set a timer for 90 seconds.",
        "Turn the volume up.",
        "Cancel the timer.",
        "Is the living room lamp on?",
    ],
)
def test_a_request_that_people_make_in_one_breath_is_whole(text: str) -> None:
    assert extent(text) is Extent.WHOLE


@pytest.mark.parametrize(
    "text",
    [
        "Set a timer for five minutes.",
        "Set a timer for an hour.",
        "Turn on the lamp.",
        "Turn off the kitchen light.",
        "Turn off all the lights.",
        "Set an alarm for seven.",
        "How much time is left?",
    ],
)
def test_a_request_that_people_add_something_to_is_open(text: str) -> None:
    assert extent(text) is Extent.OPEN


@pytest.mark.parametrize("irrevocable", [False, True])
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Set a timer.", "en"),
        ("Set a pizza timer.", "en"),
        ("Wake me up tomorrow.", "en"),
        ("Stell einen Timer.", "de"),
        ("设一个闹钟", "zh"),
    ],
)
def test_a_request_without_its_time_has_only_begun(
    text: str, language: str, irrevocable: bool
) -> None:
    assert extent(text, language, irrevocable) is Extent.BEGUN


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Wie spät ist es?", "de", Extent.WHOLE),
        ("Stell einen Timer auf zwanzig Minuten.", "de", Extent.WHOLE),
        ("Stell einen Timer auf fünf Minuten.", "de", Extent.OPEN),
        ("Mach das Licht in der Küche aus.", "de", Extent.OPEN),
    ],
)
def test_another_language_has_the_same_rules(text: str, language: str, expected: Extent) -> None:
    assert extent(text, language) is expected


def test_no_first_part_of_a_request_is_whole() -> None:
    """Of those of the bench, whose pauses are before what is usually added."""
    parts = {first for first, _second in BROKEN}
    assert [part for part in parts if extent(part) is Extent.WHOLE] == []


def test_most_requests_are_whole() -> None:
    texts = WHOLE[::2]
    whole = [text for text in texts if extent(text) is Extent.WHOLE]
    assert len(whole) > 0.5 * len(texts)


def test_where_a_wrong_end_is_joined_the_sentences_alone_decide() -> None:
    assert extent("Turn off the kitchen light.", irrevocable=False) is Extent.WHOLE
    assert extent("What time is it?", irrevocable=False) is Extent.OPEN


async def test_the_brain_judges_as_the_request_says() -> None:
    brain = Intents(Intents.Options())
    words = names_of("en")
    situation = Situation(satellite="s", names=words.names, areas=words.areas)
    found = [
        each
        for irrevocable in (False, True)
        async for each in brain.judge(
            ReplyRequest(text="What time is it?", situation=situation, irrevocable=irrevocable)
        )
    ]
    await brain.close()
    assert found == [Extent.OPEN, Extent.WHOLE]
